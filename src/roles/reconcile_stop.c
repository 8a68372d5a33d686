/* reconcile_stop - workers that are told to stop, or killed, and which of them
 * still run.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/reconcile_parts.h"

#define NAMED_MAX 8 /* in one complaint */

void reconcile_kill_group(struct reconcile *reconcile, unsigned slot)
{
	int group = cgroup_slot_find(reconcile->heritage->cgroup, slot);

	if (group < 0)
		return;
	cgroup_kill(group);
	close(group);
}

void reconcile_tell(struct reconcile *reconcile, unsigned slot)
{
	struct worker *worker = &reconcile->workers[slot];

	if (worker->state == WORKER_RESTS)
		kill(worker->pid, SIGTERM);
	if (worker->state != WORKER_RUNS)
		return;
	kill(worker->pid, SIGTERM);
	worker->state = WORKER_TOLD;
}

void reconcile_kill(struct reconcile *reconcile, unsigned slot)
{
	struct worker *worker = &reconcile->workers[slot];

	if (worker->state == WORKER_RESTS)
		kill(worker->pid, SIGKILL);
	if (worker->state != WORKER_RUNS && worker->state != WORKER_TOLD)
		return;
	kill(worker->pid, SIGKILL);
	reconcile_kill_group(reconcile, slot);
	worker->state = WORKER_KILLED;
}

void reconcile_stop_from(struct reconcile *reconcile, unsigned first)
{
	for (unsigned slot = reconcile_slot_from(reconcile, first);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1))
		if (reconcile_holding(reconcile, slot)->phase != PHASE_STOPPED)
			reconcile_tell(reconcile, slot);
}

void reconcile_reopen_logs(const struct reconcile *reconcile)
{
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1)) {
		const struct worker *worker = &reconcile->workers[slot];

		if (worker->state == WORKER_RUNS)
			kill(worker->pid, SIGUSR1);
	}
}

unsigned reconcile_name_alive(const struct reconcile *reconcile)
{
	const struct board *board = reconcile->heritage->board;
	char name[BOARD_NAME_MAX + 1];
	unsigned alive = 0;

	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1)) {
		const struct worker *worker = &reconcile->workers[slot];

		if (worker->state == WORKER_NONE ||
		    worker->state == WORKER_RESTS || alive++ >= NAMED_MAX)
			continue;
		board_text_get(&board->units[slot].name, name, sizeof(name));
		log_info(
			"supervisor: waits for %s pid=%d told=%s token=%016llx",
			name[0] != '\0' ? name : "a job", (int)worker->pid,
			worker->state == WORKER_RUNS ? "no" : "yes",
			(unsigned long long)worker->token);
	}
	return alive;
}

void reconcile_kill_all(struct reconcile *reconcile, bool even_stopped)
{
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1))
		if (even_stopped ||
		    reconcile_holding(reconcile, slot)->phase != PHASE_STOPPED)
			reconcile_kill(reconcile, slot);
}

void reconcile_kill_leased(struct reconcile *reconcile)
{
	struct board *board = reconcile->heritage->board;

	for (unsigned slot = reconcile_slot_from(reconcile, BOARD_LEADER_FIRST);
	     slot < BOARD_HOLDINGS_MAX;
	     slot = reconcile_slot_from(reconcile, slot + 1)) {
		if (reconcile->workers[slot].state == WORKER_RESTS)
			continue;
		reconcile_kill(reconcile, slot);
		board->supervisor_beat_ms = clock_ms();
	}
}
