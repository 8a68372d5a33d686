#define _GNU_SOURCE
#include "io/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the longest message beside a few hundred short ones. */
#define CHANNEL_BUFFER_BYTES (1 << 20)

int channel_pair(int ends[2])
{
	int size = CHANNEL_BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, ends) == -1)
		return -errno;
	for (int i = 0; i < 2; i++) {
		/* FORCE needs privilege; without it the system's limit,
		 * 200 KiB as a rule, holds one message of any size. */
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			       sizeof(size)) == -1)
			(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size,
					 sizeof(size));
	}
	return 0;
}

int channel_send(int fd, const void *buf, size_t len)
{
	ssize_t sent;

	do
		sent = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == -1 ? -errno : 0;
}

int channel_receive(int fd, void *buf, size_t cap)
{
	struct iovec part = { .iov_base = buf, .iov_len = cap };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got;

	do
		got = recvmsg(fd, &header, MSG_DONTWAIT);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return -errno;
	if (header.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return (int)got;
}
