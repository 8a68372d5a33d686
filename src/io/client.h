/* client - HTTP/1.1 over the control socket.
 *
 * For the commands; the only peer is our own server.  Keeps the connection
 * open between requests, reads bodies with a length or chunked, never waits
 * past a deadline.  Says nothing: callers get a negative errno.
 */
#ifndef HOLDFAST_IO_CLIENT_H
#define HOLDFAST_IO_CLIENT_H

#include "core/text.h"

#define CLIENT_PATH_MAX 108	    /* bytes, as of a Unix socket */
#define CLIENT_HEAD_MAX 8192	    /* bytes of status line and headers */
#define CLIENT_BODY_MAX (32u << 20) /* bytes of a body kept in memory */
#define CLIENT_BUF	65536

struct client_response {
	int status;
	char head[CLIENT_HEAD_MAX]; /* header lines, terminated */
	size_t head_len;
	char *body; /* terminated; NULL when it went to the sink */
	size_t body_len;
};

/* Where the body of a 2xx answer goes instead of memory.  Both return 0 or a
 * negative errno, which ends the request.
 */
struct client_sink {
	/* Called once, before the first byte, head complete. */
	int (*begin)(void *arg, const struct client_response *response);
	int (*write)(void *arg, const void *data, size_t len);
	void *arg;
};

struct client_request {
	const char *method;
	const char *target;		/* path and query, encoded */
	const char *headers;		/* "Name: value\r\n"…, or NULL */
	struct text body;		/* JSON; sent when not empty */
	int64_t deadline_ms;		/* of clock_ms() */
	const struct client_sink *sink; /* or NULL */
};

struct client {
	char path[CLIENT_PATH_MAX];
	int fd;	     /* -1 = not connected */
	bool reused; /* the connection has answered before */
	/* Called while waiting, about every TICK_MS, when not NULL.  A value
	 * other than 0 ends the request with it. */
	int (*tick)(void *arg);
	void *tick_arg;
	int tick_ms;
	/* received, not yet used: buf[start…end) */
	size_t start;
	size_t end;
	char buf[CLIENT_BUF];
};

/* Names the socket; connects at the first request.  0 or -ENAMETOOLONG. */
int client_open(struct client *client, const char *path);
void client_close(struct client *client);

/* Sends REQUEST and reads the answer.  0 whatever the status; -ENOENT or
 * -ECONNREFUSED when nobody listens; -EACCES; -ETIMEDOUT; -ECONNRESET when
 * the peer went away; -EINTR on a signal, unless there is a tick,
 * which is then called; -EPROTO for what is not HTTP;
 * -EMSGSIZE for too much of it; or what tick or sink said.  After an error
 * the connection is closed, the next request makes a new one.  A GET or HEAD
 * on a kept connection that turns out dead is sent once more by itself.
 *
 * The response is to be freed in any case.
 */
int client_do(struct client *client, const struct client_request *request,
	      struct client_response *response);
void client_response_free(struct client_response *response);

/* The value of the header NAME, whatever its case; empty if absent. */
struct text client_header(const struct client_response *response,
			  const char *name);

#endif
