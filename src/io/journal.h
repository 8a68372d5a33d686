/* journal - this node's own journal: read at the start, then appended to.
 *
 * Written against struct shared_ops only, so that the simulator runs it as it
 * is.  No clock, no policy: what is written and when is the caller's affair.
 * The life of one:
 *
 *	journal_init
 *	journal_replay		every record that was ever acknowledged
 *	journal_begin		a new segment; from here until the first
 *	journal_append …	commit lies its snapshot, which may be of any
 *	journal_commit		size
 *	journal_drop_older	now, and only now, the past may go
 *	journal_reserve		room for the next batches
 *	journal_append …	a batch, then
 *	journal_commit		one write, one sync; then tell the world
 *
 * When append, reserve or commit fails with anything but -ENOSPC or -EMSGSIZE
 * the segment is abandoned: what was appended since the last good commit may or
 * may not be found by the next replay, and nothing more goes into it.  Go on
 * with journal_begin and a snapshot, which must hold the very same versions of
 * what was in that batch, or higher ones.
 */
#ifndef HOLDFAST_IO_JOURNAL_H
#define HOLDFAST_IO_JOURNAL_H

#include "core/frame.h"
#include "core/lease_record.h"
#include "core/record.h"
#include "io/segment.h"
#include "io/shared.h"

#define JOURNAL_BATCH_MAX (4u * 1024 * 1024) /* bytes between two commits */
#define JOURNAL_RESERVE	  (256u * 1024)	     /* bytes kept for outcomes */
/* Of a new segment: what is reserved, what the ledger wants ahead of a batch,
 * and a little.  Whoever leads next writes it, and reads it of whom it follows,
 * while all wait.
 */
#define JOURNAL_FIRST_BYTES (576u * 1024)
#define JOURNAL_GROWTH_MIN  (256u * 1024)  /* bytes added at a time: */
#define JOURNAL_GROWTH	    (1024u * 1024) /* half of what is there */
#define JOURNAL_BUFFER                                        \
	SEGMENT_BUFFER	      /* bytes kept before a write; a \
				 replay borrows them */
#define JOURNAL_ASIDE_MAX 64  /* with more, all are set aside */
#define JOURNAL_FRAME_MAX 120 /* bytes a record takes beside its value */

/* What ends a snapshot: two records with this key, in a batch of their own,
 * one of which may be damaged.  No reader hands them on.
 */
#define JOURNAL_SNAPSHOT_KEY "snapshot"

struct journal {
	struct shared *shared;
	char node[FRAME_NODE_MAX + 1];
	uint64_t salt; /* of the next segment: random; a test may set it */
	uint64_t generation;  /* of the next segment: the caller's to set before
				 journal_begin; 0 = of no cluster */
	struct lease_end end; /* see journal_end */
	/* the current segment */
	uint32_t number; /* 0 before the first */
	uint64_t segment_generation;
	uint64_t segment_salt;
	uint64_t size;	  /* bytes, zeros ahead included */
	uint64_t written; /* bytes given to shared->write */
	uint64_t batch;	  /* where the batch began */
	bool snapshot;	  /* no commit in this segment yet */
	bool broken;	  /* a write or sync failed: begin anew */
	uint8_t *buf;	  /* appended and not yet written */
	size_t buf_len;	  /* bytes */
	/* the last replay */
	uint64_t records;
	unsigned torn;	  /* segments with an unfinished end */
	unsigned damaged; /* places where synced bytes were wrong */
	uint32_t aside[JOURNAL_ASIDE_MAX]; /* segments with such places */
	size_t aside_count;
	bool told_alone; /* that there are segments of generation 0 */
};

/* Called for each record; texts are borrowed for the call.  Anything but 0
 * ends the replay, which returns it.
 */
typedef int journal_record_fn(void *arg, const struct record *record);

/* SHARED and NODE are of the caller and stay.  0, -ENOMEM, -EINVAL when the
 * name is too long.
 */
int journal_init(struct journal *journal, struct shared *shared,
		 const char *node);
void journal_fini(struct journal *journal);

/* Hands every valid record of the newest own segment whose snapshot was
 * finished to FN, in their order; where that is damaged, those of the older
 * segments too, so the highest version of a key must win.  The
 * unfinished end of a batch that was never acknowledged is left out, as a
 * whole from its first missing byte on.  Where synced bytes are wrong it says
 * so in the log, goes on at the next valid frame, counts it in
 * journal->damaged, and sees to it that the segment is kept for a person.
 * 0, what FN said, or a negative errno of the storage.
 */
int journal_replay(struct journal *journal, journal_record_fn *fn, void *arg);

/* For a role that starts again within its generation: every record of segment
 * END->segment up to END, no more and no less.  What lies behind was abandoned
 * and stays so: the next journal_begin takes a higher number than any there.
 * 0; -EAGAIN when not all of it can be read now; else as follow_to.
 */
int journal_replay_to(struct journal *journal, const struct lease_end *end,
		      journal_record_fn *fn, void *arg);

/* Begins the next segment with room for a snapshot of BYTES, so that a disk too
 * full for it is noticed while the old segment still goes on; a batch that was
 * not committed is forgotten, its records must be in the snapshot.  On failure
 * nothing is left of it and everything is as it was: the old segment goes on,
 * unless it was abandoned.
 */
int journal_begin(struct journal *journal, uint64_t bytes);

/* Would records of BYTES in all (the value plus JOURNAL_FRAME_MAX each) fit
 * into the batch and the reserved space, with JOURNAL_RESERVE to spare?
 */
bool journal_has_room(const struct journal *journal, size_t bytes);

/* Makes room for BYTES and JOURNAL_RESERVE beyond them.  Does nothing when
 * there is; else it costs a write and a sync, so ask early.  -ENOSPC leaves
 * everything as it was: then refuse what is new and use the reserve for what
 * must be said.
 */
int journal_reserve(struct journal *journal, size_t bytes);

/* Adds RECORD to the batch, and grows the segment when what was reserved is not
 * enough.  -ENOSPC: the batch is full (commit, then try again), or the reserve
 * is and the storage, too; -EMSGSIZE: it is longer than RECORD_MAX allows; the
 * batch is as it was.
 */
int journal_append(struct journal *journal, const struct record *record);

/* Writes and syncs the batch.  On success everything appended so far is found
 * by every later replay.
 */
int journal_commit(struct journal *journal);

/* Removes the own segments before the current one, oldest first, each for
 * good before the next; damaged ones are set aside.  Call after the commit of
 * the snapshot (-EINVAL before).  When it fails, repeat it later: nothing is
 * lost, but nothing that the past knows may be forgotten until it is gone.
 */
int journal_drop_older(struct journal *journal);

/* The same, but only segments of the current one's generation, which its
 * snapshot superseded, and of generations up to GENERATION, whose every record
 * the leader has copied.  The others stay for the leader to read; those of a
 * life without a cluster, generation 0, for good: their epochs and those of the
 * cluster have nothing to do with each other, so nobody may copy them.
 */
int journal_drop_ended(struct journal *journal, uint64_t generation);

/* Where the journal ends that counts: behind the last commit that succeeded.
 * While a snapshot is not committed that is in the segment before; {0, 0}
 * before the first.  Never goes back.
 */
static inline struct lease_end journal_end(const struct journal *journal)
{
	return journal->end;
}

/* Bytes of the current segment in use, the batch included. */
uint64_t journal_bytes(const struct journal *journal);

#endif
