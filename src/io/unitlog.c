#define _GNU_SOURCE
#include "io/unitlog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "core/tidy.h"
#include "io/clock.h"
#include "io/identity.h"
#include "io/log.h"
#include "io/unitlog_form.h"

#define SAY_EVERY_MS 1000
#define FILE_MODE    0640
#define LAST_WAIT_MS 50 /* for a daemon that does not keep up */

static bool is_file(const struct unitlog *log)
{
	return strncmp(log->setup.to, UNITLOG_FILE, UNITLOG_FILE_LEN) == 0;
}

static bool is_for_daemon(const struct unitlog *log)
{
	return strcmp(log->setup.to, "syslog") == 0 ||
	       (log->setup.format == LOG_SYSLOG && !is_file(log));
}

static const char *path_of(const struct unitlog *log)
{
	return log->setup.to + UNITLOG_FILE_LEN;
}

static int open_file(const char *path, uint64_t *len)
{
	struct stat st;
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK |
			      O_NOFOLLOW,
		      FILE_MODE);

	if (fd == -1)
		return -errno;
	*len = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return fd;
}

/* Once, until it works again. */
static void tell_failure(struct unitlog *log, int rc, const char *what)
{
	if (!log->failed)
		log_err(rc, "%s: cannot %s its log %s", log->setup.name, what,
			path_of(log));
	log->failed = true;
}

static void open_destination(struct unitlog *log)
{
	int fd;

	log->file = -1;
	if (!is_file(log))
		return;
	fd = open_file(path_of(log), &log->len);
	if (fd >= 0)
		log->file = fd;
	else
		tell_failure(log, fd, "open");
}

static void open_tail(struct unitlog *log)
{
	int fd;

	log->tail = -1;
	if (log->setup.tail[0] == '\0')
		return;
	fd = open_file(log->setup.tail, &log->tail_len);
	if (fd < 0)
		return;
	log->tail = fd;
	if (log->setup.owner != NULL)
		(void)identity_give(log->setup.owner, fd);
}

void unitlog_open(struct unitlog *log, const struct unitlog_setup *setup,
		  int64_t now_ms)
{
	log->setup = *setup;
	log->used = true;
	log->rate = rate_init(UNITLOG_LINES_S, UNITLOG_BURST, now_ms);
	open_destination(log);
	if (is_for_daemon(log))
		devqueue_open(&log->queue, setup->devlog, setup->name);
	open_tail(log);
}

void unitlog_of(struct unitlog *log, int pid)
{
	log->pid = pid;
}

/* ---- writing ---- */

/* Whoever reads our stderr may have stopped to: then we don't wait. */
static bool can_write(int fd)
{
	struct pollfd poll_of = { .fd = fd, .events = POLLOUT };

	return poll(&poll_of, 1, 0) == 1 && (poll_of.revents & POLLOUT) != 0;
}

static void rotate(struct unitlog *log)
{
	char from[PATH_MAX];
	char to[PATH_MAX];

	close(log->file);
	for (uint32_t i = log->setup.keep; i > 1; i--) {
		snprintf(from, sizeof(from), "%s.%u", path_of(log), i - 1);
		snprintf(to, sizeof(to), "%s.%u", path_of(log), i);
		(void)rename(from, to);
	}
	snprintf(to, sizeof(to), "%s.1", path_of(log));
	if (log->setup.keep > 0)
		(void)rename(path_of(log), to);
	else
		(void)unlink(path_of(log));
	open_destination(log);
}

static int write_file(struct unitlog *log, const char *buf, size_t len)
{
	ssize_t wrote;

	if (log->file == -1)
		open_destination(log);
	if (log->file != -1 && log->len > 0 &&
	    log->len + len > log->setup.rotate)
		rotate(log);
	if (log->file == -1)
		return -EBADF;
	wrote = write(log->file, buf, len);
	if (wrote != (ssize_t)len) {
		tell_failure(log, wrote == -1 ? -errno : -ENOSPC, "write");
		/* Not half a line before the next one. */
		if (wrote > 0)
			(void)!ftruncate(log->file, (off_t)log->len);
		return -EIO;
	}
	log->len += len;
	if (log->failed)
		log_info("%s: its log can be written again", log->setup.name);
	log->failed = false;
	return 0;
}

static void write_tail(struct unitlog *log)
{
	char old[PATH_MAX];

	if (log->tail == -1 || log->tail_batch_len == 0)
		return;
	if (log->tail_len + log->tail_batch_len > UNITLOG_TAIL_MAX) {
		snprintf(old, sizeof(old), "%s.1", log->setup.tail);
		(void)rename(log->setup.tail, old);
		close(log->tail);
		open_tail(log);
	}
	if (log->tail != -1 &&
	    write(log->tail, log->tail_batch, log->tail_batch_len) > 0)
		log->tail_len += log->tail_batch_len;
	log->tail_batch_len = 0;
}

static uint64_t count_lines(const char *buf, size_t len)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += buf[i] == '\n';
	return lines;
}

static void write_batch(struct unitlog *log)
{
	uint64_t lines = count_lines(log->batch, log->batch_len);
	bool kept;

	if (log->batch_len == 0)
		return;
	if (is_file(log))
		kept = write_file(log, log->batch, log->batch_len) == 0;
	else
		kept = can_write(STDERR_FILENO) &&
		       write(STDERR_FILENO, log->batch, log->batch_len) ==
			       (ssize_t)log->batch_len;
	log->batch_len = 0;
	if (kept) {
		log->lines += lines;
		return;
	}
	log->dropped += lines;
	log->untold += lines;
}

static void add_to_tail(struct unitlog *log, struct text line, int64_t wall_ms)
{
	char buf[UNITLOG_LINE_MAX];
	size_t len;

	if (log->tail == -1)
		return;
	len = unitlog_put_stamped(log, buf, line, wall_ms);
	if (log->tail_batch_len + len > sizeof(log->tail_batch))
		write_tail(log);
	memcpy(log->tail_batch + log->tail_batch_len, buf, len);
	log->tail_batch_len += len;
}

static void add_to_batch(struct unitlog *log, struct text line, bool is_stderr,
			 int64_t wall_ms)
{
	char buf[UNITLOG_LINE_MAX];
	size_t len;

	if (is_file(log))
		len = unitlog_put_stamped(log, buf, line, wall_ms);
	else
		len = unitlog_put(log, buf, line, is_stderr, wall_ms);

	if (log->batch_len + len > sizeof(log->batch))
		write_batch(log);
	memcpy(log->batch + log->batch_len, buf, len);
	log->batch_len += len;
}

/* False when there is no daemon: stderr has to do. */
static bool add_to_queue(struct unitlog *log, struct text text, bool is_stderr,
			 int64_t now_ms, int64_t wall_ms)
{
	struct devlog_line line = {
		.severity = is_stderr ? DEVLOG_WARNING : DEVLOG_INFO,
		.pid = log->pid,
		.text = text,
	};
	int rc = devqueue_add(&log->queue, &line, now_ms, wall_ms);

	if (rc == 0) {
		log->lines++;
		log->failed = false;
	} else if (rc == -ENOBUFS) {
		log->dropped++;
		log->untold++;
	} else if (!log->failed) {
		log->failed = true;
		/* The node itself has said so. */
		if (log->setup.format == LOG_SYSLOG)
			return false;
		log_warn(rc,
			 "%s: cannot reach the log daemon, its lines go to "
			 "stderr path=%s",
			 log->setup.name, log->queue.devlog.path);
	}
	return rc == 0 || rc == -ENOBUFS;
}

static void add(struct unitlog *log, struct text line, bool is_stderr,
		int64_t now_ms, int64_t wall_ms)
{
	if (!is_for_daemon(log) ||
	    !add_to_queue(log, line, is_stderr, now_ms, wall_ms))
		add_to_batch(log, line, is_stderr, wall_ms);
	add_to_tail(log, line, wall_ms);
}

/* Says how many were dropped, at most once a second. */
static void say_dropped(struct unitlog *log, int64_t now_ms, int64_t wall_ms)
{
	uint64_t untold = log->untold;
	uint64_t dropped = log->dropped;
	char words[64];

	if (log->untold == 0 || now_ms < log->say_ms)
		return;
	write_batch(log);
	snprintf(words, sizeof(words), "(%llu lines dropped)",
		 (unsigned long long)untold);
	log->untold = 0;
	log->say_ms = now_ms + SAY_EVERY_MS;
	add(log, text_of(words), true, now_ms, wall_ms);
	write_batch(log);
	if (log->untold == 0)
		return;
	/* That was dropped as well; it is none of the unit's lines. */
	log->untold = untold;
	log->dropped = dropped;
}

void unitlog_line(struct unitlog *log, struct text line, bool is_stderr,
		  int64_t now_ms, int64_t wall_ms)
{
	char tidy[UNITLOG_LINE_MAX - 512];
	size_t len;

	if (!log->used)
		return;
	if (!rate_take(&log->rate, 1, now_ms)) {
		log->dropped++;
		log->untold++;
		return;
	}
	len = tidy_copy(line, tidy, sizeof(tidy));
	add(log, (struct text){ tidy, len }, is_stderr, now_ms, wall_ms);
}

void unitlog_flush(struct unitlog *log, int64_t now_ms, int64_t wall_ms)
{
	if (!log->used)
		return;
	if (is_for_daemon(log))
		devqueue_step(&log->queue, now_ms);
	say_dropped(log, now_ms, wall_ms);
	write_batch(log);
	write_tail(log);
}

int64_t unitlog_deadline(const struct unitlog *log)
{
	int64_t due_ms;

	if (!log->used || !is_for_daemon(log))
		return DEVQUEUE_NO_DEADLINE;
	due_ms = devqueue_deadline(&log->queue);
	if (log->untold > 0 && log->say_ms < due_ms)
		due_ms = log->say_ms;
	return due_ms;
}

int unitlog_fd(const struct unitlog *log)
{
	return log->used && is_for_daemon(log) ? devqueue_fd(&log->queue) : -1;
}

void unitlog_push(struct unitlog *log, int64_t now_ms)
{
	if (log->used && is_for_daemon(log))
		devqueue_push(&log->queue, now_ms);
}

void unitlog_reopen(struct unitlog *log)
{
	if (!log->used || !is_file(log))
		return;
	if (log->file != -1)
		close(log->file);
	open_destination(log);
}

void unitlog_close(struct unitlog *log)
{
	if (!log->used)
		return;
	write_batch(log);
	write_tail(log);
	if (is_for_daemon(log))
		(void)devqueue_close(&log->queue, clock_ms(), LAST_WAIT_MS);
	if (log->file != -1)
		close(log->file);
	if (log->tail != -1)
		close(log->tail);
	log->used = false;
}
