#include "core/zone.h"

#include <stddef.h>

static int64_t offset(const struct zone *zone, int64_t utc_s)
{
	int64_t found = zone != NULL ? zone->offset_s(zone->arg, utc_s) : 0;

	if (found > ZONE_OFFSET_MAX_S)
		return ZONE_OFFSET_MAX_S;
	return found < -ZONE_OFFSET_MAX_S ? -ZONE_OFFSET_MAX_S : found;
}

int64_t zone_local(const struct zone *zone, int64_t utc_s)
{
	return utc_s + offset(zone, utc_s);
}

/* The change between FROM_S and UNTIL_S; there is one. */
static int64_t narrow(const struct zone *zone, int64_t from_s, int64_t until_s)
{
	int64_t before = offset(zone, from_s);

	while (until_s - from_s > 1) {
		int64_t middle = from_s + (until_s - from_s) / 2;

		if (offset(zone, middle) == before)
			from_s = middle;
		else
			until_s = middle;
	}
	return until_s;
}

int64_t zone_change(const struct zone *zone, int64_t from_s, int64_t until_s)
{
	int64_t before = offset(zone, from_s);

	while (zone != NULL && from_s < until_s) {
		int64_t left = until_s - from_s;
		int64_t next =
			from_s + (left < ZONE_CALM_S ? left : ZONE_CALM_S);

		if (offset(zone, next) != before)
			return narrow(zone, from_s, next);
		from_s = next;
	}
	return ZONE_NEVER;
}

int64_t zone_reached(const struct zone *zone, int64_t utc_s)
{
	/* Before that it showed less than it does now, however it was set. */
	int64_t from_s = utc_s - 2 * ZONE_OFFSET_MAX_S;
	int64_t reached_s = zone_local(zone, utc_s);
	int64_t change_s;

	while ((change_s = zone_change(zone, from_s, utc_s)) != ZONE_NEVER) {
		int64_t shown_s = zone_local(zone, change_s - 1);

		if (shown_s > reached_s)
			reached_s = shown_s;
		from_s = change_s;
	}
	return reached_s;
}

int64_t zone_reach(const struct zone *zone, int64_t local_s)
{
	int64_t from_s = local_s - ZONE_OFFSET_MAX_S;
	int64_t until_s = local_s + ZONE_OFFSET_MAX_S;

	while (from_s < until_s && zone_local(zone, from_s) < local_s) {
		int64_t there_s = local_s - offset(zone, from_s);
		int64_t change_s = zone_change(zone, from_s, there_s);

		if (change_s == ZONE_NEVER)
			return there_s;
		from_s = change_s;
	}
	return from_s;
}
