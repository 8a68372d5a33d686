#define _GNU_SOURCE
#include "io/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/whole.h"

#define CHUNK_BYTES 65536
#define FDS_GUESSED 1024 /* where the kernel can't close all */

/* Not every C library's headers know it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct found {
	int32_t rc;
	uint64_t size;
};

struct order {
	uint64_t offset;
	uint64_t len;
};

/* ---- the child ---- */

/* Whoever is connected to the parent must see it close the connection. */
static void close_others(int fd)
{
	unsigned above = (unsigned)fd + 1;

	if ((fd == 3 ||
	     syscall(SYS_close_range, 3u, (unsigned)fd - 1, 0u) == 0) &&
	    syscall(SYS_close_range, above, ~0u, 0u) == 0)
		return;
	for (int other = 3; other < FDS_GUESSED; other++)
		if (other != fd)
			close(other);
}

static void send_part(const struct courier_file *file, int from, int fd,
		      struct order order)
{
	static char buf[CHUNK_BYTES];

	while (order.len > 0) {
		size_t len = order.len < sizeof(buf) ? (size_t)order.len
						     : sizeof(buf);
		ssize_t got;

		file->enter(file->arg);
		got = pread(from, buf, len, (off_t)order.offset);
		file->leave(file->arg);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0 || whole_write(fd, buf, (size_t)got) != 0)
			return;
		order.offset += (uint64_t)got;
		order.len -= (uint64_t)got;
	}
}

static void child(const struct courier_file *file, int fd, pid_t parent)
{
	struct found found = { .size = 0 };
	struct order order;
	sigset_t none;
	int from;

	sigemptyset(&none);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	close_others(fd);
	file->enter(file->arg);
	from = file->open(file->arg, &found.size);
	file->leave(file->arg);
	found.rc = from < 0 ? from : 0;
	if (whole_write(fd, &found, sizeof(found)) == 0 && from >= 0 &&
	    recv(fd, &order, sizeof(order), MSG_WAITALL) ==
		    (ssize_t)sizeof(order))
		send_part(file, from, fd, order);
	_exit(EXIT_SUCCESS);
}

/* ---- its parent ---- */

ssize_t courier_read(int fd, void *buf, size_t len, int64_t patience_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t until_ms = clock_ms() + patience_ms;
	size_t done = 0;

	while (done < len) {
		ssize_t got =
			recv(fd, (char *)buf + done, len - done, MSG_DONTWAIT);
		int64_t left_ms = until_ms - clock_ms();

		if (got > 0) {
			done += (size_t)got;
			continue;
		}
		if (got == 0)
			break;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		(void)poll(&ready, 1, (int)left_ms);
	}
	return (ssize_t)done;
}

/* What the child found, or a negative errno. */
static int hear_found(int fd, int64_t patience_ms, uint64_t *size)
{
	struct found found;
	ssize_t got = courier_read(fd, &found, sizeof(found), patience_ms);

	if (got != (ssize_t)sizeof(found))
		return got < 0 ? (int)got : -EIO;
	*size = found.size;
	return found.rc;
}

int courier_start(const struct courier_file *file, int64_t patience_ms,
		  uint64_t *size)
{
	pid_t self = getpid();
	int ends[2];
	pid_t pid;
	int rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(file, ends[1], self);
	rc = pid == -1 ? -errno : 0;
	close(ends[1]);
	if (rc == 0)
		rc = hear_found(ends[0], patience_ms, size);
	if (rc != 0)
		close(ends[0]);
	return rc == 0 ? ends[0] : rc;
}

int courier_order(int fd, uint64_t offset, uint64_t len)
{
	struct order order = { offset, len };
	ssize_t put = send(fd, &order, sizeof(order), MSG_NOSIGNAL);

	if (put != (ssize_t)sizeof(order))
		return put == -1 ? -errno : -EIO;
	return fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ? -errno : 0;
}

bool courier_reap(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0 || (pid == -1 && errno == EINTR));
	return pid == 0;
}
