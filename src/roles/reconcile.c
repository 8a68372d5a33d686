#define _GNU_SOURCE
#include "roles/reconcile.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/log.h"
#include "io/loop.h"
#include "roles/birth.h"
#include "roles/reconcile_parts.h"

#define LOOK_BEYOND   64 /* idle slots that end a look */
#define STARTS_MAX    32 /* in one turn, which may keep a kill waiting */
#define CLEAR_LOOK_MS 10 /* while something is being proven dead */
#define FORK_RETRY_MS 500

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

unsigned reconcile_slot_from(const struct reconcile *reconcile, unsigned slot)
{
	if (slot >= reconcile->used[0] && slot < BOARD_LEADER_FIRST)
		slot = BOARD_LEADER_FIRST;
	return slot < reconcile->used[slot >= BOARD_LEADER_FIRST]
		       ? slot
		       : BOARD_HOLDINGS_MAX;
}

struct holding *reconcile_holding(struct reconcile *reconcile, unsigned slot)
{
	return &reconcile->heritage->board->holdings[slot];
}

static bool is_job(struct reconcile *reconcile, unsigned slot)
{
	return reconcile_holding(reconcile, slot)->kind == UNIT_JOB;
}

void reconcile_show(struct reconcile *reconcile, unsigned slot,
		    enum phase phase)
{
	reconcile_holding(reconcile, slot)->phase = phase;
	if (phase != PHASE_FORKED)
		reconcile->changed = true;
}

/* ---- what is leased ---- */

static const struct board_cluster *cluster_of(const struct reconcile *reconcile)
{
	return &reconcile->heritage->board->cluster;
}

static bool is_leased(const struct reconcile *reconcile, unsigned slot)
{
	return slot >= BOARD_LEADER_FIRST && cluster_of(reconcile)->present;
}

static bool may_start(struct reconcile *reconcile, unsigned slot)
{
	uint64_t generation = reconcile_holding(reconcile, slot)->generation;
	struct lease_time now;

	if (!is_leased(reconcile, slot))
		return true;
	now = clock_lease();
	return generation > reconcile->ended &&
	       cluster_holds(cluster_of(reconcile), generation, &now);
}

/* Before its worker is there: so the work is never alive unseen. */
static void note_leased(struct reconcile *reconcile, unsigned slot)
{
	struct board_cluster *cluster = &reconcile->heritage->board->cluster;
	struct worker *worker = &reconcile->workers[slot];

	if (!is_leased(reconcile, slot))
		return;
	worker->generation = reconcile_holding(reconcile, slot)->generation;
	reconcile->leased = worker->generation;
	atomic_store(&cluster->alive, worker->generation);
}

static bool has_ended(const struct reconcile *reconcile, unsigned slot)
{
	const struct board *board = reconcile->heritage->board;

	uint64_t generation = board->holdings[slot].generation;

	return is_leased(reconcile, slot) && generation != 0 &&
	       generation <= atomic_load(&board->cluster.dead);
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
	struct holding *holding = reconcile_holding(reconcile, slot);
	pid_t parent = getpid();
	pid_t pid;

	reconcile->starts++;
	note_leased(reconcile, slot);
	holding->phase_token = token;
	reconcile_show(reconcile, slot, PHASE_FORKED);
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
		reconcile_show(reconcile, slot, PHASE_IDLE);
		reconcile->fork_ms = now_ms + FORK_RETRY_MS;
		return;
	}
	reconcile->workers[slot].token = token;
	reconcile->workers[slot].pid = pid;
	reconcile->workers[slot].state = WORKER_RUNS;
	reconcile->workers[slot].woken = false;
	if (is_job(reconcile, slot))
		reconcile->busy++;
	reconcile->alive++;
}

/* The token the slot waits to start, 0 if it does not. */
static uint64_t waiting_token(struct reconcile *reconcile, unsigned slot)
{
	struct holding *holding = reconcile_holding(reconcile, slot);
	uint64_t token = holding->token;
	enum worker_state state = reconcile->workers[slot].state;

	if (token == 0 || (state != WORKER_NONE && state != WORKER_RESTS) ||
	    holding->phase != PHASE_IDLE || holding->wanted != WANTED_RUN ||
	    token == holding->settled || token == holding->phase_token ||
	    !may_start(reconcile, slot))
		return 0;
	return token;
}

static bool may_fork(const struct reconcile *reconcile, int64_t now_ms)
{
	return now_ms >= reconcile->fork_ms && reconcile->starts < STARTS_MAX;
}

/* Services and singletons wait for no place. */
static void start_units(struct reconcile *reconcile, int64_t now_ms)
{
	for (unsigned slot = reconcile_slot_from(reconcile, 0);
	     slot < BOARD_HOLDINGS_MAX && may_fork(reconcile, now_ms);
	     slot = reconcile_slot_from(reconcile, slot + 1)) {
		uint64_t token = waiting_token(reconcile, slot);

		if (token != 0 && !is_job(reconcile, slot))
			start(reconcile, slot, token, now_ms);
	}
}

/* Starts the jobs that wait, the one assigned first first, as places allow. */
static void start_jobs(struct reconcile *reconcile, int64_t now_ms)
{
	uint64_t places = reconcile->heritage->board->workers;

	while (reconcile->busy < places && may_fork(reconcile, now_ms)) {
		uint64_t first = 0;
		unsigned at = 0;

		for (unsigned slot =
			     reconcile_slot_from(reconcile, BOARD_LEADER_FIRST);
		     slot < BOARD_HOLDINGS_MAX;
		     slot = reconcile_slot_from(reconcile, slot + 1)) {
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

/* ---- the turn ---- */

/* What a slot without a worker needs. */
static void look_at_empty(struct reconcile *reconcile, unsigned slot,
			  uint64_t token)
{
	struct holding *holding = reconcile_holding(reconcile, slot);
	uint32_t phase = holding->phase;

	if (phase == PHASE_LOST && token != holding->phase_token) {
		reconcile_show(reconcile, slot, PHASE_IDLE);
	} else if (phase == PHASE_IDLE && token != 0 &&
		   token != holding->settled && token != holding->phase_token &&
		   (holding->wanted != WANTED_RUN ||
		    has_ended(reconcile, slot))) {
		/* Told to stop before it was started, or too late for it. */
		holding->phase_token = token;
		reconcile_show(reconcile, slot, PHASE_LOST);
	}
}

static void look_at_worker(struct reconcile *reconcile, unsigned slot)
{
	struct holding *holding = reconcile_holding(reconcile, slot);
	struct worker *worker = &reconcile->workers[slot];
	uint32_t phase = holding->phase;

	if (worker->state == WORKER_RESTS)
		return;
	if (worker->generation > reconcile->leased)
		reconcile->leased = worker->generation;
	if (phase == PHASE_STOPPED && holding->settled == worker->token &&
	    (worker->state == WORKER_RUNS || worker->state == WORKER_TOLD)) {
		worker->state = WORKER_RESTS;
		reconcile_show(reconcile, slot, PHASE_IDLE);
		return;
	}
	/* A stopped one only waits for its outcome to be kept. */
	if (phase != PHASE_STOPPED && holding->token == worker->token) {
		if (holding->wanted == WANTED_STOP)
			reconcile_tell(reconcile, slot);
		else if (holding->wanted == WANTED_KILL)
			reconcile_kill(reconcile, slot);
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
		struct holding *holding = reconcile_holding(reconcile, slot);
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
	reconcile->leased = 0;
	reconcile->used[0] =
		look_from(reconcile, 0, BOARD_LEADER_FIRST, reconcile->used[0]);
	reconcile->used[1] = look_from(reconcile, BOARD_LEADER_FIRST,
				       BOARD_HOLDINGS_MAX, reconcile->used[1]);
}

void reconcile_step(struct reconcile *reconcile, bool stopping, int64_t now_ms)
{
	if (reconcile->clearing > 0 || reconcile->strays)
		reconcile_clear_ended(reconcile);
	look(reconcile);
	reconcile->starts = 0;
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
	if (reconcile->starts >= STARTS_MAX)
		return now_ms;
	if (reconcile->clearing > 0 || reconcile->strays)
		return now_ms + CLEAR_LOOK_MS;
	return reconcile->fork_ms > now_ms ? reconcile->fork_ms
					   : LOOP_NO_DEADLINE;
}

bool reconcile_is_empty(const struct reconcile *reconcile)
{
	return reconcile->alive == 0 && reconcile->clearing == 0 &&
	       !reconcile->strays;
}
