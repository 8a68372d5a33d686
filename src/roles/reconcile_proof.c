/* reconcile_proof - a worker ended: the proof that nothing of it is left. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/log.h"
#include "io/proc.h"
#include "roles/reconcile_parts.h"

static bool is_ours(void *arg, pid_t pid)
{
	const struct reconcile *reconcile = arg;

	if (crew_has(reconcile->crew, pid))
		return true;
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1))
		if (reconcile->workers[slot].pid == pid)
			return true;
	return false;
}

static bool group_is_empty(struct reconcile *reconcile, unsigned slot)
{
	int group = cgroup_slot_find(reconcile->heritage->cgroup, slot);
	int populated;

	if (group < 0)
		return true;
	populated = cgroup_is_populated(group);
	if (populated == 1)
		cgroup_kill(group);
	close(group);
	return populated != 1;
}

static void finish(struct reconcile *reconcile, unsigned slot)
{
	struct worker *worker = &reconcile->workers[slot];
	struct holding *holding = reconcile_holding(reconcile, slot);
	bool settled = holding->settled == worker->token;

	reconcile_show(reconcile, slot, settled ? PHASE_IDLE : PHASE_LOST);
	*worker = (struct worker){ .state = WORKER_NONE };
}

void reconcile_clear_ended(struct reconcile *reconcile)
{
	int left = proc_kill_children(is_ours, reconcile);

	/* Without /proc there is no proof: keep trying. */
	if (left != 0)
		return;
	reconcile->strays = false;
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1)) {
		if (reconcile->workers[slot].state != WORKER_ENDED ||
		    !group_is_empty(reconcile, slot))
			continue;
		finish(reconcile, slot);
		reconcile->clearing--;
	}
}

static int slot_of(const struct reconcile *reconcile, pid_t pid)
{
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1))
		if (reconcile->workers[slot].pid == pid)
			return (int)slot;
	return -1;
}

static void log_death(const struct worker *worker, pid_t pid, int status)
{
	if (worker->state == WORKER_KILLED)
		log_info("supervisor: killed worker token=%016llx pid=%d",
			 (unsigned long long)worker->token, (int)pid);
	else if (WIFSIGNALED(status))
		log_err(0,
			"supervisor: worker died token=%016llx pid=%d "
			"signal=%d",
			(unsigned long long)worker->token, (int)pid,
			WTERMSIG(status));
	else
		log_err(0,
			"supervisor: worker left early token=%016llx pid=%d "
			"exit=%d",
			(unsigned long long)worker->token, (int)pid,
			WEXITSTATUS(status));
}

/* True when the worker that ended left nothing to clear up. */
static bool left_in_order(struct reconcile *reconcile, unsigned slot,
			  int status)
{
	struct worker *worker = &reconcile->workers[slot];
	struct holding *holding = reconcile_holding(reconcile, slot);
	bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (worker->state == WORKER_RESTS) {
		*worker = (struct worker){ .state = WORKER_NONE };
		return true;
	}
	if (in_order && holding->phase == PHASE_STOPPED &&
	    holding->settled == worker->token) {
		finish(reconcile, slot);
		return true;
	}
	if (in_order && worker->woken && holding->phase == PHASE_FORKED) {
		/* It had stopped waiting for more. */
		*worker = (struct worker){ .state = WORKER_NONE };
		holding->phase_token = 0;
		reconcile_show(reconcile, slot, PHASE_IDLE);
		return true;
	}
	return false;
}

void reconcile_took(struct reconcile *reconcile, pid_t pid, int status)
{
	int slot = slot_of(reconcile, pid);
	struct worker *worker;

	if (slot == -1) {
		/* Where one came from, more may follow. */
		reconcile->strays = true;
		return;
	}
	worker = &reconcile->workers[slot];
	worker->pid = 0;
	reconcile->alive--;
	if (left_in_order(reconcile, (unsigned)slot, status))
		return;
	log_death(worker, pid, status);
	worker->state = WORKER_ENDED;
	reconcile->clearing++;
	reconcile->strays = true;
	reconcile_kill_group(reconcile, (unsigned)slot);
}
