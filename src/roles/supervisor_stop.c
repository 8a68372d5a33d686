/* An orderly stop, stage by stage, each within its time. */
#define _GNU_SOURCE
#include <signal.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/supervisor_parts.h"

#define NUDGE_MS   1000 /* the owners have so long to say stop */
#define SILENT_MS  3000 /* control that said nothing for so long is dead */
#define SAY_MS	   1000 /* between two words about what is waited for */
#define MARGIN_MS  5000 /* beyond the longest stop-timeout */
#define SHORT_MS   1000 /* every wait, when waits are cut short */
#define FRONT_MS   3000 /* http and control, to answer what they have */
#define JOURNAL_MS 5000 /* journal, to sync */
#define LEASE_MS   2000 /* lease, to give it back */

static int64_t longest_stop_ms(const struct config *config)
{
	int64_t longest_ms = 0;

	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].stop_timeout_ms > longest_ms)
			longest_ms = config->units[i].stop_timeout_ms;
	return longest_ms;
}

static void enter(struct supervisor *supervisor, enum stage stage,
		  int64_t wait_ms)
{
	int64_t now_ms = clock_ms();

	if (supervisor->stopping > 1 && wait_ms > SHORT_MS)
		wait_ms = SHORT_MS;
	supervisor->stage = stage;
	supervisor->stage_ms = now_ms;
	supervisor->deadline_ms = now_ms + wait_ms;
}

/* The wish to stop, or to stop faster, as the board now has it. */
static void hear_stopping(struct supervisor *supervisor)
{
	uint32_t wish = supervisor->board->stopping;

	if (wish == supervisor->stopping)
		return;
	supervisor->stopping = wish;
	log_info("supervisor: stopping wish=%u", wish);
	if (supervisor->stage == STAGE_RUN)
		enter(supervisor, STAGE_WORK,
		      longest_stop_ms(supervisor->heritage->config) +
			      supervisor->board->stop_budget_ms + MARGIN_MS);
	else
		enter(supervisor, supervisor->stage, SHORT_MS);
	if (wish > 1)
		reconcile_kill_all(&supervisor->work, wish > 2);
}

/* Services are stopped in order, by control, as long as it is there. */
static unsigned first_to_stop(const struct supervisor *supervisor,
			      int64_t now_ms)
{
	const struct board_role *control =
		&supervisor->board->roles[ROLE_CONTROL];

	return now_ms - control->beat_ms < SILENT_MS ? BOARD_LEADER_FIRST : 0;
}

static void name_alive(struct supervisor *supervisor, int64_t now_ms)
{
	if (now_ms < supervisor->say_ms)
		return;
	if (supervisor->say_ms != 0)
		(void)reconcile_name_alive(&supervisor->work);
	supervisor->say_ms = now_ms + SAY_MS;
}

static void stop_work(struct supervisor *supervisor, int64_t now_ms)
{
	name_alive(supervisor, now_ms);
	if (reconcile_is_empty(&supervisor->work)) {
		crew_dismiss(&supervisor->crew, ROLE_SWEEPER, ROLE_SWEEPER,
			     SIGKILL);
		crew_dismiss(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1,
			     SIGTERM);
		enter(supervisor, STAGE_FRONT, FRONT_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		reconcile_kill_all(&supervisor->work, true);
	} else if (now_ms >= supervisor->stage_ms + NUDGE_MS) {
		reconcile_stop_from(&supervisor->work,
				    first_to_stop(supervisor, now_ms));
	}
}

static void stop_front(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1)) {
		crew_dismiss(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL,
			     SIGTERM);
		enter(supervisor, STAGE_JOURNAL, JOURNAL_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

static void stop_journal(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL)) {
		atomic_store(&supervisor->board->cluster.leaving, 1);
		enter(supervisor, STAGE_LEASE, LEASE_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

/* Its work is dead, and nothing will be started any more; said again at each
 * turn, should a generation just have begun.
 */
static void stop_lease(struct supervisor *supervisor, int64_t now_ms)
{
	deadline_all_dead(supervisor->heritage, true);
	bell_ring(supervisor->heritage->bells[ROLE_LEASE]);
	if (crew_is_gone(&supervisor->crew, ROLE_LEASE, ROLE_LEASE) &&
	    !supervisor->crew.members[ROLE_LEASE].wanted) {
		crew_dismiss(&supervisor->crew, ROLE_HEARTBEAT, ROLE_HEARTBEAT,
			     SIGTERM);
		enter(supervisor, STAGE_BEAT, SHORT_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_LEASE, ROLE_LEASE,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

static void stop_heartbeat(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_HEARTBEAT, ROLE_HEARTBEAT) ||
	    now_ms >= supervisor->deadline_ms)
		supervisor->stage = STAGE_DONE;
}

void supervisor_stop(struct supervisor *supervisor, int64_t now_ms)
{
	hear_stopping(supervisor);
	if (supervisor->stage == STAGE_WORK)
		stop_work(supervisor, now_ms);
	if (supervisor->stage == STAGE_FRONT)
		stop_front(supervisor, now_ms);
	if (supervisor->stage == STAGE_JOURNAL)
		stop_journal(supervisor, now_ms);
	if (supervisor->stage == STAGE_LEASE)
		stop_lease(supervisor, now_ms);
	if (supervisor->stage == STAGE_BEAT)
		stop_heartbeat(supervisor, now_ms);
}
