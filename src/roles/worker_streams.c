/* worker_streams - hears what the command says: its progress on descriptor 3
 * and by sd_notify, and what it prints, which goes to the log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/tidy.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/notifysock.h"
#include "roles/worker_parts.h"

/* After a small read we look away for a moment: who says little at a time
 * says it often, and ten thousand lines a second should cost fifty reads. */
#define SMALL_READ   4096 /* bytes */
#define LOOK_AWAY_MS 20
#define CHATTY_MS    100 /* one that speaks more rarely is heard each time */
/* What is taken once the command has ended: a pipe holds no more. */
#define FINISH_BYTES	  (1u << 20)
#define DATAGRAMS_AT_ONCE 64

static void take_progress(struct worker *worker,
			  const struct progress *progress)
{
	struct report *report = &worker->report;

	/* Within an attempt it never goes back. */
	if (progress->percent > report->percent)
		report->percent = progress->percent;
	if (progress->message.len > 0)
		tidy_copy(progress->message, report->message,
			  sizeof(report->message));
	report->progress_due = true;
}

static void take_progress_line(void *arg, struct text line)
{
	struct progress progress;

	if (progress_parse(line, &progress))
		take_progress(arg, &progress);
}

static void take_error_line(void *arg, struct text line)
{
	struct worker *worker = arg;
	char words[sizeof(worker->report.words)];

	if (tidy_copy(line, words, sizeof(words)) > 0)
		memcpy(worker->report.words, words, sizeof(words));
	unitlog_line(&worker->unitlog, line, true, clock_ms(), clock_wall_ms());
}

static void take_output_line(void *arg, struct text line)
{
	struct worker *worker = arg;

	unitlog_line(&worker->unitlog, line, false, clock_ms(),
		     clock_wall_ms());
}

static void take_data(struct stream *stream, struct text data)
{
	struct worker *worker = stream->worker;

	if (stream->kind == STREAM_PROGRESS) {
		lines_feed(&stream->lines, data, take_progress_line, worker);
		return;
	}
	joblog_write(&worker->log, data);
	if (stream->kind == STREAM_ERR)
		lines_feed(&stream->lines, data, take_error_line, worker);
	else if (worker->unitlog.used)
		lines_feed(&stream->lines, data, take_output_line, worker);
	worker_log_flush(worker);
}

static void close_stream(struct stream *stream)
{
	if (stream->fd == -1)
		return;
	if (stream->kind == STREAM_PROGRESS)
		lines_end(&stream->lines, take_progress_line, stream->worker);
	else if (stream->kind == STREAM_ERR)
		lines_end(&stream->lines, take_error_line, stream->worker);
	else if (stream->worker->unitlog.used)
		lines_end(&stream->lines, take_output_line, stream->worker);
	worker_log_flush(stream->worker);
	loop_remove(&stream->worker->loop, stream->fd);
	close(stream->fd);
	stream->fd = -1;
	stream->resume_ms = 0;
}

/* Bytes taken, 0 when there is nothing now or for good. */
static size_t read_stream(struct stream *stream)
{
	char *buf = stream->worker->read_buf;
	ssize_t got = read(stream->fd, buf, WORKER_READ_BYTES);

	if (got > 0) {
		take_data(stream, (struct text){ buf, (size_t)got });
		return (size_t)got;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_stream(stream);
	return 0;
}

static void on_stream(void *arg, uint32_t events)
{
	struct stream *stream = arg;
	size_t got = read_stream(stream);
	int64_t now_ms = clock_ms();
	bool chatty = now_ms - stream->read_ms < CHATTY_MS;

	stream->read_ms = now_ms;
	if (got == 0 || got >= SMALL_READ || (events & EPOLLHUP) != 0 ||
	    !chatty)
		return;
	stream->resume_ms = now_ms + LOOK_AWAY_MS;
	loop_change(&stream->worker->loop, stream->fd, 0);
}

void worker_streams_open(struct worker *worker, const int fds[STREAMS])
{
	for (int kind = 0; kind < STREAMS; kind++) {
		struct stream *stream = &worker->streams[kind];

		stream->worker = worker;
		stream->kind = (enum worker_stream)kind;
		stream->fd = fds[kind];
		if (stream->fd < 0)
			continue;
		(void)fcntl(stream->fd, F_SETFL, O_NONBLOCK);
		(void)loop_add(&worker->loop, stream->fd, EPOLLIN, on_stream,
			       stream);
	}
}

static void take_notice(struct worker *worker, struct text datagram)
{
	struct report *report = &worker->report;
	struct notice notice;

	notice_parse(datagram, &notice);
	worker_watch_notice(worker, &notice);
	if (worker->spec.keep)
		return;
	if (notice.has_status) {
		tidy_copy(notice.status, report->message,
			  sizeof(report->message));
		report->progress_due = true;
	}
	if (notice.has_progress)
		take_progress(worker, &notice.progress);
}

static void on_notify(void *arg, uint32_t events)
{
	struct worker *worker = arg;
	char buf[NOTIFYSOCK_DATAGRAM_MAX];

	(void)events;
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		int len = notifysock_receive(worker->notify, buf, sizeof(buf));

		if (len < 0)
			break;
		take_notice(worker, (struct text){ buf, (size_t)len });
	}
}

void worker_notify_open(struct worker *worker)
{
	int len = snprintf(worker->notify_path, sizeof(worker->notify_path),
			   "%s/work/%016llx.notify",
			   worker->heritage->config->state,
			   (unsigned long long)worker->token);
	int rc = -ENAMETOOLONG;

	worker->notify = -1;
	if (len < (int)sizeof(worker->notify_path))
		rc = notifysock_open(worker->notify_path,
				     worker->account.changes
					     ? worker->account.uid
					     : (uid_t)-1);
	if (rc < 0) {
		/* It runs without; descriptor 3 is there. */
		log_warn(rc, "worker: no notify socket token=%016llx",
			 (unsigned long long)worker->token);
		worker->notify_path[0] = '\0';
		return;
	}
	worker->notify = rc;
	(void)loop_add(&worker->loop, worker->notify, EPOLLIN, on_notify,
		       worker);
}

void worker_streams_step(struct worker *worker, int64_t now_ms)
{
	for (int kind = 0; kind < STREAMS; kind++) {
		struct stream *stream = &worker->streams[kind];

		if (stream->resume_ms == 0 || stream->resume_ms > now_ms)
			continue;
		stream->resume_ms = 0;
		loop_change(&worker->loop, stream->fd, EPOLLIN);
	}
}

int64_t worker_streams_deadline(const struct worker *worker)
{
	int64_t deadline_ms = LOOP_NO_DEADLINE;

	for (int kind = 0; kind < STREAMS; kind++) {
		int64_t resume_ms = worker->streams[kind].resume_ms;

		if (resume_ms != 0 && resume_ms < deadline_ms)
			deadline_ms = resume_ms;
	}
	return deadline_ms;
}

void worker_streams_finish(struct worker *worker)
{
	for (int kind = 0; kind < STREAMS; kind++) {
		struct stream *stream = &worker->streams[kind];
		size_t sum = 0;

		while (stream->fd != -1 && sum < FINISH_BYTES) {
			size_t got = read_stream(stream);

			if (got == 0)
				break;
			sum += got;
		}
		close_stream(stream);
	}
	joblog_close(&worker->log);
	if (worker->notify == -1)
		return;
	on_notify(worker, EPOLLIN);
	loop_remove(&worker->loop, worker->notify);
	close(worker->notify);
	worker->notify = -1;
	unlink(worker->notify_path);
}
