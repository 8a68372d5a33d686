/* The supervisor's life: started, watched, and when it is gone or late all it
 * had is proven dead, and it is started anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "io/proc.h"
#include "roles/estate.h"
#include "roles/guardian_parts.h"

#define SUPERVISOR_LATE_MS 10000
#define END_LOOK_MS	   5000 /* between complaints about what won't die */

static const struct restart_policy policy = {
	.max = 10,
	.within_ms = 60000,
	.at_once = 3,
	.step_ms = 250,
	.pause_max_ms = 2000,
	.calm_ms = 10000,
};

static void start_supervisor(struct guardian *guardian, int64_t now_ms)
{
	int rc = estate_renew(&guardian->heritage);
	pid_t pid;

	atomic_store(&guardian->board->ending, 0);
	pid = rc == 0 ? fork() : -1;
	if (pid == -1) {
		log_err(rc != 0 ? rc : -errno,
			"guardian: cannot start the supervisor");
		guardian->start_ms = now_ms + GUARDIAN_LOOK_MS;
		return;
	}
	if (pid == 0) {
		loop_close(&guardian->loop);
		_exit(supervisor_main(&guardian->heritage));
	}
	estate_handed_over(&guardian->heritage);
	guardian->supervisor = pid;
	guardian->killed = false;
	restart_started(&guardian->restart, now_ms);
	lateness_reset(&guardian->lateness, now_ms);
}

/* All that still had to be told is told as lost: it is proven dead. */
static void mark_lost(struct board *board)
{
	for (int i = 0; i < BOARD_HOLDINGS_MAX; i++) {
		struct holding *holding = &board->holdings[i];
		uint64_t token = holding->token;

		if (token == 0 && holding->phase == PHASE_IDLE)
			continue;
		if (token != 0 && token != holding->settled) {
			holding->phase_token = token;
			holding->phase = PHASE_LOST;
		} else {
			holding->phase = PHASE_IDLE;
		}
	}
	for (int role = ROLE_SUPERVISOR; role < ROLE_MAX; role++)
		board->roles[role].pid = 0;
}

static void log_end(pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_err(0, "guardian: supervisor died pid=%d signal=%d",
			(int)pid, WTERMSIG(status));
	else
		log_err(0, "guardian: supervisor left pid=%d exit=%d", (int)pid,
			WEXITSTATUS(status));
}

void guardian_took(void *arg, pid_t pid, int status)
{
	struct guardian *guardian = arg;
	bool good;

	if (reload_took(&guardian->reload, pid, status, &good)) {
		guardian_take_reload(guardian, good);
		return;
	}
	if (pid != guardian->supervisor)
		return; /* an orphan */
	guardian->supervisor = 0;
	if (guardian->board->stopping > 0 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0) {
		guardian->done = true;
		guardian->exit_code = 0;
		return;
	}
	log_end(pid, status);
	events_add(guardian->board, EVENT_ROLE_DIED, "supervisor",
		   "%s %d, all work is ended and started again",
		   WIFSIGNALED(status) ? "signal" : "exit code",
		   WIFSIGNALED(status) ? WTERMSIG(status)
				       : WEXITSTATUS(status));
	guardian->exit_code = 1;
	guardian->unburied = true;
}

bool guardian_end_everything(struct guardian *guardian)
{
	int cgroup = guardian->heritage.cgroup;

	atomic_store(&guardian->board->ending, 1);
	if (cgroup != -1)
		cgroup_kill(cgroup);
	guardian->reload.pid = 0;
	if (proc_end_all(END_LOOK_MS, NULL, NULL) == 0 &&
	    (cgroup == -1 || cgroup_tree_empty(cgroup, END_LOOK_MS) == 0))
		return true;
	log_err(0, "guardian: something does not die; waiting for it");
	return false;
}

static void bury(struct guardian *guardian)
{
	int64_t began_ms = clock_ms();
	int64_t pause_ms;

	if (!guardian_end_everything(guardian))
		return;
	guardian->unburied = false;
	mark_lost(guardian->board);
	deadline_all_dead(&guardian->heritage, false);
	pause_ms = restart_ended(&guardian->restart, &policy, clock_ms());
	if (guardian->board->stopping > 0) {
		guardian->done = true;
	} else if (pause_ms == RESTART_GIVE_UP) {
		log_err(0,
			"guardian: the supervisor died more than %u times in "
			"%d s, giving up",
			policy.max, (int)(policy.within_ms / 1000));
		guardian->done = true;
	} else {
		log_info("guardian: all work is proven dead after_ms=%lld "
			 "restart_in_ms=%lld",
			 (long long)(clock_ms() - began_ms),
			 (long long)pause_ms);
		guardian->start_ms = clock_ms() + pause_ms;
	}
}

/* It is late, or has missed a deadline: all that is not in a group dies with
 * it, but it may itself not die at once.
 */
static void kill_supervisor(struct guardian *guardian)
{
	int cgroup = guardian->heritage.cgroup;

	guardian->killed = true;
	atomic_store(&guardian->board->ending, 1);
	kill(guardian->supervisor, SIGKILL);
	if (cgroup != -1)
		cgroup_kill(cgroup);
}

static void watch_supervisor(struct guardian *guardian, int64_t now_ms)
{
	if (lateness_look(&guardian->lateness,
			  guardian->board->supervisor_beat_ms, now_ms,
			  GUARDIAN_LOOK_MS, SUPERVISOR_LATE_MS)) {
		log_err(0, "guardian: supervisor is late, killing it");
		kill_supervisor(guardian);
	} else if (deadline_is_missed(&guardian->deadline)) {
		log_err(0, "guardian: leased work has outlived its time, "
			   "killing all");
		kill_supervisor(guardian);
	}
}

void guardian_keep_supervisor(struct guardian *guardian, int64_t now_ms)
{
	if (guardian->unburied)
		bury(guardian);
	else if (guardian->supervisor != 0 && !guardian->killed)
		watch_supervisor(guardian, now_ms);
	else if (guardian->supervisor == 0 && !guardian->done &&
		 now_ms >= guardian->start_ms)
		start_supervisor(guardian, now_ms);
}
