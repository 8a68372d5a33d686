#include "core/restart.h"

void restart_started(struct restart *restart, int64_t now_ms)
{
	restart->started_ms = now_ms;
}

/* Did more than MAX ends, this one included, fall in WITHIN_MS? */
static bool is_beyond_limit(const struct restart *restart,
			    const struct restart_policy *policy, int64_t now_ms)
{
	uint64_t before;

	if (policy->max == 0 || restart->ends <= policy->max)
		return false;
	before = restart->ends - 1 - policy->max;
	return now_ms - restart->ends_ms[before % (RESTART_LIMIT_MAX + 1)] <
	       policy->within_ms;
}

int64_t restart_ended(struct restart *restart,
		      const struct restart_policy *policy, int64_t now_ms)
{
	int64_t pause_ms;

	if (now_ms - restart->started_ms >= policy->calm_ms)
		restart->streak = 0;
	restart->streak++;
	restart->ends_ms[restart->ends % (RESTART_LIMIT_MAX + 1)] = now_ms;
	restart->ends++;
	if (is_beyond_limit(restart, policy, now_ms))
		return RESTART_GIVE_UP;
	if (restart->streak <= policy->at_once)
		return 0;
	pause_ms = (restart->streak - policy->at_once) * policy->step_ms;
	return pause_ms < policy->pause_max_ms ? pause_ms
					       : policy->pause_max_ms;
}
