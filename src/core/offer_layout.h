/* offer_layout - the tags of an offer; only for what writes and reads it.
 *
 * Never renumber, never reuse (core/codec.h).
 */
#ifndef HOLDFAST_CORE_OFFER_LAYOUT_H
#define HOLDFAST_CORE_OFFER_LAYOUT_H

#include "core/record.h"

enum offer_tag {
	OFFER_GENERATION = RECORD_VALUE_TAG,
	OFFER_DRAINING = 17,
	OFFER_CORES = 18,
	OFFER_TAGS = 19,
	OFFER_UNIT = 20, /* once for each unit, whose fields are: */
};

/* What is left out is 0, or empty, except where said. */
enum offer_unit_tag {
	OFFER_UNIT_KIND = 1,
	OFFER_UNIT_NAME = 2,
	OFFER_UNIT_DIGEST = 3,
	OFFER_UNIT_DISABLED = 4,
	OFFER_UNIT_EVERY = 5,
	OFFER_UNIT_CRON = 6,
	OFFER_UNIT_ZONE = 7, /* left out: as of the unit before */
	OFFER_UNIT_MISSED = 8,
	OFFER_UNIT_BACKOFF = 9,
	OFFER_UNIT_BACKOFF_MAX = 10,
	OFFER_UNIT_RESTART = 11,
	OFFER_UNIT_ESSENTIAL = 12,
	OFFER_UNIT_REBALANCE = 13,
	OFFER_UNIT_MIN_NODES = 14, /* left out: 1 */
	OFFER_UNIT_PREFER = 15,	   /* as OFFER_UNIT_ZONE */
	OFFER_UNIT_REQUIRE = 16,   /* as OFFER_UNIT_ZONE */
	OFFER_UNIT_PER_NODE = 17,
	OFFER_UNIT_MAX_RUNNING = 18,
};

/* These are stored as they are. */
_Static_assert(UNIT_SINGLETON == 1 && UNIT_JOB == 2 && RESTART_PERMANENT == 0 &&
		       RESTART_TRANSIENT == 1 && RESTART_TEMPORARY == 2 &&
		       MISSED_SKIP == 0 && MISSED_RUN_ONCE == 1 &&
		       REBALANCE_NEVER == 0 && REBALANCE_JOIN == 1,
	       "what was stored keeps its meaning");

#endif
