/* replay - has this datagram of this sender been seen before?
 *
 * Pure.  One window per sender.  An incarnation is one life of a sender, its
 * sequence only grows; sequences may arrive out of order within the window.
 * What is older than the window is refused, seen or not.  Incarnations are
 * random and have no order: whether another one may take the place of the
 * present one is the caller's to decide (core/peers.h); the latest that lost
 * their place never get it back.
 */
#ifndef HOLDFAST_CORE_REPLAY_H
#define HOLDFAST_CORE_REPLAY_H

#include <stdint.h>

#define REPLAY_WINDOW	 64 /* sequences, the highest included */
#define REPLAY_ENDED_MAX 8  /* incarnations remembered as ended */

struct replay {
	uint64_t incarnation; /* 0 = nothing was accepted yet */
	uint64_t top;	      /* highest sequence accepted */
	uint64_t seen;	      /* bit n: top - n was accepted */
	uint64_t ended[REPLAY_ENDED_MAX];
	uint32_t ended_count; /* ever; the latest are kept */
};

enum replay_verdict {
	REPLAY_FRESH, /* of the present incarnation, not seen yet */
	REPLAY_SEEN,
	REPLAY_LATE,  /* older than the window */
	REPLAY_OTHER, /* of another incarnation, or the first of all */
	REPLAY_ENDED, /* of one that has lost its place */
};

enum replay_verdict replay_judge(const struct replay *replay,
				 uint64_t incarnation, uint64_t sequence);

/* Marks as seen what was judged FRESH or OTHER; OTHER ends the present
 * incarnation.  Returns how many sequences were skipped on the way to it, 0
 * when it came late or is the first.
 */
uint64_t replay_accept(struct replay *replay, uint64_t incarnation,
		       uint64_t sequence);

#endif
