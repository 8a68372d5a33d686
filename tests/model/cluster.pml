/* cluster - epochs, slots, the barrier, journals and ownership of one unit.
 *
 * README tells what is abstracted, why that is sound, and what is left out.
 * In short: no clock, but the one fact clocks are for (a slot is pronounced
 * dead only after its node's deadline, which lease.pml proves); a journal is
 * the highest record up to each of its two ends; each atomic step touches
 * shared storage once.
 *
 * Given with -D: N nodes, FAULTS, EVENTS and their KINDS, LED, and at most one
 * of the rules left out, which run.sh lists.
 */
#ifndef N
#define N 2
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef EVENTS
#define EVENTS 1
#endif
#ifndef KINDS
#define KINDS 15
#endif
#define ENDS 1
#define MOVES 2
#define STOPS 4
#define CLAIMS 8
#define MAY(kind) (events > 0 && (KINDS & (kind)) != 0)
#define ALL ((1 << N) - 1)
#define BIT(m) (1 << (m))
#define LAST_GENERATION 3
#define LAST_NUMBER 7
#define LAST_EPOCH 15
#define LAST_COUNTER 7

/* A record: token (epoch, counter), step, named node, its generation; the
 * higher number wins. */
#define ASSIGNED 0
#define HELD 1
#define RELEASED 2
#define READY 3
#define TOKEN(e, c) ((e) << 3 | (c))
#define RECORD(t, s, m, g) ((t) << 6 | (s) << 4 | (m) << 2 | (g))
#define R_EPOCH(r) ((r) >> 9)
#define R_TOKEN(r) ((r) >> 6)
#define R_STEP(r) ((r) >> 4 & 3)
#define R_NODE(r) ((r) >> 2 & 3)
#define R_GENERATION(r) ((r)&3)

/* What one slot write carries; the higher number wins between two blocks.
 * The journal end is told by the highest record before it. */
#define FOLLOWS 0
#define LEADS 1 /* or claims to */
#define GONE 2	/* released: the old work is proven dead */
#define SLOT(num, g, e, f, r) \
	((num) << 21 | (g) << 19 | (e) << 15 | (f) << 13 | (r))
#define S_NUMBER(s) ((s) >> 21)
#define S_GENERATION(s) ((s) >> 19 & 3)
#define S_EPOCH(s) ((s) >> 15 & 15)
#define S_FLAG(s) ((s) >> 13 & 3)
#define S_RECORD(s) ((s)&8191)

/* Shared storage: two blocks a slot.  A start of the lease role writes both,
 * its own first; then its own alone, unless it finds the other one damaged by
 * a predecessor. */
int block[2 * N];
#ifdef ONE_BLOCK
#define OWN(n, num) (2 * (n))
#define OTHER(n, num) (2 * (n))
#else
#define OWN(n, num) (2 * (n) + ((num)&1))
#define OTHER(n, num) (2 * (n) + 1 - ((num)&1))
#endif
#define B_NUMBER(b) S_NUMBER(block[b])
#define VISIBLE(n) \
	block[(B_NUMBER(2 * (n)) == B_NUMBER(2 * (n) + 1) \
		-> OWN(n, B_NUMBER(2 * (n))) \
		: 2 * (n) + (B_NUMBER(2 * (n)) < B_NUMBER(2 * (n) + 1)))]
/* For each node and generation: what its journal surely holds, what is under
 * way and may land now, later or never, and what was under way when its
 * writer gave it up. */
short landed[4 * N], under_way[4 * N], given_up[4 * N];
#define J(n, g) (4 * (n) + (g))

/* Where a node's lease stands: what clocks would tell. */
#define NEVER 0
#define PENDING 1
#define VALID 2
#define OVER 3
byte lease[N], generation[N];

/* The work, and what the outside world was told. */
bool runs[N], down[N];
byte last_token; /* the highest any work was started with */
bool told;	 /* somebody was told that the job is ready */

byte faults = FAULTS, events = EVENTS;

/* For who reads a trail (spin -t). */
#define SAY_SLOT(what, n, s) \
	printf("%d ", n); \
	printf(what); \
	printf(" number %d, generation %d, epoch %d, ", S_NUMBER(s), \
	       S_GENERATION(s), S_EPOCH(s)); \
	printf("flag %d, end %d.%d\n", S_FLAG(s), R_TOKEN(S_RECORD(s)), \
	       R_STEP(S_RECORD(s)))
#define SAY_RECORD(what, n, r) \
	printf("%d ", n); \
	printf(what); \
	printf(" token %d step %d for node %d generation %d\n", R_TOKEN(r), \
	       R_STEP(r), R_NODE(r), R_GENERATION(r))

/* Of use within a step alone; a breadth-first search wants them plain. */
#ifndef SCRATCH
#define SCRATCH hidden
#endif
SCRATCH byte i, j;
SCRATCH int seen;

#define OFF 0
#define SHOWING 1 /* its first slot write is under way */
#define READING 2 /* the others' slots */
#define JOINED 3
#define FOLLOWER 0
#define CLAIMING 1 /* the claim is under way */
#define CLAIMED 2  /* the claim is shown: the barrier */
#define LEADER 3

/* What observer n holds of m's slot. */
#define IS_DEAD(m) ((dead & BIT(m)) != 0)
#define IS_GONE(m) (S_FLAG(slot[m]) == GONE)
#define ENDED(m) \
	((m) == n -> generation[n] - 1 : \
	 (slot[m] == 0 -> 0 : \
	  (IS_DEAD(m) || IS_GONE(m) -> S_GENERATION(slot[m]) : \
				      S_GENERATION(slot[m]) - 1)))
#ifdef STALE_SEIZE
#define UNREAD(m) (0)
#else
#define UNREAD(m) (ENDED(m) > 0 && (tails & BIT(m)) == 0)
#endif
#ifdef NO_BARRIER
#define PASSES(m) (1)
#else
#define PASSES(m) \
	((m) == n || slot[m] == 0 || IS_DEAD(m) || IS_GONE(m) || \
	 S_EPOCH(slot[m]) == epoch)
#endif
#define MINE(r) \
	((r) != 0 && R_NODE(r) == n && NAMES_GENERATION(r))
#ifdef NO_GENERATION
#define NAMES_GENERATION(r) (1)
#else
#define NAMES_GENERATION(r) (R_GENERATION(r) == generation[n])
#endif
#define FLIGHT under_way[J(n, generation[n])]
#define LIVE (lease[n] == VALID && state == JOINED)
#ifdef NO_RECHECK
#define ACTS (lease[n] >= VALID && state == JOINED)
#else
#define ACTS LIVE
#endif

#if N > 2
#define EVERY(p) (p(0) && p(1) && p(2))
#define ANY(p) (p(0) || p(1) || p(2))
#define EACH(option) option(0) option(1) option(2)
#else
#define EVERY(p) (p(0) && p(1))
#define ANY(p) (p(0) || p(1))
#define EACH(option) option(0) option(1)
#endif
#define IDLE(m) (!runs[m])
#define NOBODY_RUNS EVERY(IDLE)

/* An epoch is seen, in a slot or in a journal. */
inline raise(e)
{
	if
	:: (e) > top -> top = e
	:: else
	fi
}

/* Counts record R: from here on this node acts upon it. */
inline count(r)
{
	if
	:: (r) > know ->
		/* An outcome somebody was told never changes. */
		assert(R_STEP(know) != READY ||
		       (R_STEP(r) == READY && R_NODE(r) == R_NODE(know) &&
			R_GENERATION(r) == R_GENERATION(know)));
		know = r;
		told = told || R_STEP(know) == READY;
		raise(R_EPOCH(know))
	:: else
	fi
}

/* What follows at once from what a node holds, and touches no storage. */
inline settle()
{
	if
	:: state == READING && read == ALL -> state = JOINED
	:: else
	fi;
	if
	:: role != FOLLOWER && top > epoch -> role = FOLLOWER
	:: else
	fi;
	if
	:: role == CLAIMED && read == ALL && EVERY(PASSES) &&
	   !ANY(UNREAD) ->
		role = LEADER;
		printf("%d leads under epoch %d\n", n, epoch)
	:: else
	fi;
	if
	:: role == FOLLOWER ->
		tails = 0;
		found = 0;
		counter = 0;
		if
		:: state == JOINED -> read = ALL
		:: else
		fi
	:: else
	fi;
	if
	:: ACTS && R_STEP(know) == HELD && MINE(know) && !runs[n] &&
	   outcome == 0 ->
		if
		:: stopping -> outcome = RELEASED
		:: else ->
			SAY_RECORD("is to start", n, know);
			assert(NOBODY_RUNS);
			assert(R_TOKEN(know) > last_token);
			assert(!told);
			last_token = R_TOKEN(know);
			runs[n] = true;
			printf("%d STARTS THE WORK\n", n)
		fi
	:: else
	fi
}

inline forget()
{
	for (i : 0 .. N - 1) {
		slot[i] = 0
	};
	role = FOLLOWER;
	epoch = 0;
	top = 0;
	counter = 0;
	read = 0;
	dead = 0;
	tails = 0;
	know = 0;
	own = 0;
	found = 0;
	outcome = 0;
	stopping = false
}

#define TO_OWN 1
#define TO_BOTH 2
#define TO_OTHER 3
#ifdef START_ONCE
#define TO_START TO_OWN
#else
#define TO_START TO_BOTH
#endif

/* A reader never goes back.  Epoch and end stand in for the sequence. */
#define AGE(s) (S_NUMBER(s) << 17 | S_EPOCH(s) << 13 | S_RECORD(s))
#define IS_NEWS(s, t) ((s) != (t) && AGE(s) >= AGE(t))
#define SHOWS_NEWS(m) IS_NEWS(VISIBLE(m), slot[m])

/* Reads the slot of m, and its journal to the end shown.  What a follower
 * does not act upon it may as well read later: it reads all once it claims. */
#define MATTERS(m) \
	(role != FOLLOWER || top % N == (m) || S_EPOCH(VISIBLE(m)) > top || \
	 S_RECORD(VISIBLE(m)) > know)
#define READS(m) \
	:: atomic { \
		(m) != n && state >= READING && lease[n] == VALID && \
		((SHOWS_NEWS(m) && MATTERS(m)) || (read & BIT(m)) == 0) -> \
		look(m) \
	}

inline look(m)
{
	d_step {
		seen = VISIBLE(m);
		printf("%d reads the slot of %d\n", n, m);
		if
		:: IS_NEWS(seen, slot[m]) ->
			if
			:: S_GENERATION(seen) != S_GENERATION(slot[m]) ||
			   S_FLAG(seen) == GONE ->
				tails = tails & ~BIT(m)
			:: else
			fi;
			dead = dead & ~BIT(m);
			slot[m] = seen;
			raise(S_EPOCH(seen));
#ifdef READ_PAST_END
			if
			:: under_way[J(m, S_GENERATION(seen))] >
			   landed[J(m, S_GENERATION(seen))] ->
				landed[J(m, S_GENERATION(seen))] =
					under_way[J(m, S_GENERATION(seen))]
			:: else
			fi;
			count(landed[J(m, S_GENERATION(seen))])
#else
			count(S_RECORD(seen))
#endif
		:: else
		fi;
		read = read | BIT(m);
		settle()
	}
}

/* Pronounces m dead: a lease has passed since its slot last changed, and it
 * still shows the same.  What others' clocks know is here in lease[]. */
#define LOOKED_SINCE_DEADLINE(m) \
	((S_GENERATION(slot[m]) == generation[m] && lease[m] == OVER) || \
	 (S_GENERATION(slot[m]) != generation[m] && lease[m] != VALID))
#define PRONOUNCES(m) \
	:: atomic { \
		(m) != n && LIVE && slot[m] != 0 && !IS_DEAD(m) && \
		!IS_GONE(m) && (role >= CLAIMED || top % N == (m)) && \
		!SHOWS_NEWS(m) && \
		LOOKED_SINCE_DEADLINE(m) -> \
		d_step { \
			printf("%d pronounces %d dead\n", n, m); \
			dead = dead | BIT(m); \
			read = read | BIT(m); \
			tails = tails & ~BIT(m); \
			settle() \
		} \
	}

/* Reads what m's ended generations left behind, to the physical end.  What
 * was still under way is found there or not. */
#define READS_TAILS(m) \
	:: atomic { \
		LIVE && role >= CLAIMED && top == epoch && UNREAD(m) -> \
		j = 1; \
		do \
		:: j <= ENDED(m) -> \
			if \
			:: under_way[J(m, j)] != 0 -> \
				d_step { land(m, j) } \
			:: true \
			fi; \
			d_step { finds(landed[J(m, j)]) }; \
			if \
			:: given_up[J(m, j)] != 0 -> \
				d_step { finds(given_up[J(m, j)]) } \
			:: true \
			fi; \
			j++ \
		:: else -> break \
		od; \
		tails = tails | BIT(m); \
		printf("%d reads the ended journals of %d\n", n, m); \
		d_step { settle() } \
	}

inline finds(r)
{
	raise(R_EPOCH(r));
	if
	:: (r) > found -> found = r
	:: else
	fi
}

inline land(m, g)
{
	if
	:: under_way[J(m, g)] > landed[J(m, g)] ->
		landed[J(m, g)] = under_way[J(m, g)]
	:: else
	fi;
	under_way[J(m, g)] = 0
}

/* What wins, of all a leader has read. */
#define BEST (found > know -> found : know)

/* Only `released`, the end of that generation, or, if not yet held, a new
 * epoch ends an assignment. */
#define GENERATION_ENDED (R_GENERATION(BEST) <= ENDED(R_NODE(BEST)))
#define MAY_COUNT (counter <= LAST_COUNTER)
#ifdef WITHDRAW
#define UNHELD_ENDS (true)
#define BOUNDED MAY_COUNT
#else
#define BOUNDED (true)
#define UNHELD_ENDS (R_EPOCH(BEST) < epoch)
#endif
#define FREE \
	(BEST == 0 || R_STEP(BEST) == RELEASED || \
	 (R_STEP(BEST) != READY && GENERATION_ENDED) || \
	 (R_STEP(BEST) == ASSIGNED && UNHELD_ENDS))
#define CAN_TAKE(m) \
	(((m) == n && !stopping) || \
	 ((m) != n && slot[m] != 0 && !IS_DEAD(m) && !IS_GONE(m) && \
	  S_EPOCH(slot[m]) == epoch))
#define ASSIGNS(m) \
	:: atomic { \
		LIVE && role == LEADER && FLIGHT == 0 && BOUNDED && \
		!ANY(UNREAD) && FREE && CAN_TAKE(m) -> \
		d_step { \
			assert(MAY_COUNT); \
			FLIGHT = RECORD(TOKEN(epoch, counter), ASSIGNED, m, \
				((m) == n -> generation[n] : \
					     S_GENERATION(slot[m]))); \
			SAY_RECORD("appends", n, FLIGHT); \
			counter++ \
		} \
	}

/* Claims when nobody leads under the highest epoch, nor tries to; once in a
 * while without need, for that is no matter of safety. */
#define OWNER (top % N)
#define LEADERLESS \
	(top == 0 || OWNER == n || IS_DEAD(OWNER) || IS_GONE(OWNER) || \
	 (S_EPOCH(slot[OWNER]) == top && S_FLAG(slot[OWNER]) != LEADS))
#define ABOVE(e) \
	((e) / N * N + n > (e) -> (e) / N * N + n : ((e) / N + 1) * N + n)

/* Showing an epoch is the whole node's promise: nothing under way. */
#ifdef PROMISE_EARLY
#define CAN_PROMISE (1)
#else
#define CAN_PROMISE (FLIGHT == 0)
#endif
#define SHOWN_EPOCH (CAN_PROMISE -> top : epoch)
#define LEAVES (stopping && !runs[n] && outcome == 0 && FLIGHT == 0)
#define SHOWN_FLAG \
	(LEAVES -> GONE : \
	 (role != FOLLOWER && SHOWN_EPOCH == epoch -> LEADS : FOLLOWS))
#if defined(START_ONCE) || defined(ONE_BLOCK)
#define DAMAGED (false)
#define LATE_ALONE (true)
#else
#define DAMAGED (B_NUMBER(OTHER(n, number)) != number)
/* Assumed: while a node lives, no two late writes land on its slot between
 * two renewals. */
#define LATE_ALONE \
	(!LIVE || \
	 (B_NUMBER(2 * n) == number && B_NUMBER(2 * n + 1) == number))
#endif
#define WOULD_SHOW \
	(LIVE && write == 0 && \
	 (SHOWN != block[OWN(n, number)] || DAMAGED))
#define WOULD_CLAIM \
	(LIVE && write == 0 && role == FOLLOWER && !stopping && CAN_PROMISE && \
	 (LEADERLESS || MAY(CLAIMS)))
#ifdef STALE_VERDICT
#define READ_BEFORE_CLAIM (BIT(n) | dead)
#else
#define READ_BEFORE_CLAIM BIT(n)
#endif
#define SHOWN \
	SLOT(number, generation[n], SHOWN_EPOCH, SHOWN_FLAG, own)

/* What is of weight, all but the journal's end, goes to both blocks. */
inline put(s)
{
#ifdef WEIGHT_ONCE
	if
	:: s == block[OWN(n, number)] -> block[OTHER(n, number)] = s
	:: else
	fi;
#else
	if
	:: TO_START == TO_BOTH &&
	   (S_EPOCH(s) != S_EPOCH(block[OWN(n, number)]) ||
	    S_FLAG(s) != S_FLAG(block[OWN(n, number)]) || DAMAGED) ->
		block[OTHER(n, number)] = s
	:: else
	fi;
#endif
	block[OWN(n, number)] = s
}

inline half_done()
{
	epoch = S_EPOCH(late);
	if
	:: late != block[OWN(n, number)] -> late_target = TO_OWN
	:: TO_START == TO_BOTH ->
		block[OWN(n, number)] = late;
		late_target = TO_OTHER
	fi
}

/* A write that was under way when its role went, or its node's deadline
 * passed, lands late or, as if there had been none, never.  One is kept. */
inline orphan_write()
{
	if
	:: write != 0 ->
		late = write;
		late_target = target
	:: WOULD_SHOW ->
		late = SHOWN;
		half_done()
	:: WOULD_CLAIM && LEADERLESS ->
		epoch = ABOVE(top);
		top = epoch;
		role = CLAIMING;
		late = SHOWN;
		half_done()
	:: true
	fi;
	write = 0;
	target = 0
}

/* LED: all have joined, and node 0 leads.  Otherwise all are yet to start. */
#define LED_SLOT(m) SLOT(1, 1, N, ((m) == 0 -> LEADS : FOLLOWS), 0)

proctype node(byte n)
{
	byte state = OFF, role, number, epoch, top, counter;
	byte read, dead, tails, outcome;
	bool stopping;
	short know, own, found;
	int slot[N];
	int write, late;
	byte target, late_target;

#ifdef LED
	d_step {
		for (i : 0 .. N - 1) {
			slot[i] = LED_SLOT(i)
		};
		state = JOINED;
		number = 1;
		epoch = N;
		top = N;
		read = ALL;
		role = (n == 0 -> LEADER : FOLLOWER)
	}
#endif
end:
	do
	/* Joins, or joins again: all of its old work is proven dead. */
	:: atomic {
		!down[n] && (state == OFF || lease[n] == OVER) &&
		generation[n] < LAST_GENERATION && number < LAST_NUMBER ->
		d_step {
			forget();
			generation[n]++;
			number++;
			state = SHOWING;
			lease[n] = PENDING;
#ifdef LOW_EPOCH
			epoch = 0;
#else
			top = S_EPOCH(block[2 * n]);
			raise(S_EPOCH(block[2 * n + 1]));
			for (i : 1 .. generation[n] - 1) {
				raise(R_EPOCH(landed[J(n, i)]))
			};
			epoch = top;
#endif
			top = epoch;
			write = SLOT(number, generation[n], epoch, FOLLOWS, 0);
			target = TO_START;
			printf("%d joins: generation %d, number %d, epoch %d\n",
			       n, generation[n], number, epoch)
		}
	}

	/* A slot write lands and returns.  If the lease is over it is void. */
	:: atomic {
		target == TO_BOTH ->
		d_step {
			block[OWN(n, S_NUMBER(write))] = write;
			SAY_SLOT("shows, in its own block,", n, write);
			target = TO_OTHER
		}
	}
	:: atomic {
		write != 0 && target != TO_BOTH ->
		d_step {
			block[(target == TO_OWN
				-> OWN(n, S_NUMBER(write))
				: OTHER(n, S_NUMBER(write)))] = write;
			SAY_SLOT("shows", n, write);
			if
			:: lease[n] == PENDING ->
				lease[n] = VALID;
#ifdef JOIN_BLIND
				state = JOINED
#else
				state = READING;
				read = BIT(n)
#endif
			:: lease[n] == VALID && role == CLAIMING ->
				role = CLAIMED;
				read = READ_BEFORE_CLAIM
			:: else
			fi;
			if
			:: lease[n] == VALID -> settle()
			:: else
			fi;
			write = 0;
			target = 0
		}
	}
	:: atomic {
		late != 0 && LATE_ALONE ->
		d_step {
			block[(late_target == TO_OTHER -> OTHER(n, S_NUMBER(late))
				: OWN(n, S_NUMBER(late)))] = late;
			SAY_SLOT("shows late", n, late);
			late = 0;
			late_target = 0
		}
	}

	EACH(READS)
	EACH(PRONOUNCES)
	EACH(READS_TAILS)
	EACH(ASSIGNS)

	/* Shows what is new about it.  The promise is made when the write
	 * begins; what may happen before it lands is in orphan_write(). */
	:: atomic {
		WOULD_SHOW ->
		d_step {
			seen = SHOWN;
			epoch = S_EPOCH(seen);
			put(seen);
			SAY_SLOT("shows", n, seen);
			if
			:: S_FLAG(seen) == GONE ->
				lease[n] = OVER;
				state = OFF;
				forget()
			:: else -> settle()
			fi
		}
	}

	:: atomic {
		WOULD_CLAIM ->
		d_step {
			if
			:: !LEADERLESS -> events--
			:: else
			fi;
			epoch = ABOVE(top);
			assert(epoch <= LAST_EPOCH);
			top = epoch;
			role = CLAIMED;
			counter = 0;
			seen = SHOWN;
			put(seen);
			read = READ_BEFORE_CLAIM;
			SAY_SLOT("claims:", n, SHOWN);
			settle()
		}
	}

	/* Adopts an outcome an ended generation left, under a token of its
	 * own: what older epochs began may surface later still, and loses. */
	:: atomic {
		LIVE && role == LEADER && FLIGHT == 0 && !ANY(UNREAD) &&
		found > know && R_STEP(found) == READY ->
		d_step {
#ifdef COPY_AS_IS
			FLIGHT = found;
#else
			assert(MAY_COUNT);
			FLIGHT = RECORD(TOKEN(epoch, counter), READY,
					R_NODE(found), R_GENERATION(found));
			counter++;
#endif
			SAY_RECORD("adopts", n, FLIGHT)
		}
	}

	/* Its own append is synced. */
	:: atomic {
		ACTS && FLIGHT != 0 ->
		d_step {
			seen = FLIGHT;
			SAY_RECORD("has synced", n, seen);
			land(n, generation[n]);
			if
			:: seen > own -> own = seen
			:: else
			fi;
			if
			:: R_STEP(seen) >= RELEASED && MINE(seen) ->
				outcome = 0
			:: else
			fi;
			count(seen);
			settle()
		}
	}

	/* Accepts nothing under an older epoch than the one it shows. */
	:: atomic {
		LIVE && !stopping && FLIGHT == 0 && MINE(know) &&
		R_STEP(know) == ASSIGNED && R_EPOCH(know) >= epoch ->
		FLIGHT = RECORD(R_TOKEN(know), HELD, n, generation[n]);
		SAY_RECORD("appends", n, FLIGHT)
	}
	:: atomic {
		LIVE && outcome != 0 && FLIGHT == 0 ->
		FLIGHT = RECORD(R_TOKEN(know), outcome, n, generation[n]);
		SAY_RECORD("appends", n, FLIGHT)
	}

	/* Events: the work ends with a result, the unit is to move, the node
	 * is to stop. */
	:: atomic {
		MAY(ENDS) && runs[n] && outcome == 0 ->
		d_step {
			events--;
			runs[n] = false;
			outcome = READY;
			printf("%d: the work ends with a result\n", n)
		}
	}
	:: atomic {
		MAY(MOVES) && runs[n] && outcome == 0 ->
		d_step {
			events--;
#ifndef RELEASE_FIRST
			runs[n] = false;
#endif
			outcome = RELEASED;
			printf("%d: the unit is to move\n", n)
		}
	}
	:: atomic {
		MAY(STOPS) && LIVE && !stopping ->
		d_step {
			events--;
			stopping = true;
			printf("%d: the node is to stop\n", n);
			if
			:: runs[n] ->
				runs[n] = false;
				outcome = RELEASED
			:: else
			fi;
			role = FOLLOWER;
			settle()
		}
	}

#ifdef RELEASE_FIRST
	:: atomic {
		runs[n] && R_STEP(know) == RELEASED && MINE(know) ->
		runs[n] = false
	}
#endif

	/* Faults.  A deadline passes, the node paused or its storage hung:
	 * the work is dead or, in a paused node, will be before anything
	 * else. */
	:: atomic {
		faults > 0 && (lease[n] == PENDING || lease[n] == VALID) ->
		orphan_write();
		d_step {
			faults--;
			lease[n] = OVER;
			runs[n] = false;
			printf("%d: FAULT: its deadline passes\n", n);
#ifndef NO_RECHECK
			forget()
#endif
		}
	}
	/* Every process of the node dies; it starts again or never does. */
	:: atomic {
		faults > 0 && (lease[n] == PENDING || lease[n] == VALID) ->
		orphan_write();
		d_step {
			faults--;
			lease[n] = OVER;
			runs[n] = false;
			state = OFF;
			forget();
			printf("%d: FAULT: crash\n", n)
		};
		if
		:: down[n] = true
		:: true
		fi
	}
	/* The lease role starts again within the generation, once per lease,
	 * without what it had observed. */
	:: atomic {
		faults > 0 && LIVE && number < LAST_NUMBER &&
		S_NUMBER(block[OWN(n, number)]) == number ->
		orphan_write();
		d_step {
			faults--;
			number++;
			printf("%d: FAULT: the lease role restarts\n", n);
			dead = 0;
			tails = 0;
			read = BIT(n);
			for (i : 0 .. N - 1) {
				slot[i] = 0
			};
			if
			:: role == CLAIMING ->
				write = SLOT(number, generation[n], epoch,
					     LEADS, own);
				target = TO_START
			:: else
			fi;
			settle()
		}
	}
	/* The journal role starts again, or an append of its fails: what was
	 * under way is given up, a new segment begun, and it never resumes
	 * to lead. */
	:: atomic {
		faults > 0 && LIVE ->
		d_step {
			faults--;
			printf("%d: FAULT: the journal role restarts\n", n);
			if
			:: FLIGHT > given_up[J(n, generation[n])] ->
				given_up[J(n, generation[n])] = FLIGHT
			:: else
			fi;
			FLIGHT = 0;
			know = own;
			for (i : 0 .. N - 1) {
				if
				:: S_RECORD(slot[i]) > know ->
					know = S_RECORD(slot[i])
				:: else
				fi
			};
#ifdef RESUME_LEAD
			counter = 0;
#else
			role = FOLLOWER;
#endif
			settle()
		}
	}
	od
}

/* Nothing is left to do and no fault is left to come: somebody holds the
 * unit, or its result is known, or no node is there. */
#define ABSENT(m) (lease[m] == OVER)
#define RUNS(m) (runs[m])
proctype judge()
{
end:
	atomic {
		timeout ->
		assert(told || ANY(RUNS) || EVERY(ABSENT))
	}
}

init
{
	atomic {
		for (i : 0 .. N - 1) {
#ifdef LED
			block[2 * i] = LED_SLOT(i);
			block[2 * i + 1] = LED_SLOT(i);
			lease[i] = VALID;
			generation[i] = 1;
#endif
			run node(i)
		};
		run judge()
	}
}
