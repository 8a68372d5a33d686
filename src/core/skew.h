/* skew - does another node's clock run as fast as ours?
 *
 * Pure.  A lease is safe while the rates of the clocks differ by no more than
 * was assumed; nothing here can make it so, but people should know when it is
 * not (LEASE scenario 18).  The clocks themselves are never compared, only how
 * far each has come: of ten seconds the datagram that took least time counts,
 * and is compared with an earlier one, up to ten minutes back.  What a network
 * adds or takes in between is allowed for by SKEW_JITTER_MS.
 *
 *   ours - theirs    .  :.  . :     the lowest of each window is kept
 *                    *       *
 *                    first   best   (best - first) / time between = skew
 */
#ifndef HOLDFAST_CORE_SKEW_H
#define HOLDFAST_CORE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#define SKEW_WINDOW_MS 10000
#define SKEW_SPAN_MS   600000 /* compared at most */
#define SKEW_SHOW_MS   60000  /* compared at least, to be shown */
#define SKEW_JITTER_MS 50

/* When it was by our clock, and how much that was ahead of theirs. */
struct skew_point {
	int64_t at_ms;
	int64_t ahead_ms;
};

/* All zeros: nothing known. */
struct skew {
	struct skew_point first;
	struct skew_point best; /* of the window, while HAS_BEST */
	int64_t window_ms;	/* when it began */
	bool has_first;
	bool has_best;
	int64_t gained_ms; /* ours on theirs, within SPAN_MS */
	int64_t span_ms;
};

/* A datagram sent at THEIRS_MS came at OURS_MS, each by a clock of its own that
 * is never set.
 */
void skew_add(struct skew *skew, int64_t theirs_ms, int64_t ours_ms);

/* How much faster ours runs, in millionths; 0 until that is known. */
int32_t skew_ppm(const struct skew *skew);

/* Do the rates differ by more than PPM, whatever the network did? */
bool skew_exceeds(const struct skew *skew, uint32_t ppm);

#endif
