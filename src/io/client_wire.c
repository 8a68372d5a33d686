#define _GNU_SOURCE
#include "io/client_wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/clock.h"

int client_open(struct client *client, const char *path)
{
	*client = (struct client){ .fd = -1 };
	if (strlen(path) >= sizeof(client->path))
		return -ENAMETOOLONG;
	text_copy(text_of(path), client->path, sizeof(client->path));
	return 0;
}

void client_close(struct client *client)
{
	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
	client->reused = false;
	client->start = 0;
	client->end = 0;
}

/* Waits for EVENTS, ticking. */
static int client_wait(struct client *client, short events, int64_t deadline_ms)
{
	struct pollfd item = { .fd = client->fd, .events = events };

	for (;;) {
		int64_t left = deadline_ms - clock_ms();
		int rc;

		if (left <= 0)
			return -ETIMEDOUT;
		if (left > INT32_MAX)
			left = INT32_MAX;
		if (client->tick != NULL && left > client->tick_ms)
			left = client->tick_ms;
		rc = poll(&item, 1, (int)left);
		if (rc > 0)
			return 0;
		if (rc == -1 && (errno != EINTR || client->tick == NULL))
			return -errno;
		if (client->tick != NULL) {
			rc = client->tick(client->tick_arg);
			if (rc != 0)
				return rc;
		}
	}
}

int client_connect(struct client *client, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	text_copy(text_of(client->path), address.sun_path,
		  sizeof(address.sun_path));
	client->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (client->fd == -1)
		return -errno;
	/* A full backlog says EAGAIN and can't be polled for. */
	while (connect(client->fd, (const struct sockaddr *)&address,
		       sizeof(address)) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (clock_ms() >= deadline_ms)
			return -ETIMEDOUT;
		poll(NULL, 0, 10);
	}
	return 0;
}

int client_send(struct client *client, const char *data, size_t len,
		int64_t deadline_ms)
{
	while (len > 0) {
		ssize_t n = send(client->fd, data, len, MSG_NOSIGNAL);
		int rc;

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EPIPE)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = client_wait(client, POLLOUT, deadline_ms);
		if (rc != 0)
			return rc;
	}
	return 0;
}

ssize_t client_fill(struct client *client, int64_t deadline_ms)
{
	if (client->start == client->end) {
		client->start = 0;
		client->end = 0;
	} else if (client->start > 0 && client->end == CLIENT_BUF) {
		memmove(client->buf, client->buf + client->start,
			client->end - client->start);
		client->end -= client->start;
		client->start = 0;
	}
	if (client->end == CLIENT_BUF)
		return -EMSGSIZE;
	for (;;) {
		ssize_t n = recv(client->fd, client->buf + client->end,
				 CLIENT_BUF - client->end, 0);
		int rc;

		if (n >= 0) {
			client->end += (size_t)n;
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = client_wait(client, POLLIN, deadline_ms);
		if (rc != 0)
			return rc;
	}
}

int client_line(struct client *client, size_t max, int64_t deadline_ms,
		struct text *line)
{
	for (;;) {
		char *at = client->buf + client->start;
		size_t len = client->end - client->start;
		char *end = len > 0 ? memchr(at, '\n', len) : NULL;
		ssize_t n;

		if (end != NULL) {
			client->start += (size_t)(end - at) + 1;
			*line = (struct text){ at, (size_t)(end - at) };
			if (line->len > 0 && at[line->len - 1] == '\r')
				line->len--;
			return line->len <= max ? 0 : -EMSGSIZE;
		}
		if (len > max)
			return -EMSGSIZE;
		n = client_fill(client, deadline_ms);
		if (n <= 0)
			return n < 0 ? (int)n : -ECONNRESET;
	}
}
