/* worker - runs one thing: starts its command, hears it, ends it, and proves
 * that nothing of it is left before it tells how it ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/proc.h"
#include "roles/sweeps.h"
#include "roles/worker_parts.h"

#define REST_MS 1000
/* What forked away from the last stroke is killed again, soon at first. */
#define KILL_AGAIN_MIN_MS 1
#define KILL_AGAIN_MAX_MS 50
#define SIZE_RARELY_MS	  4000 /* WORKER_SIZE_MS grows up to that */

/* Those not looked at are named so that they don't end us. */
static const int signals[] = { SIGCHLD, SIGTERM, SIGQUIT, SIGINT,
			       SIGHUP,	SIGUSR1, SIGUSR2, SIGPIPE,
			       SIGTTIN, SIGTTOU, SIGPWR,  0 };

static struct worker *worker_new(struct heritage *heritage, unsigned slot)
{
	/* Most of it is never touched, and calloc would touch it: it clears
	 * what is left of the heap. */
	struct worker *worker =
		mmap(NULL, sizeof(*worker), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (worker == MAP_FAILED)
		return NULL;
	worker->heritage = heritage;
	worker->holding = &heritage->board->holdings[slot];
	worker->slot = slot;
	worker->token = atomic_load(&worker->holding->token);
	worker->group = -1;
	worker->notify = -1;
	worker->watch = (struct watch){ .fd = -1,
					.theirs = -1,
					.look_ms = LOOP_NO_DEADLINE,
					.silent_ms = LOOP_NO_DEADLINE,
					.knock.fd = -1 };
	worker->timeout_ms = LOOP_NO_DEADLINE;
	worker->kill_ms = LOOP_NO_DEADLINE;
	worker->kill_again_ms = LOOP_NO_DEADLINE;
	worker->size_ms = LOOP_NO_DEADLINE;
	worker->report.percent = JOB_PERCENT_NONE;
	for (int kind = 0; kind < STREAMS; kind++)
		worker->streams[kind].fd = -1;
	return worker;
}

/* ---- ending it ---- */

static void kill_all(struct worker *worker, int64_t now_ms)
{
	if (worker->stage != STAGE_KILLING)
		worker->kill_after_ms = KILL_AGAIN_MIN_MS;
	worker->stage = STAGE_KILLING;
	worker->kill_again_ms = now_ms + worker->kill_after_ms;
	if (worker->kill_after_ms < KILL_AGAIN_MAX_MS)
		worker->kill_after_ms *= 2;
	if (worker->group >= 0 && cgroup_kill(worker->group) == 0)
		worker->group_spent = true;
	/* Its number is its own until we have reaped it. */
	if (worker->pid > 0)
		(void)kill(-worker->pid, SIGKILL);
	(void)proc_kill_children(NULL, NULL);
}

void worker_stop(struct worker *worker, enum message_how cause, int signal,
		 int64_t now_ms)
{
	if (worker->ended || worker->stage != STAGE_RUNNING)
		return;
	worker->cause = cause;
	worker->stage = STAGE_STOPPING;
	worker->kill_ms = now_ms + worker->spec.stop_timeout_ms;
	worker_show_life(worker, LIFE_STOPPING);
	(void)kill(-worker->pid, signal);
	(void)kill(-worker->pid, SIGCONT);
}

static void stop_at_once(struct worker *worker, enum message_how cause,
			 int64_t now_ms)
{
	if (worker->stage == STAGE_REPORTING)
		return;
	if (cause == HOW_STOPPED)
		worker->keep.stop_asked = true;
	if (worker->cause == 0 && !worker->ended)
		worker->cause = cause;
	kill_all(worker, now_ms);
}

static void on_supervisor_gone(void *arg, uint32_t events)
{
	struct worker *worker = arg;

	(void)events;
	loop_remove(&worker->loop, worker->heritage->supervisor_alive[0]);
	worker->orphaned = true;
	stop_at_once(worker, HOW_STOPPED, clock_ms());
}

static void on_reaped(void *arg, pid_t pid, int status)
{
	struct worker *worker = arg;

	if (pid != worker->pid)
		return;
	worker->pid = 0;
	worker->status = status;
	worker->ended = true;
}

static void reap(struct worker *worker, int64_t now_ms)
{
	worker->childless = !proc_reap(on_reaped, worker);
	if (worker->ended && !worker->childless &&
	    worker->stage != STAGE_KILLING)
		kill_all(worker, now_ms);
}

/* All it started is dead. */
static void finish(struct worker *worker, int64_t now_ms)
{
	/* Killed with all the rest, it did not fail: the attempt is lost, and
	 * whoever is left after us says so. */
	if (atomic_load(&worker->heritage->board->ending) != 0)
		worker->orphaned = true;
	worker_streams_finish(worker);
	worker_watch_end(worker);
	worker_show_end(worker);
	if (worker->spec.keep && worker_keep_goes_on(worker, now_ms))
		return;
	if (!worker->report.outcome_due && !worker->orphaned)
		worker_judge(worker);
	worker->stage = STAGE_REPORTING;
	/* Limits go with the group. */
	if (worker->group_bound)
		(void)cgroup_kill(worker->group);
	if (!outputdir_tidy(&worker->dir))
		worker->dir.used = false;
}

/* ---- its life ---- */

/* More rarely while nothing is written. */
static void measure(struct worker *worker, int64_t now_ms)
{
	uint64_t size = outputdir_size(&worker->dir);

	if (size != worker->size)
		worker->size_after = WORKER_SIZE_MS;
	else if (worker->size_after < SIZE_RARELY_MS)
		worker->size_after *= 2;
	worker->size = size;
	worker->size_ms = now_ms + worker->size_after;
	if (size > worker->spec.max_output)
		stop_at_once(worker, HOW_FAILED, now_ms);
}

/* A run, of which nothing is left and which was not seen to yet. */
static bool is_over(const struct worker *worker)
{
	return worker->ended && worker->childless &&
	       worker->stage < STAGE_PAUSING;
}

static void step(struct worker *worker, int64_t now_ms)
{
	worker_log_step(worker, now_ms);
	worker_streams_step(worker, now_ms);
	worker_watch_step(worker, now_ms);
	if (worker->stage <= STAGE_STOPPING && now_ms >= worker->size_ms)
		measure(worker, now_ms);
	if (worker->stage == STAGE_RUNNING && now_ms >= worker->timeout_ms)
		worker_stop(worker, HOW_TIMEOUT, worker->spec.stop_signal,
			    now_ms);
	if (worker->stage == STAGE_STOPPING && now_ms >= worker->kill_ms)
		kill_all(worker, now_ms);
	if (worker->stage == STAGE_KILLING && now_ms >= worker->kill_again_ms)
		kill_all(worker, now_ms);
	if (is_over(worker))
		finish(worker, now_ms);
	worker_keep_step(worker, now_ms);
	worker_report_step(worker, now_ms);
	worker_log_wait(worker);
}

static int64_t next_deadline(const struct worker *worker)
{
	int64_t times[8];
	int64_t deadline_ms = worker_report_deadline(worker);
	int count = 0;

	if (is_over(worker))
		return 0;
	times[count++] = unitlog_deadline(&worker->unitlog);
	if (worker->stage == STAGE_PAUSING) {
		times[count++] = worker_keep_deadline(worker);
	} else if (worker->stage != STAGE_REPORTING) {
		times[count++] = worker_watch_deadline(worker);
		times[count++] = worker_streams_deadline(worker);
		if (worker->stage == STAGE_RUNNING)
			times[count++] = worker->timeout_ms;
		if (worker->stage == STAGE_STOPPING)
			times[count++] = worker->kill_ms;
		times[count++] = worker->stage == STAGE_KILLING
					 ? worker->kill_again_ms
					 : worker->size_ms;
	}
	while (count > 0)
		if (times[--count] < deadline_ms)
			deadline_ms = times[count];
	return deadline_ms;
}

/* A second one is impatient. */
static void take_stop(struct worker *worker, int64_t now_ms)
{
	bool again = worker->keep.stop_asked;

	worker->keep.stop_asked = true;
	if (worker->stage == STAGE_PAUSING)
		worker->stage = STAGE_KILLING; /* nothing is left to be */
	else if (again && worker->stage == STAGE_STOPPING)
		stop_at_once(worker, HOW_STOPPED, now_ms);
	else if (worker->stage == STAGE_RUNNING)
		worker_stop(worker, HOW_STOPPED, worker->spec.stop_signal,
			    now_ms);
}

static void take_signals(struct worker *worker, int64_t now_ms)
{
	if (loop_took(&worker->loop, SIGCHLD))
		reap(worker, now_ms);
	if (loop_took(&worker->loop, SIGUSR1))
		unitlog_reopen(&worker->unitlog);
	if (loop_took(&worker->loop, SIGTERM))
		take_stop(worker, now_ms);
	if (loop_took(&worker->loop, SIGQUIT))
		stop_at_once(worker, HOW_STOPPED, now_ms);
}

static int set_up(struct worker *worker)
{
	struct heritage *heritage = worker->heritage;
	int rc = loop_open(&worker->loop, signals);

	if (rc == 0)
		rc = proc_adopt_orphans();
	if (rc != 0) {
		log_err(rc, "worker: cannot set up");
		return rc;
	}
	/* Modes are given where files are made, all of them. */
	umask(0);
	/* Our copy of the end that tells the supervisor is alive. */
	if (heritage->supervisor_alive[1] >= 0)
		close(heritage->supervisor_alive[1]);
	heritage->supervisor_alive[1] = -1;
	if (heritage->supervisor_alive[0] >= 0)
		(void)loop_add(&worker->loop, heritage->supervisor_alive[0], 0,
			       on_supervisor_gone, worker);
	return 0;
}

static void begin(struct worker *worker)
{
	worker_show_begin(worker);
	if (atomic_load(&worker->holding->wanted) == WANTED_RUN) {
		worker_start(worker);
		return;
	}
	/* Called off before it began. */
	worker->ended = true;
	worker->childless = true;
	worker_set_outcome(worker, HOW_STOPPED, -1, "");
}

/* Another attempt finds what this one left in scratch. */
static bool may_go_on(const struct worker *worker)
{
	if (worker->orphaned)
		return true;
	switch (worker->report.outcome.how) {
	case HOW_DONE:
		return false;
	case HOW_LATER:
	case HOW_STOPPED:
		return true;
	default:
		return !worker->spec.final;
	}
}

/* While jobs wait, one like the last follows soon: to be there saves a fork.
 * True when the supervisor gave us the next.
 */
static bool rest(struct worker *worker)
{
	const struct board *board = worker->heritage->board;
	const struct holding *holding = worker->holding;
	int64_t until_ms = clock_ms() + REST_MS;

	if (worker->shown != NULL)
		return false;
	while (!worker->orphaned && atomic_load(&board->pending) > 0 &&
	       atomic_load(&board->stopping) == 0 && clock_ms() < until_ms) {
		if (atomic_load(&holding->phase) == PHASE_FORKED &&
		    atomic_load(&holding->phase_token) != worker->token)
			return true;
		loop_wait(&worker->loop, until_ms);
		if (loop_took(&worker->loop, SIGTERM) ||
		    loop_took(&worker->loop, SIGQUIT))
			return false;
	}
	return false;
}

/* A tree of any size: that of a job is for the sweeper, we have a place in the
 * node to give back.
 */
static void clear_scratch(const struct worker *worker)
{
	struct sweep_order order = { .below = 0 };

	if (worker->spec.kind == UNIT_JOB &&
	    text_copy(text_of(worker->spec.id), order.id, sizeof(order.id)) ==
		    JOB_ID_LEN)
		(void)sweeps_order(worker->heritage, &order);
	else
		outputdir_clear(&worker->dir);
}

/* Runs what the slot holds.  True when there is more. */
static bool run(struct worker *worker)
{
	begin(worker);
	step(worker, clock_ms());
	while (!worker_is_settled(worker)) {
		loop_wait(&worker->loop, next_deadline(worker));
		take_signals(worker, clock_ms());
		step(worker, clock_ms());
	}
	if (!may_go_on(worker) && worker->dir.used)
		clear_scratch(worker);
	if (worker->group >= 0)
		close(worker->group);
	return rest(worker);
}

static void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	unitlog_close(&worker->unitlog);
	loop_close(&worker->loop);
	munmap(worker, sizeof(*worker));
}

int worker_main(struct heritage *heritage, unsigned slot)
{
	bool more = true;
	int rc = 0;

	log_role("worker");
	while (more) {
		struct worker *worker = worker_new(heritage, slot);

		rc = worker == NULL ? -ENOMEM : set_up(worker);
		more = rc == 0 && run(worker);
		worker_free(worker);
	}
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
