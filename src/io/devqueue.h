/* devqueue - lines on their way to the log daemon.
 *
 * Its socket holds few datagrams: a burst waits here, in order and bounded,
 * until the daemon has caught up.  Nothing blocks, nothing is allocated.
 */
#ifndef HOLDFAST_IO_DEVQUEUE_H
#define HOLDFAST_IO_DEVQUEUE_H

#include "io/devlog.h"

#define DEVQUEUE_MAX	     (256u * 1024) /* bytes */
#define DEVQUEUE_NO_DEADLINE INT64_MAX

struct devqueue {
	struct devlog devlog;
	const char *tag;  /* borrowed */
	int64_t again_ms; /* when to try the daemon again */
	int64_t pause_ms; /* grows while it takes nothing */
	size_t head;	  /* of what waits, in bytes */
	size_t len;	  /* of what waits, in bytes, from 0 */
	char waiting[DEVQUEUE_MAX];
};

/* PATH NULL: DEVLOG_PATH. */
void devqueue_open(struct devqueue *queue, const char *path, const char *tag);
/* Sends the line or lets it wait: 0.  -ENOBUFS: too many wait.  Else why the
 * daemon can't be reached; the line is still the caller's.
 */
int devqueue_add(struct devqueue *queue, const struct devlog_line *line,
		 int64_t now_ms, int64_t wall_ms);
/* Sends what the daemon takes now; when it is due. */
void devqueue_step(struct devqueue *queue, int64_t now_ms);
/* When to step next; DEVQUEUE_NO_DEADLINE: nothing waits. */
int64_t devqueue_deadline(const struct devqueue *queue);
/* What becomes writable when a step is worth while sooner, -1 = nothing. */
int devqueue_fd(const struct devqueue *queue);
/* Sends whatever the daemon takes, due or not. */
void devqueue_push(struct devqueue *queue, int64_t now_ms);
/* Gives the daemon WAIT_MS at most for what waits; how many lines are lost. */
uint64_t devqueue_close(struct devqueue *queue, int64_t now_ms, int wait_ms);

#endif
