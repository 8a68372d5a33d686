#include "core/life.h"

#define RING	    (LIFE_RESTARTS_MAX + 1)
#define CHANCE_PART 10 /* of the pause */

/* Is it one to be started again after such an end? */
static bool is_restarted(enum unit_restart restart, enum life_end end)
{
	switch (restart) {
	case RESTART_PERMANENT:
		return true;
	case RESTART_TRANSIENT:
		return end != LIFE_END_OK;
	default:
		return false;
	}
}

enum life_next life_judge(enum unit_restart restart, enum life_end end,
			  bool too_often, bool stop_asked)
{
	if (stop_asked)
		return LIFE_STOPPED;
	if (is_restarted(restart, end))
		return too_often ? LIFE_GIVEN_UP : LIFE_AGAIN;
	return end == LIFE_END_OK ? LIFE_DONE : LIFE_FAILED;
}

int64_t life_pause(const struct life_policy *policy, uint32_t row,
		   uint32_t chance)
{
	int64_t pause_ms = policy->backoff_ms;

	for (; row > 1 && pause_ms < policy->backoff_max_ms && pause_ms > 0;
	     row--)
		pause_ms *= 2;
	if (pause_ms > policy->backoff_max_ms)
		pause_ms = policy->backoff_max_ms;
	if (pause_ms <= 0)
		return 0;
	return pause_ms + chance % (pause_ms / CHANCE_PART + 1);
}

void life_started(struct life_record *record, int64_t now_ms)
{
	if (record->ends > 0 && now_ms > record->ended_ms)
		record->paused_ms += now_ms - record->ended_ms;
	record->started_ms = now_ms;
}

/* Notes the end at NOW_MS by the clock of the limit; is it one too many? */
static bool note_end(struct life_record *record,
		     const struct life_policy *policy, int64_t now_ms)
{
	uint32_t max = policy->max_restarts < LIFE_RESTARTS_MAX
			       ? policy->max_restarts
			       : LIFE_RESTARTS_MAX;
	uint64_t latest = record->ends++;

	record->ends_ms[latest % RING] = now_ms;
	if (latest < max)
		return false;
	return now_ms - record->ends_ms[(latest - max) % RING] <=
	       policy->max_seconds_ms;
}

struct life_verdict life_ended(struct life_record *record,
			       const struct life_policy *policy,
			       enum life_end end, bool stop_asked,
			       uint32_t chance, int64_t now_ms)
{
	struct life_verdict verdict = { .pause_ms = 0 };
	bool too_often = note_end(record, policy, now_ms - record->paused_ms);

	if (now_ms - record->started_ms > policy->max_seconds_ms)
		record->row = 0;
	record->row++;
	record->ended_ms = now_ms;
	verdict.next = life_judge(policy->restart, end, too_often, stop_asked);
	if (verdict.next == LIFE_AGAIN)
		verdict.pause_ms = life_pause(policy, record->row, chance);
	return verdict;
}
