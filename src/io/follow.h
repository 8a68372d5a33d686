/* follow - reads another node's journal, up to where it counts.
 *
 * Written against struct shared_ops only, so that the simulator runs it as it
 * is.  Knows no lease: whose end it is, and whether a generation has ended, is
 * the caller's to know.  Two ways to read:
 *
 *	follow_to	a node that lives: exactly to the end it shows, from
 *			where the call before left off
 *	follow_tail	a node whose generation ended: all that is there
 *
 * What a node shows as its end was synced before it was shown.  So a read that
 * finds less is stale, a cache on the way: nothing of what is wrong, or behind
 * it, is handed on, and the same call later finds it.  If it never does, the
 * bytes are damaged; that is for the caller to judge, by time.
 */
#ifndef HOLDFAST_IO_FOLLOW_H
#define HOLDFAST_IO_FOLLOW_H

#include "core/lease_record.h"
#include "io/journal.h"

struct follow {
	struct shared *shared;
	char node[FRAME_NODE_MAX + 1];
	uint8_t *buf; /* of SEGMENT_BUFFER bytes, the caller's; nothing is kept
			 in it between calls, so that many may share one */
	/* where it is; the caller may look */
	uint32_t number; /* of the segment it reads, 0 before the first */
	bool headed;	 /* its header was read: */
	uint64_t salt;
	uint64_t generation; /* it was written under */
	uint64_t offset;     /* everything before was handed on */
};

/* 0, or -EINVAL when NODE can't be a node's name. */
int follow_init(struct follow *follow, struct shared *shared, const char *node,
		uint8_t *buf);

/* Hands every record between what was read and END to FN, in their order; the
 * markers of a snapshot are left out.  When END is in another segment than
 * before, that is read from its front: its snapshot replaces all that came
 * before.  An END that is behind what was read, a late datagram's, is as
 * reached: numbers only grow, and a node whose journal was removed as a whole
 * needs a follow_init.
 *
 * 0 at END; 1 when there is more, after at least MAX bytes; else a negative
 * errno, and the next call goes on where this one stopped:
 *	what FN gave	unless 0, which must be negative: that record comes
 *			again
 *	-EAGAIN		stale, or not there (any more): see above
 *	-EBADMSG	a whole frame that is no record; told in the log
 *	-EPROTONOSUPPORT	a later version wrote the segment
 *	else		of the storage
 */
int follow_to(struct follow *follow, const struct lease_end *end, size_t max,
	      journal_record_fn *fn, void *arg);

/* Hands every valid record of all segments of generations up to GENERATION to
 * FN, from the oldest segment to the newest, to their physical ends, whatever
 * was read before; torn ends and damage as in segment_scan.  Only for
 * generations that have ended.  Segments of later generations are left alone,
 * those up to SETTLED, which the node may be about to remove, and those without
 * one, of a life without a cluster.
 *
 * 0, also when the node never wrote any; else a negative errno, what FN gave,
 * -EPROTONOSUPPORT, or of the storage: repeat the whole.
 */
int follow_tail(struct follow *follow, uint64_t settled, uint64_t generation,
		journal_record_fn *fn, void *arg);

#endif
