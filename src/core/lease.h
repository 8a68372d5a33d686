/* lease - one node's part in the lease file, step by step.
 *
 * Pure: no clock, no file.  One process owns the struct and does one thing at
 * a time, over and over:
 *
 *	act = lease_next(lease, now)
 *	LEASE_READ	read the first act.slots slots; lease_took() each pair
 *			of blocks, then lease_read_done()
 *	LEASE_WRITE	lease_compose(), write own block, lease_written()
 *	LEASE_BURY	lease_compose(), write the other block, lease_written()
 *	LEASE_WAIT	for act.wait_us, or until there is something new
 *	LEASE_STOP	the role is over; all work must be stopped first
 *
 * A start has a number of its own, taken by exclusive creation; it goes
 *
 *	LOOKING	   watches its slot until nobody else can be in it (O8)
 *	ENTERING   shows its record, which promises nothing yet
 *	BURYING	   puts a tombstone into the other block
 *	JOINING	   reads all slots, promises the highest epoch; as all claims
 *		   wait for that, it is OUT when it takes too long
 *	IN	   may accept, claim and lead
 *	OUT	   never again with this number; see lease->reason
 *
 * A write that failed may land at any time, over one that came after it, and
 * hide what that showed from a node that just starts.  So a start whose write
 * failed shows nothing more: it is OUT with LEASE_REASON_DOUBT, and the caller
 * goes on with what is kept under another number, in the other block.
 *
 * What it holds is good until the stamp of its last counted write + lease, by
 * the faster of two clocks; it gives up earlier, by the kill budget and the
 * grace (T1, T2).  A write that returns after that is void (T3).
 *
 * To promise an epoch is the caller's: when lease_wish() names one, end what
 * was begun under older ones, then lease_promise() it with the journal's end;
 * only then is it shown.  A leader is made in four steps: its claim is shown;
 * every other slot is gone or shows exactly this epoch, in a look submitted
 * after that (the barrier: standing becomes PASSED); the caller reads all
 * journals; lease_lead().
 */
#ifndef HOLDFAST_CORE_LEASE_H
#define HOLDFAST_CORE_LEASE_H

#include "core/lease_peer.h"

enum lease_phase {
	LEASE_PHASE_LOOKING,
	LEASE_PHASE_ENTERING,
	LEASE_PHASE_BURYING,
	LEASE_PHASE_JOINING,
	LEASE_PHASE_IN,
	LEASE_PHASE_OUT,
};

enum lease_reason {
	LEASE_REASON_NONE,
	LEASE_REASON_RELEASED,
	LEASE_REASON_LATE,	/* no renewal counted in time */
	LEASE_REASON_GAP,	/* one clock ran away from the other (S26) */
	LEASE_REASON_BEHIND,	/* could not show a newer epoch for a lease */
	LEASE_REASON_TAKEN,	/* the slot is another node's */
	LEASE_REASON_IN_USE,	/* somebody renews it: two with one identity */
	LEASE_REASON_NUMBER,	/* the slot has seen this number or higher */
	LEASE_REASON_DUPLICATE, /* somebody else wrote into it (O9) */
	LEASE_REASON_REGRESSED, /* storage forgot a write that returned */
	LEASE_REASON_REPLACED,	/* the file is not the one we joined */
	LEASE_REASON_DOUBT,	/* a write failed: go on with another number */
	LEASE_REASONS
};

enum lease_standing {
	LEASE_FOLLOWS,
	LEASE_CLAIMS, /* its epoch is to be shown, or is */
	LEASE_PASSED, /* the barrier; the journals are to be read */
	LEASE_LEADS,
};

/* What outlives a start of the role, so that the next can go on with the same
 * generation.  Stored where that can be read before each write.
 */
struct lease_kept {
	uint64_t generation; /* 0: none yet */
	uint64_t incarnation;
	uint64_t promised;
	uint64_t claim;
	struct lease_end end;
	struct lease_time stamp; /* of the last counted write */
	enum lease_standing standing;
	bool in;   /* had come to IN */
	bool over; /* lost or being released: never to go on with */
};

struct lease_setup {
	struct lease_terms terms;
	uint64_t file_id;
	uint64_t number;      /* of this start, from 1; never used before */
	uint64_t incarnation; /* random */
	int64_t grace_us;     /* between TERM and KILL when the lease is lost */
	uint32_t slot;
	uint32_t patience; /* leases to wait for the first promise, 0 = 1 */
	/* All of an older generation of this boot id is proven dead (O8). */
	bool reclaim;
	uint8_t boot_id[LEASE_BOOT_ID];
	char name[LEASE_NAME_MAX + 1];
};

enum lease_do { LEASE_WAIT, LEASE_READ, LEASE_WRITE, LEASE_BURY, LEASE_STOP };

struct lease_act {
	enum lease_do what;
	uint32_t slots;	 /* of LEASE_READ */
	int64_t wait_us; /* of LEASE_WAIT */
};

struct lease {
	struct lease_setup setup;
	enum lease_phase phase;
	enum lease_reason reason;
	enum lease_standing standing;
	struct lease_kept kept; /* of these fields, generation … in */
	bool go_on;		/* begun with another start's generation */
	bool stands;		/* the caller is willing to lead */
	bool releasing;

	uint64_t highest; /* epoch in any slot or journal */
	bool behind;	  /* one above the shown is known, since: */
	struct lease_time behind_since;
	uint64_t floor;	       /* shown while nothing is promised yet */
	bool joined_look;      /* all slots were read since we entered */
	uint64_t joined_epoch; /* the highest that look found */
	struct lease_time joined_since; /* when that was */

	struct lease_record shown;   /* of the last counted write */
	struct lease_record written; /* of the last write, begun or done */
	uint64_t sequence;	     /* of the last write */
	bool has_stamp;		     /* kept.stamp counts */
	bool has_written;
	bool checked;	 /* own slot was looked at since the last write */
	bool mend;	 /* own block or tombstone is not as it was left */
	bool tomb_doubt; /* a tombstone may land yet */
	bool hint;
	bool failed; /* the last read or write did */

	struct lease_time now;	      /* the latest */
	struct lease_time wrote;      /* last write begun */
	struct lease_time looked;     /* last read begun */
	struct lease_time all_looked; /* last read of all slots that was done */
	bool has_now;
	bool has_looked;
	bool has_all_looked;
	uint64_t surveyed; /* the claim that was shown before such a read */
	uint32_t headless; /* looks in a row that found no leader */
	uint32_t in_use;   /* slots that are, counted from the first */
	uint32_t reading;  /* slots of the read under way */

	struct lease_peer peers[LEASE_SLOTS_MAX]; /* own slot included */
};

/* With KEPT of an earlier start whose process is proven dead: goes on with its
 * generation if it had come to IN and was not over.  Else, or with NULL, the
 * number is a new generation.
 */
void lease_init(struct lease *lease, const struct lease_setup *setup,
		const struct lease_kept *kept);

struct lease_act lease_next(struct lease *lease, const struct lease_time *now);

/* The blocks of slot NUMBER, as a read that succeeded returned them. */
void lease_took(struct lease *lease, uint32_t number, const uint8_t *block0,
		const uint8_t *block1, const struct lease_look *look);
/* That was all of it; or the read failed with RC and nothing was taken. */
void lease_read_done(struct lease *lease, const struct lease_look *look,
		     int rc);

/* Makes LEASE_RECORD bytes to write.  NOW is the stamp: taken before the
 * write is submitted, never after (T1).
 */
void lease_compose(struct lease *lease, const struct lease_time *now,
		   uint8_t *bytes);
/* The write returned.  A failure may still land later (S11), and ends the
 * start; but a release says the same each time.
 */
void lease_written(struct lease *lease, const struct lease_time *returned,
		   int rc);

/* The name of the file leads to another one by now. */
void lease_replaced(struct lease *lease);

/* Look now: somebody said that there is something new (U1, U3). */
void lease_hint(struct lease *lease);

/* An epoch was seen in a journal. */
void lease_saw_epoch(struct lease *lease, uint64_t epoch);
/* The epoch to promise next, 0 if there is none. */
uint64_t lease_wish(const struct lease *lease);
void lease_promise(struct lease *lease, uint64_t epoch,
		   const struct lease_end *end);
/* The journal has grown, under the same promise. */
void lease_tell_end(struct lease *lease, const struct lease_end *end);

/* Is the caller willing to claim? */
void lease_stand(struct lease *lease, bool willing);
/* Has read all journals after the barrier: leads. */
void lease_lead(struct lease *lease);
/* Gives up leading, or wanting to. */
void lease_resign(struct lease *lease);

/* All work of the generation is proven dead: tell it, then be OUT (K6). */
void lease_release(struct lease *lease);

/* May work of the generation be alive, and records count?  Ask at the moment
 * of use (T15).
 */
bool lease_holds(const struct lease *lease, const struct lease_time *now);
/* And does this node lead, past the barrier? */
bool lease_is_leading(const struct lease *lease, const struct lease_time *now);

/* May the role be started again, after a start at LAST?  Two starts within a
 * lease would write to the block of one whose write may still be under way.
 */
bool lease_may_start(const struct lease_terms *terms,
		     const struct lease_time *last,
		     const struct lease_time *now);

/* The next epoch of SLOT above EPOCH, 0 when there is none left. */
uint64_t lease_epoch_above(uint64_t epoch, uint32_t slot, uint32_t slots);

/* For a person. */
const char *lease_reason_name(enum lease_reason reason);

#endif
