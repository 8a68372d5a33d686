/* zone - what the clocks of a place show, and when.
 *
 * Pure.  Who knows the places (io/zoneinfo.h) hands in how far their clocks
 * are ahead of UTC; the searches here take it from there.  Times are seconds
 * since 1970; "local" ones are what the clock shows, counted as if it were
 * UTC.
 *
 * A local clock is set forward and back.  At 01:00 UTC, in Berlin:
 *
 *	spring, shows	01:59 | 03:00	02:30 never comes, it is reached at
 *					the change
 *	autumn, shows	02:59 | 02:00	02:30 comes twice, it is reached the
 *					first time
 *
 * So a local time is *reached* when the clock first shows it or a later one.
 * That moment exists for every local time, is one, and keeps their order.
 */
#ifndef HOLDFAST_CORE_ZONE_H
#define HOLDFAST_CORE_ZONE_H

#include <stdint.h>

/* No clock is, or ever was, further from UTC. */
#define ZONE_OFFSET_MAX_S INT64_C(90000)
/* No two changes of a clock are nearer to each other. */
#define ZONE_CALM_S INT64_C(3600)
#define ZONE_NEVER  INT64_MAX

struct zone {
	/* Seconds the clock is ahead of UTC at UTC_S. */
	int32_t (*offset_s)(void *arg, int64_t utc_s);
	void *arg;
};

/* What ZONE's clock, NULL = UTC, shows at UTC_S. */
int64_t zone_local(const struct zone *zone, int64_t utc_s);

/* When the clock is first set after FROM_S, at the latest at UNTIL_S;
 * ZONE_NEVER if it is not.
 */
int64_t zone_change(const struct zone *zone, int64_t from_s, int64_t until_s);

/* The latest local time reached at UTC_S. */
int64_t zone_reached(const struct zone *zone, int64_t utc_s);

/* When LOCAL_S is reached. */
int64_t zone_reach(const struct zone *zone, int64_t local_s);

#endif
