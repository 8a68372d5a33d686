/* devlog - lines to this machine's log daemon, over /dev/log.
 *
 * One datagram a line, as syslog(3) writes it (RFC 3164), facility daemon.
 * Never waits: a daemon that does not keep up, or is not there, is the
 * caller's to deal with.  One that was started anew is found by itself.
 */
#ifndef HOLDFAST_IO_DEVLOG_H
#define HOLDFAST_IO_DEVLOG_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/text.h"

#define DEVLOG_PATH	"/dev/log"
#define DEVLOG_LINE_MAX 3584 /* bytes of a datagram; longer ones are cut */

/* As in <syslog.h>. */
enum devlog_severity {
	DEVLOG_ERR = 3,
	DEVLOG_WARNING = 4,
	DEVLOG_INFO = 6,
	DEVLOG_DEBUG = 7
};

struct devlog {
	const char *path; /* borrowed */
	int fd;		  /* -1 = not connected */
	int rc;		  /* why not */
	int64_t again_ms; /* not tried again before */
};

struct devlog_line {
	enum devlog_severity severity;
	const char *tag;
	int pid;
	struct text text; /* without its end */
};

/* PATH NULL: DEVLOG_PATH.  Connects at the first line. */
void devlog_open(struct devlog *devlog, const char *path);
/* 0; -EAGAIN: it is there and does not keep up; else why it can't be reached,
 * which costs nothing to hear again.
 */
int devlog_send(struct devlog *devlog, const struct devlog_line *line,
		int64_t now_ms, int64_t wall_ms);
void devlog_close(struct devlog *devlog);

/* LINE as sent, into BUF; its length.  WHEN is the local time. */
size_t devlog_format(char *buf, size_t cap, const struct devlog_line *line,
		     const struct tm *when);

#endif
