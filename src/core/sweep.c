#include "core/sweep.h"

bool sweep_judge(const struct job *job, int64_t wall_ms, struct sweep *sweep)
{
	*sweep = (struct sweep){ .before_ms = INT64_MAX };
	if (job == NULL) {
		sweep->below = UINT64_MAX;
		sweep->before_ms = wall_ms - SWEEP_UNKNOWN_MS;
		return true;
	}
	/* Another attempt may go on from what is there; one that runs has taken
	 * over what there was. */
	if (!job_has_ended(job)) {
		sweep->below = job->held;
		return job->state == JOB_PROCESSING && job->attempt > 1;
	}
	/* Its version is no smaller than any of its attempts. */
	sweep->below = job->version.token + 1;
	if (job->forgotten || job->expires_ms <= wall_ms)
		return true;
	sweep->below = job->held;
	sweep->held = job->held;
	sweep->keeps_output = job->state == JOB_READY;
	return job->held != 0;
}
