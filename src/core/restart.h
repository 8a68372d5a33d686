/* restart - may what just ended start again, and when?
 *
 * Pure.  Two rules work together: OTP's limit (more than so many ends in so
 * long a time: give up), and a pause that grows while ends follow each other
 * and is forgotten after a calm time.
 */
#ifndef HOLDFAST_CORE_RESTART_H
#define HOLDFAST_CORE_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#define RESTART_LIMIT_MAX 63 /* the highest MAX of a policy */
#define RESTART_GIVE_UP	  INT64_C(-1)

struct restart_policy {
	unsigned max; /* ends allowed in WITHIN_MS; 0 = never give up */
	int64_t within_ms;
	unsigned at_once; /* the first so many restarts wait for nothing */
	int64_t step_ms;  /* each further one waits so much longer */
	int64_t pause_max_ms;
	int64_t calm_ms; /* after running so long, counting begins anew */
};

/* All zero before the first start. */
struct restart {
	int64_t ends_ms[RESTART_LIMIT_MAX + 1]; /* ring of the latest */
	uint64_t ends;				/* ever */
	unsigned streak;			/* since the last calm time */
	int64_t started_ms;
};

void restart_started(struct restart *restart, int64_t now_ms);

/* What was started has ended.  How many ms to wait before it is started
 * again, or RESTART_GIVE_UP.
 */
int64_t restart_ended(struct restart *restart,
		      const struct restart_policy *policy, int64_t now_ms);

#endif
