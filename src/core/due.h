/* due - when does a timed singleton run?
 *
 * Pure.  The times it is to run at are its *slots*: by `every` the multiples
 * of that since 1970 in UTC, so that restarts and other nodes find the same
 * ones; by `cron` what core/cron.h says.  A slot is run by *claiming* it, which
 * is made durable before the run, or it is *missed*.
 *
 *	claimed		At most once: none at or before the last claimed one is
 *			ever claimed, however clocks are set.
 *	first		An `every` that never ran does so at once, for the slot
 *			that has begun: who writes every = "24h" wants to see
 *			it run today.  A `cron` waits for its first time.
 *	late		A slot found within a grace after its time is run as if
 *			in time: half of `every`, but from 1 s to 30 s; 30 s for
 *			`cron`.  Only the latest one ever is.
 *	missed		What no run was started for within that: nothing was up,
 *			the clock was set forward, the run before still lasts.
 *			skip: passed over.  run-once: all of them together give
 *			one run, at once, or when the run that lasts ends.
 *	no overlap	While a run lasts nothing is claimed.
 *
 * Hourly, the run of 10:00 lasts until 12:20:
 *
 *	skip		11:00 and 12:00 passed over, told as they come; 13:00
 *	run-once	at 12:20 for 12:00, with 11:00 missed; 13:00
 *
 * The clock goes forward from 10:30 to 14:10: skip passes over 11:00 to 14:00,
 * run-once runs at once.  It goes back from 14:10 to 10:30 after the run of
 * 14:00: nothing is due before 15:00, which `due_ahead_ms` shows.
 */
#ifndef HOLDFAST_CORE_DUE_H
#define HOLDFAST_CORE_DUE_H

#include "core/config.h"
#include "core/cron.h"

#define DUE_GRACE_MIN_MS INT64_C(1000)
#define DUE_GRACE_MAX_MS INT64_C(30000)
#define DUE_LOOK_MAX_MS	 INT64_C(60000)
#define DUE_MISSED_MAX	 1000
#define DUE_NEVER	 INT64_MAX

struct due_policy {
	int64_t every_ms; /* 0 = by cron */
	const struct cron *cron;
	const struct zone *zone; /* of cron, NULL = UTC */
	enum unit_missed missed;
};

/* What is known of one unit; in milliseconds since 1970. */
struct due {
	/* The last claimed slot, 0 = never: the durable part. */
	int64_t slot_ms;
	/* Slots up to here are none of its, or settled.  At first when the
	 * unit was first known or last enabled; for one with a claim 0 is
	 * right after a restart, since what came in between was missed.
	 */
	int64_t from_ms;
};

struct due_verdict {
	int64_t slot_ms; /* to be claimed, then run; 0 = none now */
	/* Slots that get no run of their own; DUE_MISSED_MAX = so many or
	 * more.  Each is told once.  The last one is at missed_ms.
	 */
	unsigned missed;
	int64_t missed_ms;
	bool busy;	 /* a run lasted when they came */
	int64_t next_ms; /* the next slot, DUE_NEVER = none */
	int64_t look_ms; /* ask again then, or when a run ends; not later than
			    DUE_LOOK_MAX_MS from now, since a clock may be set
			    while one sleeps */
};

/* What is to be done at NOW_MS; RUNNING: an earlier run lasts.  Asked again
 * before the slot is claimed, it says the same.
 */
struct due_verdict due_judge(struct due *due, const struct due_policy *policy,
			     bool running, int64_t now_ms);

/* SLOT_MS was claimed, durably, here or elsewhere. */
void due_claim(struct due *due, int64_t slot_ms);

/* How far the last claimed slot is in the future: more than a moment when the
 * clock was set back; nothing runs until it has passed.
 */
int64_t due_ahead_ms(const struct due *due, int64_t now_ms);

#endif
