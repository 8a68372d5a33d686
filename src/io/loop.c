#define _GNU_SOURCE
#include "io/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "io/clock.h"

#define EVENTS_AT_ONCE 64

int loop_open(struct loop *loop, const int *signals)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u64 = UINT64_MAX };
	sigset_t set;
	int rc = 0;

	loop->epoll = -1;
	loop->signals = -1;
	loop->taken = 0;
	loop->watches_count = 0;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	if (sigprocmask(SIG_SETMASK, &set, NULL) == -1)
		return -errno;
	loop->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->signals == -1 || loop->epoll == -1 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->signals, &event) ==
		    -1) {
		rc = -errno;
		loop_close(loop);
	}
	return rc;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll != -1)
		close(loop->epoll);
	if (loop->signals != -1)
		close(loop->signals);
	loop->epoll = -1;
	loop->signals = -1;
	loop->watches_count = 0;
}

static int find(const struct loop *loop, int fd)
{
	for (int i = 0; i < loop->watches_count; i++)
		if (loop->watches[i].fd == fd)
			return i;
	return -1;
}

int loop_add(struct loop *loop, int fd, uint32_t events, loop_fn *fn, void *arg)
{
	struct epoll_event event = { .events = events };
	int at = find(loop, -1);

	if (at == -1) {
		if (loop->watches_count == LOOP_FDS_MAX)
			return -ENOSPC;
		at = loop->watches_count;
	}
	event.data.u64 = (uint64_t)at;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		return -errno;
	loop->watches[at] = (struct loop_watch){ fn, arg, fd };
	if (at == loop->watches_count)
		loop->watches_count++;
	return 0;
}

int loop_change(struct loop *loop, int fd, uint32_t events)
{
	int at = find(loop, fd);
	struct epoll_event event = { .events = events,
				     .data.u64 = (uint64_t)at };

	if (at == -1)
		return -ENOENT;
	return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == -1 ? -errno
								       : 0;
}

void loop_remove(struct loop *loop, int fd)
{
	int at = find(loop, fd);

	if (at == -1)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	loop->watches[at].fd = -1;
}

static void take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == sizeof(info))
		loop->taken |= UINT64_C(1) << info.ssi_signo % 64;
}

static int timeout_until(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == LOOP_NO_DEADLINE)
		return -1;
	left = deadline_ms - clock_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void loop_wait(struct loop *loop, int64_t deadline_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE,
			       timeout_until(deadline_ms));

	for (int i = 0; i < count; i++) {
		struct loop_watch *watch;

		if (events[i].data.u64 == UINT64_MAX) {
			take_signals(loop);
			continue;
		}
		watch = &loop->watches[events[i].data.u64];
		/* An earlier function of this turn may have removed it. */
		if (watch->fd != -1)
			watch->fn(watch->arg, events[i].events);
	}
}

bool loop_took(struct loop *loop, int signal)
{
	uint64_t bit = UINT64_C(1) << signal % 64;
	bool took = (loop->taken & bit) != 0;

	loop->taken &= ~bit;
	return took;
}

int bell_open(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	return fd == -1 ? -errno : fd;
}

void bell_ring(int fd)
{
	uint64_t one = 1;

	/* Fails only when the counter is full: then it rings already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void bell_clear(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}
