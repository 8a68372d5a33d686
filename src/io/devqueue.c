#define _GNU_SOURCE
#include "io/devqueue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "io/clock.h"

#define PAUSE_MS     2
#define PAUSE_MAX_MS 500

/* What stands before a line that waits. */
struct head {
	enum devlog_severity severity;
	int pid;
	int64_t wall_ms;
	size_t len;
};

void devqueue_open(struct devqueue *queue, const char *path, const char *tag)
{
	/* Not what waits: pages that nobody touches cost nothing. */
	devlog_open(&queue->devlog, path);
	queue->tag = tag;
	queue->again_ms = 0;
	queue->pause_ms = PAUSE_MS;
	queue->head = 0;
	queue->len = 0;
}

static int send_first(struct devqueue *queue, int64_t now_ms)
{
	const char *at = queue->waiting + queue->head;
	struct head head;
	int rc;

	memcpy(&head, at, sizeof(head));
	rc = devlog_send(&queue->devlog,
			 &(struct devlog_line){
				 .severity = head.severity,
				 .tag = queue->tag,
				 .pid = head.pid,
				 .text = { at + sizeof(head), head.len } },
			 now_ms, head.wall_ms);
	if (rc == 0)
		queue->head += sizeof(head) + head.len;
	return rc;
}

static int keep(struct devqueue *queue, const struct devlog_line *line,
		int64_t wall_ms)
{
	struct head head = { .severity = line->severity,
			     .pid = line->pid,
			     .wall_ms = wall_ms,
			     .len = line->text.len };

	if (queue->head > 0) {
		queue->len -= queue->head;
		memmove(queue->waiting, queue->waiting + queue->head,
			queue->len);
		queue->head = 0;
	}
	if (sizeof(head) + head.len > sizeof(queue->waiting) - queue->len)
		return -ENOBUFS;
	memcpy(queue->waiting + queue->len, &head, sizeof(head));
	queue->len += sizeof(head);
	if (head.len > 0)
		memcpy(queue->waiting + queue->len, line->text.at, head.len);
	queue->len += head.len;
	return 0;
}

int devqueue_add(struct devqueue *queue, const struct devlog_line *line,
		 int64_t now_ms, int64_t wall_ms)
{
	struct devlog_line named = *line;
	int rc = -EAGAIN;

	named.tag = queue->tag;
	devqueue_step(queue, now_ms);
	if (queue->head == queue->len) {
		rc = devlog_send(&queue->devlog, &named, now_ms, wall_ms);
		if (rc == -EAGAIN)
			queue->again_ms = now_ms + queue->pause_ms;
	} else if (queue->devlog.fd == -1) {
		rc = queue->devlog.rc;
	}
	return rc == -EAGAIN ? keep(queue, &named, wall_ms) : rc;
}

void devqueue_step(struct devqueue *queue, int64_t now_ms)
{
	size_t before = queue->head;

	if (queue->head == queue->len || now_ms < queue->again_ms)
		return;
	while (queue->head < queue->len && send_first(queue, now_ms) == 0)
		;
	if (queue->head != before)
		queue->pause_ms = PAUSE_MS;
	else if (queue->pause_ms < PAUSE_MAX_MS)
		queue->pause_ms *= 2;
	queue->again_ms = now_ms + queue->pause_ms;
	if (queue->head == queue->len)
		queue->head = queue->len = 0;
}

int64_t devqueue_deadline(const struct devqueue *queue)
{
	return queue->head == queue->len ? DEVQUEUE_NO_DEADLINE
					 : queue->again_ms;
}

int devqueue_fd(const struct devqueue *queue)
{
	return queue->head == queue->len ? -1 : queue->devlog.fd;
}

void devqueue_push(struct devqueue *queue, int64_t now_ms)
{
	queue->again_ms = now_ms;
	devqueue_step(queue, now_ms);
}

static uint64_t count_waiting(const struct devqueue *queue)
{
	uint64_t count = 0;
	struct head head;

	for (size_t at = queue->head; at < queue->len; count++) {
		memcpy(&head, queue->waiting + at, sizeof(head));
		at += sizeof(head) + head.len;
	}
	return count;
}

uint64_t devqueue_close(struct devqueue *queue, int64_t now_ms, int wait_ms)
{
	int64_t end_ms = now_ms + wait_ms;
	struct pollfd daemon = { .events = POLLOUT };

	while (queue->head < queue->len && now_ms <= end_ms) {
		devqueue_push(queue, now_ms);
		daemon.fd = queue->devlog.fd;
		if (queue->head < queue->len &&
		    poll(&daemon, 1, (int)(end_ms - now_ms)) <= 0)
			break;
		now_ms = clock_ms();
	}
	devlog_close(&queue->devlog);
	return count_waiting(queue);
}
