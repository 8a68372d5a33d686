/* worker_log - where what a service or a singleton prints goes. */
#define _GNU_SOURCE
#include <stdio.h>

#include "io/clock.h"
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
