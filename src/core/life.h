/* life - is what ended started again, and when?
 *
 * Pure.  Decides for one unit that is kept up.  The table, of what kind of
 * restart it has, how it ended, whether it did so too often, and whether it was
 * asked to stop, is life_judge(); life_ended() feeds it.
 *
 * Too often is what OTP says: more than `max-restarts` ends within
 * `max-seconds`.  The time between an end and the next start is not counted,
 * else a growing pause would disarm the limit: after pauses of 1, 2 and 4 s no
 * four ends lie within 5 s.  So the clock of the limit stands still while
 * nothing runs:
 *
 *   runs        |--0.1 s--|        |--0.1 s--|          |--0.1 s--|
 *   pauses                |-- 1 s -|         |-- 2 s ---|
 *   its clock   0         100      100       200        200       300 ms
 *
 * The pause is `backoff`, doubled for each further end in a row, never above
 * `backoff-max`, plus up to a tenth of it by chance, so that what broke
 * together does not come back together.  A run that lasted longer than
 * `max-seconds` begins a new row.
 */
#ifndef HOLDFAST_CORE_LIFE_H
#define HOLDFAST_CORE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"

#define LIFE_RESTARTS_MAX 1000 /* the highest max_restarts of a policy */

/* How it ended. */
enum life_end {
	LIFE_END_OK,	   /* exit 0, or one of ok-exit */
	LIFE_END_CODE,	   /* any other exit code */
	LIFE_END_SIGNAL,   /* by a signal */
	LIFE_END_SILENT,   /* we killed it for want of a sign of life */
	LIFE_END_TIMEOUT,  /* we stopped it, since it ran too long */
	LIFE_END_NO_START, /* the command could not be run */
	LIFE_ENDS
};

enum life_next {
	LIFE_AGAIN,    /* it is started again */
	LIFE_DONE,     /* it ended as it may and stays so */
	LIFE_FAILED,   /* it failed and is not one to be started again */
	LIFE_GIVEN_UP, /* it would be, but ended too often */
	LIFE_STOPPED,  /* it was asked to stop */
};

struct life_policy {
	enum unit_restart restart;
	uint32_t max_restarts; /* 0 = not one; up to LIFE_RESTARTS_MAX */
	int64_t max_seconds_ms;
	int64_t backoff_ms; /* 0 = at once, always */
	int64_t backoff_max_ms;
};

/* All zero before the first start. */
struct life_record {
	int64_t ends_ms[LIFE_RESTARTS_MAX + 1]; /* ring of the latest, by the
						   clock of the limit */
	uint64_t ends;				/* ever */
	uint32_t row;	    /* ends in a row: each pause before is longer */
	int64_t started_ms; /* the latest */
	int64_t ended_ms;
	int64_t paused_ms; /* nothing ran for so long, in all */
};

struct life_verdict {
	enum life_next next;
	int64_t pause_ms; /* of LIFE_AGAIN */
};

/* The table.  TOO_OFTEN: this end is one more than allowed. */
enum life_next life_judge(enum unit_restart restart, enum life_end end,
			  bool too_often, bool stop_asked);

/* The pause after the end number ROW (from 1) in a row; CHANCE is any random
 * number.
 */
int64_t life_pause(const struct life_policy *policy, uint32_t row,
		   uint32_t chance);

/* It was started, or it was tried to. */
void life_started(struct life_record *record, int64_t now_ms);

/* It ended. */
struct life_verdict life_ended(struct life_record *record,
			       const struct life_policy *policy,
			       enum life_end end, bool stop_asked,
			       uint32_t chance, int64_t now_ms);

#endif
