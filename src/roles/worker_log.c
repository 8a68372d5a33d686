/* worker_log - where what a service or a singleton prints goes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/epoll.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/worker_parts.h"

void worker_log_open(struct worker *worker)
{
	const struct config *config = worker->heritage->config;
	struct unitlog_setup setup = {
		.name = worker->spec.unit,
		.to = worker->spec.log,
		.rotate = worker->spec.log_rotate,
		.keep = worker->spec.log_keep,
		.format = config->log_format,
		.prefixed = log_is_prefixed(),
		.tail = worker->tail_path,
		.owner = &worker->heritage->identity,
	};

	if (worker->shown == NULL || worker->unitlog.used)
		return;
	if (snprintf(worker->tail_path, sizeof(worker->tail_path), "%s/log/%s",
		     config->state,
		     worker->spec.unit) >= (int)sizeof(worker->tail_path))
		worker->tail_path[0] = '\0';
	unitlog_open(&worker->unitlog, &setup, clock_ms());
}

void worker_log_flush(struct worker *worker)
{
	if (!worker->unitlog.used)
		return;
	unitlog_flush(&worker->unitlog, clock_ms(), clock_wall_ms());
	if (worker->shown == NULL)
		return;
	atomic_store(&worker->shown->lines, worker->unitlog.lines);
	atomic_store(&worker->shown->dropped, worker->unitlog.dropped);
}

static void on_room(void *arg, uint32_t events)
{
	struct worker *worker = arg;

	(void)events;
	unitlog_push(&worker->unitlog, clock_ms());
}

/* The descriptor is in the loop for a turn only: the next may close it. */
void worker_log_step(struct worker *worker, int64_t now_ms)
{
	if (worker->unitlog_fd != 0)
		loop_remove(&worker->loop, worker->unitlog_fd);
	worker->unitlog_fd = 0;
	if (now_ms >= unitlog_deadline(&worker->unitlog))
		worker_log_flush(worker);
}

void worker_log_wait(struct worker *worker)
{
	int fd = unitlog_fd(&worker->unitlog);

	if (fd > 0 &&
	    loop_add(&worker->loop, fd, EPOLLOUT, on_room, worker) == 0)
		worker->unitlog_fd = fd;
}
