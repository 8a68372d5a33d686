/* lease - one holder, one observer, and time: the fact cluster.pml rests on.
 *
 * A slot is pronounced dead only when its node's work is dead, for good in
 * that generation; and a node that is silent for good is pronounced dead.
 *
 * Time goes by in ticks.  Clocks run up to DRIFT ticks fast or slow over a
 * lease, anew each time.  A write lands at any tick after it began, or never,
 * and returns at any tick after it landed; a read takes any time, and shows
 * what was there at some moment between its beginning and its return.  The
 * node may stop, its clocks going on, and go on later.
 */
#define LEASE 3
#define DRIFT 1
#ifdef NO_DRIFT
#define WAIT (LEASE)
#elif defined(ON_SILENCE)
#define WAIT 2 /* some renewals missed */
#else
#define WAIT (LEASE + 2 * DRIFT)
#endif
#define LAST 3 /* sequence */
#define LONG (LEASE + 3 * DRIFT + 1)
#define NOBODY 255

/* The slot. */
byte visible;

/* The holder: what remains of its lease, its work; the write under way, ticks
 * since it began. */
byte left = LEASE, sequence, writing, written, since;
bool works = true, paused, stopped;

/* The observer: the sequence it saw last, what remains of its wait, the read
 * under way and ticks since it began. */
byte seen = NOBODY, wait, reading, sample, ago;
bool dead, after;

inline kill()
{
	works = false;
	stopped = true
}

active proctype holder()
{
	byte drift;
end:
	do
	/* Renews: stamps, then writes.  Never two writes at once. */
	:: atomic {
		!paused && !stopped && writing == 0 && sequence < LAST ->
		sequence++;
		writing = sequence;
		written = 0;
		since = 0
	}
	/* The write lands, or, with the holder gone, lands late. */
	:: atomic {
		writing != 0 && written == 0 ->
		written = 1;
		visible = writing
	}
	/* It returns: the lease runs from the stamp.  After the deadline it
	 * is void. */
	:: atomic {
		!paused && written == 1 ->
		select(drift : 0 .. 2 * DRIFT);
		d_step {
			if
#ifdef RESUMES
			:: true ->
				works = true;
				stopped = false;
#else
			:: left > 0 && !stopped ->
#endif
#ifdef STAMP_AFTER
				left = LEASE - DRIFT + drift
#else
				left = LEASE - DRIFT + drift;
				left = (left > since -> left - since : 0)
#endif
			:: else
			fi;
			if
			:: left == 0 -> kill()
			:: else
			fi;
			writing = 0;
			written = 0;
			since = 0;
			drift = 0
		}
	}
	/* Stops for a while.  What it does first then is to look at its
	 * clocks. */
	:: atomic { !paused && !stopped -> paused = true }
	:: atomic {
		paused ->
		d_step {
#ifndef ACTS_FIRST
			if
			:: left == 0 -> kill()
			:: else
			fi;
#endif
			paused = false
		}
	}
	od
}

/* At the deadline the work is dead: the guardian and the supervisor see to
 * it by clocks of their own, whatever else hangs. */
active proctype time()
{
	do
	:: d_step {
		left = (left > 0 -> left - 1 : 0);
		since = (writing != 0 && since < LONG -> since + 1 : since);
		wait = (wait > 0 -> wait - 1 : 0);
		ago = (reading == 1 && ago < LONG -> ago + 1 : ago);
		if
		:: left == 0 && !paused && works -> kill()
		:: else
		fi
	}
	od
}

active proctype observer()
{
	byte drift;
end:
	do
	:: atomic {
		!dead && reading == 0 ->
		reading = 1;
		sample = NOBODY;
		ago = 0;
		after = seen != NOBODY && wait == 0
	}
	:: atomic { reading == 1 && sample == NOBODY -> sample = visible }
	/* A read returns: stamps after it when it shows a change; pronounces
	 * dead when it began after the wait and shows the same. */
	:: atomic {
		reading == 1 && sample != NOBODY ->
		select(drift : 0 .. 2 * DRIFT);
		d_step {
			if
			:: sample != seen ->
				seen = sample;
				wait = WAIT - DRIFT + drift;
#ifdef STAMP_BEFORE_READ
				wait = (wait > ago -> wait - ago : 0)
#endif
			:: sample == seen && after -> dead = true
			:: else
			fi;
			reading = 0;
			sample = 0;
			ago = 0;
			after = false;
			drift = 0
		}
	}
#ifdef NO_LAST_READ
	:: atomic { !dead && seen != NOBODY && wait == 0 -> dead = true }
#endif
	od
}

active proctype judge()
{
end:
	atomic { dead && works && !paused -> assert(false /* alive */) }
}
