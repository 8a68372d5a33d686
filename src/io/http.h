/* http - requests in, answers out.
 *
 * The only module (http*.c) that knows libmicrohttpd.  It runs inside the
 * caller's loop: no threads.  A request is handed over once all of it is
 * there; the handler answers it at once, or holds it and is called again when
 * someone wakes it.  What is malformed, too large or too slow is refused
 * before any handler sees it.
 *
 * Memory: a connection costs its buffer, HTTP_BUFFER_SMALL, and about 700
 * bytes.  The library copies the Cookie field within that buffer, so a long
 * one needs more than twice its length: connections whose first request is
 * long get HTTP_BUFFER_LARGE instead.
 */
#ifndef HOLDFAST_IO_HTTP_H
#define HOLDFAST_IO_HTTP_H

#include <sys/socket.h>
#include <sys/types.h>

#include "core/route.h"
#include "io/loop.h"

#define HTTP_BUFFER_SMALL 6144	/* bytes */
#define HTTP_BUFFER_LARGE 16384 /* bytes */
#define HTTP_LISTEN_MAX	  9	/* sockets */
#define HTTP_FIELDS_MAX	  14	/* header fields of one answer */
#define HTTP_IDLE_MS	  60000 /* a whole request arrives within that */

struct http;
struct http_answer;

struct http_request {
	enum method method;
	struct text path; /* decoded, not normalised */
	struct text body;
	bool over_unix;
	uid_t peer_uid;			/* over the Unix socket */
	const struct sockaddr *address; /* over TCP, else NULL */
	void *state;			/* the handler's own, NULL at first */
};

/* The handler calls exactly one of http_send, http_reply and http_hold. */
typedef void http_handle_fn(void *arg, struct http_request *request);
/* The request is over, however it ended: the handler frees its STATE. */
typedef void http_gone_fn(void *arg, struct http_request *request);

struct http_setup {
	unsigned connections; /* at most, of this process */
	uint64_t max_body;    /* bytes */
	http_handle_fn *handle;
	http_gone_fn *gone;
	void *arg;
};

struct http_field {
	const char *name;
	const char *value;
};

enum http_bytes {
	HTTP_BYTES_COPY,   /* BODY is copied */
	HTTP_BYTES_STATIC, /* BODY outlives the process */
	HTTP_BYTES_TAKE,   /* BODY came from malloc and is taken over */
	HTTP_BYTES_FILE,   /* FD is taken over; LEN bytes of it from OFFSET */
	HTTP_BYTES_STREAM, /* FD, which does not block, is taken over; LEN bytes
			      come from it; not for http_answer_new */
};

struct http_reply {
	unsigned status;
	enum http_bytes bytes;
	struct text body;
	int fd;
	uint64_t offset;
	uint64_t len;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t fields_count;
};

/* Raises the limit of descriptors as far as it may, and lowers the number of
 * connections to what is left.  0 or a negative errno.
 */
int http_open(struct http **http, struct loop *loop,
	      const struct http_setup *setup);
/* Adds a listening socket, which stays the caller's. */
int http_listen(struct http *http, int fd);
/* Takes no more connections; those there are stay. */
void http_refuse(struct http *http);
void http_set_max_body(struct http *http, uint64_t max_body);

/* When http_turn wants to be called at the latest. */
int64_t http_deadline(const struct http *http, int64_t now_ms);
/* Does what is to be done; after every loop_wait. */
void http_turn(struct http *http, int64_t now_ms);
/* Requests under way, those held included. */
unsigned http_requests(const struct http *http);

/* Of them those that are answered with files. */
unsigned http_files(const struct http *http);

/* The value of header field NAME, empty if absent. */
struct text http_field(const struct http_request *request, const char *name);
/* Is there a query parameter NAME?  Then its value, decoded. */
bool http_query(const struct http_request *request, const char *name,
		struct text *value);

/* Adds a field; VALUE lives until the reply was sent. */
void http_add_field(struct http_reply *reply, const char *name,
		    const char *value);
/* Sends REPLY, now. */
void http_reply(struct http_request *request, const struct http_reply *reply);
/* An answer that can be sent again and again; NULL when memory is short. */
struct http_answer *http_answer_new(const struct http_reply *reply);
void http_answer_free(struct http_answer *answer);
void http_send(struct http_request *request, const struct http_answer *answer);

/* Keeps the request for later.  A client that goes away meanwhile is not
 * noticed, so whoever holds also sets a deadline.
 */
void http_hold(struct http_request *request);
/* Has the handler called again for a held request, within http_turn. */
void http_wake(struct http_request *request);

#endif
