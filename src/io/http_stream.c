/* An answer whose bytes come from somebody else, when they do. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/http_inside.h"

#define BLOCK_BYTES 32768

struct stream {
	struct http *http;
	struct MHD_Connection *mhd;
	int fd;
	bool waits; /* the connection is suspended */
};

static void on_bytes(void *arg, uint32_t events)
{
	struct stream *stream = arg;

	(void)events;
	if (!stream->waits)
		return;
	stream->waits = false;
	stream->http->woken = true;
	MHD_resume_connection(stream->mhd);
}

static ssize_t take(void *cls, uint64_t offset, char *buf, size_t cap)
{
	struct stream *stream = cls;
	ssize_t got;

	(void)offset;
	do {
		got = read(stream->fd, buf, cap);
	} while (got == -1 && errno == EINTR);
	if (got > 0)
		return got;
	/* The end comes too early: all that was promised was not there. */
	if (got == 0 || errno != EAGAIN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	stream->waits = true;
	MHD_suspend_connection(stream->mhd);
	return 0;
}

static void end(void *cls)
{
	struct stream *stream = cls;

	loop_remove(stream->http->loop, stream->fd);
	close(stream->fd);
	free(stream);
}

struct MHD_Response *http_stream(const struct inner *inner,
				 const struct http_reply *reply)
{
	struct stream *stream = malloc(sizeof(*stream));
	struct MHD_Response *response;

	if (stream == NULL) {
		close(reply->fd);
		return NULL;
	}
	*stream = (struct stream){ .http = inner->http,
				   .mhd = inner->mhd,
				   .fd = reply->fd };
	if (loop_add(inner->http->loop, reply->fd, EPOLLIN | EPOLLET, on_bytes,
		     stream) != 0) {
		close(reply->fd);
		free(stream);
		return NULL;
	}
	response = MHD_create_response_from_callback(reply->len, BLOCK_BYTES,
						     take, stream, end);
	if (response == NULL)
		end(stream);
	return response;
}
