/* lateness - has somebody stopped showing signs of life?
 *
 * Pure.  What counts is the time in which the watcher itself looked: when it
 * was suspended, so was, most likely, the watched (LEASE T4).  At least two
 * looks lie between the last sign and the verdict.
 */
#ifndef HOLDFAST_CORE_LATENESS_H
#define HOLDFAST_CORE_LATENESS_H

#include <stdbool.h>
#include <stdint.h>

struct lateness {
	int64_t sign;	   /* the last one seen */
	int64_t looked_ms; /* when we looked last */
	int64_t silent_ms; /* of our own time without a change */
};

/* Begins anew: something was just started. */
void lateness_reset(struct lateness *lateness, int64_t now_ms);

/* One look at the SIGN, anything that changes while its giver lives.  More
 * than LOOK_MS since the last look does not count.  Is it late, after LIMIT_MS
 * of silence?
 */
bool lateness_look(struct lateness *lateness, int64_t sign, int64_t now_ms,
		   int64_t look_ms, int64_t limit_ms);

#endif
