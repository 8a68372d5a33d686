/* unitlog - what a service or a singleton prints, line by line.
 *
 * Each line is named and stamped and goes to the node's stderr, in the format
 * of the node's log, to the machine's log daemon, or to a file that is rotated;
 * where there is no daemon, to stderr.  A bounded tail of it is kept in
 * STATE/log/NAME for `holdfast logs`.  What can't be written, and what
 * comes faster than UNITLOG_LINES_S, is dropped, counted, and said: a unit is
 * never held up, and never killed, by its log.
 */
#ifndef HOLDFAST_IO_UNITLOG_H
#define HOLDFAST_IO_UNITLOG_H

#include <limits.h>
#include <stdbool.h>

#include "core/rate.h"
#include "core/text.h"
#include "io/devqueue.h"

#define UNITLOG_LINES_S	  10000	       /* a second, of one unit … */
#define UNITLOG_BURST	  20000	       /* … beyond what may come at once */
#define UNITLOG_TAIL_MAX  (32u * 1024) /* bytes; two such files are kept */
#define UNITLOG_LINE_MAX  3072	       /* bytes of a line as written */
#define UNITLOG_BATCH_MAX 4096	       /* bytes of one write: PIPE_BUF */

struct identity;

struct unitlog_setup {
	const char *name;
	const char *to;		      /* "stderr", "syslog", "file:PATH" */
	uint64_t rotate;	      /* bytes */
	uint32_t keep;		      /* old files */
	int format;		      /* enum config_log_format, for stderr:
					 LOG_SYSLOG = to the daemon as well */
	bool prefixed;		      /* stderr: each line begins with <N> */
	const char *devlog;	      /* NULL = DEVLOG_PATH */
	const char *tail;	      /* path of STATE/log/NAME, "" = no tail */
	const struct identity *owner; /* of the tail, may be NULL */
};

struct unitlog {
	struct unitlog_setup setup; /* strings are borrowed */
	bool used;
	int pid;      /* of the command, shown in each line */
	int file;     /* -1 = stderr, or not open */
	bool failed;  /* the file, or the daemon: was said */
	uint64_t len; /* bytes in the file */
	int tail;     /* -1 = none */
	uint64_t tail_len;
	struct rate rate;
	uint64_t lines;	  /* written */
	uint64_t dropped; /* in all */
	uint64_t untold;  /* dropped since that was last said */
	int64_t say_ms;	  /* not said again before */
	char batch[UNITLOG_BATCH_MAX];
	size_t batch_len;
	char tail_batch[UNITLOG_BATCH_MAX];
	size_t tail_batch_len;
	struct devqueue queue; /* to the daemon; last, it is large */
};

void unitlog_open(struct unitlog *log, const struct unitlog_setup *setup,
		  int64_t now_ms);
/* The next lines are of the process PID. */
void unitlog_of(struct unitlog *log, int pid);
/* LINE comes without its end; STDERR says on which stream. */
void unitlog_line(struct unitlog *log, struct text line, bool is_stderr,
		  int64_t now_ms, int64_t wall_ms);
/* Writes what was gathered: after each read. */
void unitlog_flush(struct unitlog *log, int64_t now_ms, int64_t wall_ms);
/* When to flush again at the latest; DEVQUEUE_NO_DEADLINE: need not be. */
int64_t unitlog_deadline(const struct unitlog *log);
/* Becomes writable when the log daemon takes what waits for it; -1 = nothing
 * waits.
 */
int unitlog_fd(const struct unitlog *log);
void unitlog_push(struct unitlog *log, int64_t now_ms);
/* Opens the file again: somebody moved it away. */
void unitlog_reopen(struct unitlog *log);
void unitlog_close(struct unitlog *log);

#endif
