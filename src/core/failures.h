/* failures - where a singleton failed lately, and when it may be tried again.
 *
 * Pure.  Kept by the leader for each singleton, and forgotten when it leads no
 * longer.
 * What a node restarts in place is that node's affair; a failure is that it
 * gave up.  Then the singleton goes to another node at once, until it failed
 * everywhere; from then on each failure makes it wait, wherever it goes, and
 * each time longer:
 *
 *	three nodes, back-off 1 s to 60 s, it ends at once
 *	0 s	a, b, c: then it has failed everywhere
 *	1 s	a, which failed the longest time ago
 *	3 s	b
 *	7 s	c …
 *	then one of them every 60 s
 *
 * So what crashes everywhere costs FAILURES_NODES tries at most, and then one
 * for each pause, however many nodes there are and however they come and go.
 */
#ifndef HOLDFAST_CORE_FAILURES_H
#define HOLDFAST_CORE_FAILURES_H

#include "core/place.h"

#define FAILURES_NODES	  8	/* remembered; more are everywhere */
#define FAILURES_PAUSE_MS 1000	/* no pause is shorter */
#define FAILURES_KEEP_MS  60000 /* failures count at least so long */

struct failures {
	struct {
		uint64_t node;	 /* place_hash of its name */
		uint32_t number; /* of the latest failure there, 0 = none */
	} at[FAILURES_NODES];
	uint32_t count;	 /* failures, from 1 */
	uint32_t pauses; /* so many of them made it wait */
	int64_t due_ms;	 /* not to be tried before, wherever */
};

struct failures_terms {
	int64_t backoff_ms;
	int64_t backoff_max_ms;
	uint32_t eligible; /* nodes it could go to now, NODE included if it is
			      still one of them */
};

/* Begins anew: it was disabled, changed, or wished elsewhere by a person. */
void failures_clear(struct failures *failures);

/* It failed on NODE, at NOW_MS of a clock that is never set.  When it was well
 * for longer than the longest pause, and FAILURES_KEEP_MS, what was before is
 * forgotten.
 */
void failures_note(struct failures *failures, struct text node,
		   const struct failures_terms *terms, int64_t now_ms);

/* May it be tried at NOW_MS?  Only then place it, with failures_judge. */
bool failures_may(const struct failures *failures, int64_t now_ms);

/* Sets failed_lately of each: all but those of the eligible where it never
 * failed, or, if there are none, the one where that is longest ago.
 */
void failures_judge(const struct failures *failures, struct place_node *nodes,
		    size_t count);

#endif
