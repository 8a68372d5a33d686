#define _GNU_SOURCE
#include "io/joblog.h"

#include <errno.h>
#include <unistd.h>

#include "core/out.h"
#include "io/log.h"
#include "io/outputdir.h"

#define COPY_BYTES 16384

struct joblog joblog_init(const struct outputdir *dir)
{
	return (struct joblog){ .dir = dir, .fd = -1 };
}

static void fail(struct joblog *log, int rc)
{
	log->failed = true;
	log_warn(rc, "worker: cannot write log of %s", log->dir->path);
}

static int put_at(int fd, uint64_t offset, struct text data)
{
	while (data.len > 0) {
		ssize_t put = pwrite(fd, data.at, data.len, (off_t)offset);

		if (put == -1 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		data.at += put;
		data.len -= (size_t)put;
		offset += (uint64_t)put;
	}
	return 0;
}

/* Moves LEN bytes from FROM down to TO. */
static int move_down(int fd, uint64_t from, uint64_t to, uint64_t len)
{
	char buf[COPY_BYTES];

	while (len > 0) {
		size_t part = len < sizeof(buf) ? (size_t)len : sizeof(buf);
		ssize_t got = pread(fd, buf, part, (off_t)from);
		int rc;

		if (got <= 0)
			return got == 0 ? -EIO : -errno;
		rc = put_at(fd, to, (struct text){ buf, (size_t)got });
		if (rc != 0)
			return rc;
		from += (uint64_t)got;
		to += (uint64_t)got;
		len -= (uint64_t)got;
	}
	return 0;
}

/* The line between beginning and end has this length whatever its number. */
static struct text mark(char *buf, size_t cap, uint64_t left_out)
{
	struct out out = out_init(buf, cap);
	static const char blanks[] = "                    ";
	size_t digits;

	out_string(&out, "\n[... left out, bytes: ");
	digits = out.len;
	out_u64(&out, left_out);
	digits = out.len - digits;
	out_string(&out, " ...]");
	out_text(&out, (struct text){ blanks, sizeof(blanks) - 1 - digits });
	out_char(&out, '\n');
	out_end(&out);
	return (struct text){ buf, out.len };
}

/* Drops the middle, so that the end has room to grow again. */
static int shorten(struct joblog *log)
{
	char buf[96];
	size_t mark_len = mark(buf, sizeof(buf), 0).len;
	uint64_t end = JOBLOG_HEAD + mark_len;
	uint64_t from = log->len - JOBLOG_TAIL;
	int rc;

	/* The first time there is no mark yet that the end begins behind. */
	log->left_out += from - (log->left_out > 0 ? end : JOBLOG_HEAD);
	rc = move_down(log->fd, from, end, JOBLOG_TAIL);
	if (rc == 0)
		rc = put_at(log->fd, JOBLOG_HEAD,
			    mark(buf, sizeof(buf), log->left_out));
	if (rc == 0 && ftruncate(log->fd, (off_t)(end + JOBLOG_TAIL)) == -1)
		rc = -errno;
	log->len = end + JOBLOG_TAIL;
	return rc;
}

void joblog_write(struct joblog *log, struct text data)
{
	int rc = 0;

	if (log->dir == NULL || log->failed || !log->dir->used || data.len == 0)
		return;
	if (log->fd == -1) {
		log->fd = outputdir_create(log->dir, "log");
		if (log->fd < 0)
			rc = log->fd;
	}
	while (rc == 0 && data.len > 0) {
		struct text part = data;

		if (log->len == JOBLOG_MAX) {
			rc = shorten(log);
			continue;
		}
		if (part.len > JOBLOG_MAX - log->len)
			part.len = (size_t)(JOBLOG_MAX - log->len);
		rc = put_at(log->fd, log->len, part);
		log->len += part.len;
		data.at += part.len;
		data.len -= part.len;
	}
	if (rc != 0)
		fail(log, rc);
}

void joblog_close(struct joblog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}
