#define _GNU_SOURCE
#include "roles/reconcile.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/proc.h"
#include "roles/birth.h"

#define LOOK_BEYOND   64 /* idle slots that end a look */
#define CLEAR_LOOK_MS 10 /* while something is being proven dead */
#define FORK_RETRY_MS 500
#define NAMED_MAX     8 /* in one complaint */

void reconcile_init(struct reconcile *reconcile, struct heritage *heritage,
		    struct loop *loop, const struct crew *crew)
{
	memset(reconcile, 0, sizeof(*reconcile));
	reconcile->heritage = heritage;
	reconcile->loop = loop;
	reconcile->crew = crew;
	/* What a predecessor had may lie anywhere. */
	if (heritage->board->life > 1) {
		reconcile->used[0] = BOARD_LEADER_FIRST;
		reconcile->used[1] = BOARD_HOLDINGS_MAX;
	} else {
		reconcile->used[1] = BOARD_LEADER_FIRST;
	}
}

/* The first slot from SLOT on that may be in use, BOARD_HOLDINGS_MAX after the
 * last.
 */
static unsigned next_slot(const struct reconcile *reconcile, unsigned slot)
{
	if (slot >= reconcile->used[0] && slot < BOARD_LEADER_FIRST)
		slot = BOARD_LEADER_FIRST;
	return slot < reconcile->used[slot >= BOARD_LEADER_FIRST]
		       ? slot
		       : BOARD_HOLDINGS_MAX;
}

static struct holding *holding_of(struct reconcile *reconcile, unsigned slot)
{
	return &reconcile->heritage->board->holdings[slot];
}

static bool is_job(struct reconcile *reconcile, unsigned slot)
{
	return holding_of(reconcile, slot)->kind == UNIT_JOB;
}

static void show(struct reconcile *reconcile, unsigned slot, enum phase phase)
{
	holding_of(reconcile, slot)->phase = phase;
	if (phase != PHASE_FORKED)
		reconcile->changed = true;
}

/* ---- starting ---- */

/* QUIT, not KILL: should the guardian be dead as well, a worker is the last
 * one who can find what its command left behind (K2).
 */
static void be_worker(struct reconcile *reconcile, unsigned slot, pid_t parent)
{
	struct birth birth = {
		.heritage = reconcile->heritage,
		.parents_loop = reconcile->loop,
		.parent = parent,
		.name = "worker",
		.death_signal = SIGQUIT,
	};

	birth_below_supervisor(&birth);
	_exit(worker_main(reconcile->heritage, slot));
}

static void wake(struct reconcile *reconcile, unsigned slot, uint64_t token)
{
	struct worker *worker = &reconcile->workers[slot];

	worker->token = token;
	worker->state = WORKER_RUNS;
	worker->woken = true;
	if (is_job(reconcile, slot))
		reconcile->busy++;
	/* Should it be leaving, its end tells that it never began. */
	kill(worker->pid, SIGUSR1);
}

static void start(struct reconcile *reconcile, unsigned slot, uint64_t token,
		  int64_t now_ms)
{
	struct holding *holding = holding_of(reconcile, slot);
	pid_t parent = getpid();
	pid_t pid;

	holding->phase_token = token;
	show(reconcile, slot, PHASE_FORKED);
	if (reconcile->workers[slot].state == WORKER_RESTS) {
		wake(reconcile, slot, token);
		return;
	}
	pid = fork();
	if (pid == 0)
		be_worker(reconcile, slot, parent);
	if (pid == -1) {
		log_err(-errno, "supervisor: cannot fork a worker slot=%u",
			slot);
		holding->phase_token = 0;
		show(reconcile, slot, PHASE_IDLE);
		reconcile->fork_ms = now_ms + FORK_RETRY_MS;
		return;
	}
	holding->worker_pid = pid;
	reconcile->workers[slot] = (struct worker){ .token = token,
						    .pid = pid,
						    .state = WORKER_RUNS };
	if (is_job(reconcile, slot))
		reconcile->busy++;
	reconcile->alive++;
}

/* The token the slot waits to start, 0 if it does not. */
static uint64_t waiting_token(struct reconcile *reconcile, unsigned slot)
{
	struct holding *holding = holding_of(reconcile, slot);
	uint64_t token = holding->token;
	enum worker_state state = reconcile->workers[slot].state;

	if (token == 0 || (state != WORKER_NONE && state != WORKER_RESTS) ||
	    holding->phase != PHASE_IDLE || holding->wanted != WANTED_RUN ||
	    token == holding->settled || token == holding->phase_token)
		return 0;
	return token;
}

/* Services and singletons wait for no place. */
static void start_units(struct reconcile *reconcile, int64_t now_ms)
{
	for (unsigned slot = next_slot(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX && now_ms >= reconcile->fork_ms;
	     slot = next_slot(reconcile, slot + 1)) {
		uint64_t token = waiting_token(reconcile, slot);

		if (token != 0 && !is_job(reconcile, slot))
			start(reconcile, slot, token, now_ms);
	}
}

/* Starts the jobs that wait, the one assigned first first, as places allow. */
static void start_jobs(struct reconcile *reconcile, int64_t now_ms)
{
	uint64_t places = reconcile->heritage->board->workers;

	while (reconcile->busy < places && now_ms >= reconcile->fork_ms) {
		uint64_t first = 0;
		unsigned at = 0;

		for (unsigned slot = next_slot(reconcile, BOARD_LEADER_FIRST);
		     slot < BOARD_HOLDINGS_MAX;
		     slot = next_slot(reconcile, slot + 1)) {
			uint64_t token = waiting_token(reconcile, slot);

			if (token != 0 && is_job(reconcile, slot) &&
			    (first == 0 || token < first)) {
				first = token;
				at = slot;
			}
		}
		if (first == 0)
			return;
		start(reconcile, at, first, now_ms);
	}
}

/* ---- stopping ---- */

static void kill_group_of(struct reconcile *reconcile, unsigned slot)
{
	int group = cgroup_slot_find(reconcile->heritage->cgroup, slot);

	if (group < 0)
		return;
	cgroup_kill(group);
	close(group);
}

static void tell(struct reconcile *reconcile, unsigned slot)
{
	struct worker *worker = &reconcile->workers[slot];

	if (worker->state == WORKER_RESTS)
		kill(worker->pid, SIGTERM);
	if (worker->state != WORKER_RUNS)
		return;
	kill(worker->pid, SIGTERM);
	worker->state = WORKER_TOLD;
}

static void kill_worker(struct reconcile *reconcile, unsigned slot)
{
	struct worker *worker = &reconcile->workers[slot];

	if (worker->state == WORKER_RESTS)
		kill(worker->pid, SIGKILL);
	if (worker->state != WORKER_RUNS && worker->state != WORKER_TOLD)
		return;
	kill(worker->pid, SIGKILL);
	kill_group_of(reconcile, slot);
	worker->state = WORKER_KILLED;
}

void reconcile_stop_from(struct reconcile *reconcile, unsigned first)
{
	for (unsigned slot = next_slot(reconcile, first);
	     slot < BOARD_HOLDINGS_MAX; slot = next_slot(reconcile, slot + 1))
		if (holding_of(reconcile, slot)->phase != PHASE_STOPPED)
			tell(reconcile, slot);
}

void reconcile_reopen_logs(const struct reconcile *reconcile)
{
	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1)) {
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

	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1)) {
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
	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1))
		if (even_stopped ||
		    holding_of(reconcile, slot)->phase != PHASE_STOPPED)
			kill_worker(reconcile, slot);
}

/* ---- proving dead ---- */

static bool is_ours(void *arg, pid_t pid)
{
	const struct reconcile *reconcile = arg;

	if (crew_has(reconcile->crew, pid))
		return true;
	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1))
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
	struct holding *holding = holding_of(reconcile, slot);
	bool settled = holding->settled == worker->token;

	show(reconcile, slot, settled ? PHASE_IDLE : PHASE_LOST);
	*worker = (struct worker){ .state = WORKER_NONE };
}

/* Those that ended by themselves left nothing; for the others, kill what came
 * to us until nothing does.
 */
static void clear_ended(struct reconcile *reconcile)
{
	int left = proc_kill_children(is_ours, reconcile);

	/* Without /proc there is no proof: keep trying. */
	if (left != 0)
		return;
	reconcile->strays = false;
	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1)) {
		if (reconcile->workers[slot].state != WORKER_ENDED ||
		    !group_is_empty(reconcile, slot))
			continue;
		finish(reconcile, slot);
		reconcile->ended--;
	}
}

static int slot_of(const struct reconcile *reconcile, pid_t pid)
{
	for (unsigned slot = next_slot(reconcile, 0); slot < BOARD_HOLDINGS_MAX;
	     slot = next_slot(reconcile, slot + 1))
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
	struct holding *holding = holding_of(reconcile, slot);
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
		show(reconcile, slot, PHASE_IDLE);
		return true;
	}
	return false;
}

void reconcile_took(struct reconcile *reconcile, pid_t pid, int status)
{
	int slot = slot_of(reconcile, pid);
	struct holding *holding;
	struct worker *worker;

	if (slot == -1) {
		/* Where one came from, more may follow. */
		reconcile->strays = true;
		return;
	}
	holding = holding_of(reconcile, (unsigned)slot);
	worker = &reconcile->workers[slot];
	holding->worker_pid = 0;
	worker->pid = 0;
	reconcile->alive--;
	if (left_in_order(reconcile, (unsigned)slot, status))
		return;
	log_death(worker, pid, status);
	worker->state = WORKER_ENDED;
	reconcile->ended++;
	reconcile->strays = true;
	kill_group_of(reconcile, (unsigned)slot);
}

/* ---- the turn ---- */

/* What a slot without a worker needs. */
static void look_at_empty(struct reconcile *reconcile, unsigned slot,
			  uint64_t token)
{
	struct holding *holding = holding_of(reconcile, slot);
	uint32_t phase = holding->phase;

	if (phase == PHASE_LOST && token != holding->phase_token) {
		show(reconcile, slot, PHASE_IDLE);
	} else if (phase == PHASE_IDLE && token != 0 &&
		   token != holding->settled && token != holding->phase_token &&
		   holding->wanted != WANTED_RUN) {
		/* Told to stop before it was started. */
		holding->phase_token = token;
		show(reconcile, slot, PHASE_LOST);
	}
}

static void look_at_worker(struct reconcile *reconcile, unsigned slot)
{
	struct holding *holding = holding_of(reconcile, slot);
	struct worker *worker = &reconcile->workers[slot];
	uint32_t phase = holding->phase;

	if (worker->state == WORKER_RESTS)
		return;
	if (phase == PHASE_STOPPED && holding->settled == worker->token &&
	    (worker->state == WORKER_RUNS || worker->state == WORKER_TOLD)) {
		worker->state = WORKER_RESTS;
		show(reconcile, slot, PHASE_IDLE);
		return;
	}
	/* A stopped one only waits for its outcome to be kept. */
	if (phase != PHASE_STOPPED && holding->token == worker->token) {
		if (holding->wanted == WANTED_STOP)
			tell(reconcile, slot);
		else if (holding->wanted == WANTED_KILL)
			kill_worker(reconcile, slot);
	}
	if (phase != PHASE_STOPPED && is_job(reconcile, slot))
		reconcile->busy++;
}

/* From FIRST to END; USED_BEFORE is where those in use ended at the last look.
 * Returns where they end now.
 */
static unsigned look_from(struct reconcile *reconcile, unsigned first,
			  unsigned end, unsigned used_before)
{
	unsigned used = first;

	for (unsigned slot = first;
	     slot < end && (slot < used_before || slot < used + LOOK_BEYOND);
	     slot++) {
		const struct worker *worker = &reconcile->workers[slot];
		struct holding *holding = holding_of(reconcile, slot);
		uint64_t token = holding->token;

		if (worker->state != WORKER_NONE)
			look_at_worker(reconcile, slot);
		else
			look_at_empty(reconcile, slot, token);
		if (token != 0 || worker->state != WORKER_NONE ||
		    holding->phase != PHASE_IDLE)
			used = slot + 1;
	}
	return used;
}

static void look(struct reconcile *reconcile)
{
	reconcile->busy = 0;
	reconcile->used[0] =
		look_from(reconcile, 0, BOARD_LEADER_FIRST, reconcile->used[0]);
	reconcile->used[1] = look_from(reconcile, BOARD_LEADER_FIRST,
				       BOARD_HOLDINGS_MAX, reconcile->used[1]);
}

void reconcile_step(struct reconcile *reconcile, bool stopping, int64_t now_ms)
{
	if (reconcile->ended > 0 || reconcile->strays)
		clear_ended(reconcile);
	look(reconcile);
	if (!stopping) {
		start_units(reconcile, now_ms);
		start_jobs(reconcile, now_ms);
	}
	if (reconcile->changed) {
		reconcile->changed = false;
		bell_ring(reconcile->heritage->bells[ROLE_JOURNAL]);
		bell_ring(reconcile->heritage->bells[ROLE_CONTROL]);
	}
}

int64_t reconcile_next(const struct reconcile *reconcile, int64_t now_ms)
{
	if (reconcile->ended > 0 || reconcile->strays)
		return now_ms + CLEAR_LOOK_MS;
	return reconcile->fork_ms > now_ms ? reconcile->fork_ms
					   : LOOP_NO_DEADLINE;
}

bool reconcile_is_empty(const struct reconcile *reconcile)
{
	return reconcile->alive == 0 && reconcile->ended == 0 &&
	       !reconcile->strays;
}
