/* worker_watch - is the command ready, and does it give signs of life?
 *
 * Its watchdog begins when it is ready, as systemd has it, and is off once it
 * says that it is stopping.  MAINPID= is not heard: the command itself is the
 * main process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/progress.h"
#include "io/clock.h"
#include "io/spawn.h"
#include "roles/worker_parts.h"

/* How often a port is knocked at. */
#define KNOCK_MIN_MS 10
#define KNOCK_MAX_MS 1000

static bool is_awaited(const struct worker *worker)
{
	return worker->stage == STAGE_RUNNING && !worker->ended &&
	       !worker->watch.ready;
}

static void sign_of_life(struct worker *worker, int64_t now_ms)
{
	if (worker->spec.watchdog_ms > 0)
		worker->watch.silent_ms = now_ms + worker->spec.watchdog_ms;
}

/* ---- ready ---- */

static void close_fd(struct worker *worker)
{
	struct watch *watch = &worker->watch;

	if (watch->fd >= 0) {
		loop_remove(&worker->loop, watch->fd);
		close(watch->fd);
	}
	if (watch->theirs >= 0)
		close(watch->theirs);
	watch->fd = -1;
	watch->theirs = -1;
}

static void close_knock(struct worker *worker)
{
	if (worker->watch.knock.fd >= 0)
		loop_remove(&worker->loop, worker->watch.knock.fd);
	knock_close(&worker->watch.knock);
}

static void become_ready(struct worker *worker)
{
	struct watch *watch = &worker->watch;
	int64_t now_ms = clock_ms();

	if (!is_awaited(worker))
		return;
	watch->ready = true;
	watch->look_ms = LOOP_NO_DEADLINE;
	close_fd(worker);
	close_knock(worker);
	sign_of_life(worker, now_ms);
	worker_show_life(worker, LIFE_READY);
	if (worker->spec.ready != READY_AT_ONCE)
		worker_tell(worker, EVENT_UNIT_READY, "after %lld ms",
			    (long long)(now_ms - watch->started_ms));
}

/* A newline is the word; what stands before it is none. */
static void on_fd(void *arg, uint32_t events)
{
	struct worker *worker = arg;
	char buf[256];
	ssize_t got = read(worker->watch.fd, buf, sizeof(buf));

	(void)events;
	if (got > 0 && memchr(buf, '\n', (size_t)got) != NULL)
		become_ready(worker);
	else if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR))
		close_fd(worker);
}

static void on_knock(void *arg, uint32_t events);

static void take_answer(struct worker *worker, int rc)
{
	struct watch *watch = &worker->watch;

	if (rc == 1)
		become_ready(worker);
	else if (rc == -EINPROGRESS)
		(void)loop_add(&worker->loop, watch->knock.fd, EPOLLOUT,
			       on_knock, worker);
}

static void on_knock(void *arg, uint32_t events)
{
	struct worker *worker = arg;

	(void)events;
	loop_remove(&worker->loop, worker->watch.knock.fd);
	take_answer(worker, knock_ask(&worker->watch.knock));
}

static void knock(struct worker *worker, int64_t now_ms)
{
	struct watch *watch = &worker->watch;

	watch->look_ms = now_ms + watch->look_after;
	if (watch->look_after < KNOCK_MAX_MS)
		watch->look_after *= 2;
	close_knock(worker);
	take_answer(worker, knock_try(&watch->knock));
}

int worker_watch_open(struct worker *worker)
{
	struct watch *watch = &worker->watch;
	int ends[2];
	int rc;

	if (worker->spec.ready == READY_TCP)
		return knock_init(&watch->knock,
				  text_of(worker->spec.ready_tcp));
	if (worker->spec.ready != READY_FD)
		return 0;
	rc = spawn_pipe(ends);
	if (rc != 0)
		return rc;
	watch->fd = ends[0];
	watch->theirs = ends[1];
	(void)fcntl(watch->fd, F_SETFL, O_NONBLOCK);
	return loop_add(&worker->loop, watch->fd, EPOLLIN, on_fd, worker);
}

void worker_watch_begin(struct worker *worker, int64_t now_ms)
{
	struct watch *watch = &worker->watch;

	watch->started_ms = now_ms;
	if (watch->theirs >= 0)
		close(watch->theirs);
	watch->theirs = -1;
	switch (worker->spec.ready) {
	case READY_AT_ONCE:
		become_ready(worker);
		break;
	case READY_TCP:
		watch->look_after = KNOCK_MIN_MS;
		watch->look_ms = now_ms + KNOCK_MIN_MS;
		break;
	case READY_AFTER:
		watch->look_ms = now_ms + worker->spec.ready_value;
		break;
	default:
		break;
	}
}

/* ---- alive ---- */

static void end_silent(struct worker *worker, const char *why, int64_t now_ms)
{
	worker->watch.silent = true;
	worker->watch.silent_ms = LOOP_NO_DEADLINE;
	worker_tell(worker, EVENT_UNIT_SILENT, "%s, sent SIGABRT", why);
	worker_stop(worker, HOW_FAILED, SIGABRT, now_ms);
}

/* It ends by its own will; as long as after our signal it may take. */
static void take_stopping(struct worker *worker, int64_t now_ms)
{
	if (worker->stage != STAGE_RUNNING || worker->ended)
		return;
	worker->watch.silent_ms = LOOP_NO_DEADLINE;
	worker->watch.look_ms = LOOP_NO_DEADLINE;
	worker->stage = STAGE_STOPPING;
	worker->kill_ms = now_ms + worker->spec.stop_timeout_ms;
	worker_show_life(worker, LIFE_STOPPING);
}

void worker_watch_notice(struct worker *worker, const struct notice *notice)
{
	struct watch *watch = &worker->watch;
	int64_t now_ms = clock_ms();

	worker_show_notice(worker, notice);
	if (notice->ready && worker->spec.ready == READY_NOTIFY)
		become_ready(worker);
	if (notice->watchdog && watch->ready &&
	    watch->silent_ms != LOOP_NO_DEADLINE)
		sign_of_life(worker, now_ms);
	if (worker->stage == STAGE_RUNNING && !worker->ended &&
	    notice->failing && watch->silent_ms != LOOP_NO_DEADLINE)
		end_silent(worker, "it said WATCHDOG=trigger", now_ms);
	if (notice->stopping && worker->spec.keep)
		take_stopping(worker, now_ms);
}

void worker_watch_step(struct worker *worker, int64_t now_ms)
{
	struct watch *watch = &worker->watch;

	if (worker->stage != STAGE_RUNNING || worker->ended)
		return;
	if (now_ms >= watch->look_ms) {
		if (worker->spec.ready == READY_TCP)
			knock(worker, now_ms);
		else
			become_ready(worker);
	}
	if (now_ms >= watch->silent_ms)
		end_silent(worker, "no WATCHDOG=1 in time", now_ms);
}

int64_t worker_watch_deadline(const struct worker *worker)
{
	const struct watch *watch = &worker->watch;

	if (worker->stage != STAGE_RUNNING || worker->ended)
		return LOOP_NO_DEADLINE;
	return watch->look_ms < watch->silent_ms ? watch->look_ms
						 : watch->silent_ms;
}

void worker_watch_end(struct worker *worker)
{
	struct watch *watch = &worker->watch;

	close_fd(worker);
	close_knock(worker);
	watch->ready = false;
	watch->look_ms = LOOP_NO_DEADLINE;
	watch->silent_ms = LOOP_NO_DEADLINE;
}
