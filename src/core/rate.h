/* rate - how many of something are let through in a second.
 *
 * Pure.  A token bucket: it holds up to BURST tokens and gains PER_S of them a
 * second; each thing takes one, and what finds it empty is dropped.
 */
#ifndef HOLDFAST_CORE_RATE_H
#define HOLDFAST_CORE_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	int64_t per_s;
	int64_t burst;
	int64_t left; /* thousandths of a token */
	int64_t filled_ms;
};

/* A full bucket. */
struct rate rate_init(int64_t per_s, int64_t burst, int64_t now_ms);
/* Takes COUNT tokens if there are as many. */
bool rate_take(struct rate *rate, int64_t count, int64_t now_ms);

#endif
