/* http_inside - what http.c, http_request.c and http_answer.c share. */
#ifndef HOLDFAST_IO_HTTP_INSIDE_H
#define HOLDFAST_IO_HTTP_INSIDE_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "io/http.h"

/* A connection whose next request is not complete yet is in a list, the one
 * that waits longest first.
 */
struct connection {
	struct connection *earlier;
	struct connection *later;
	struct http *http;
	int64_t since_ms;
	int fd;
	uid_t peer_uid;
	bool listed;
	bool over_unix;
};

struct inner {
	struct http_request request; /* first: what handlers see */
	struct MHD_Connection *mhd;
	struct connection *connection;
	struct http *http;
	char *body;
	size_t body_cap;
	bool complete;	/* the handler has it */
	bool too_large; /* the rest of the body is thrown away */
	bool answered;
	bool held;
	bool sends_file;
	bool failed; /* an answer could not be made: close */
};

/* The two kinds of connections, by the length of their buffer. */
struct pool {
	struct MHD_Daemon *mhd;
	bool ready; /* its epoll descriptor is */
};

enum { POOL_SMALL, POOL_LARGE, POOL_MAX };

/* A connection that has not said enough yet. */
struct guest {
	struct guest *earlier;
	struct guest *later;
	int64_t since_ms;
	int fd;
	socklen_t len;
	struct sockaddr_in6 address; /* or a shorter one */
};

struct listener {
	struct http *http;
	int fd;
	bool watched;
	bool is_unix;
};

struct http {
	struct http_setup setup;
	struct loop *loop;
	struct pool pools[POOL_MAX];
	struct listener listeners[HTTP_LISTEN_MAX];
	size_t listeners_count;
	unsigned connections;
	unsigned requests; /* under way */
	unsigned files;	   /* of them, sent */
	bool refusing;
	bool woken; /* someone was woken: run at once */
	int64_t now_ms;
	int64_t ran_ms;
	struct connection *first; /* waits longest */
	struct connection *last;
	int lobby; /* epoll descriptor */
	unsigned guests;
	struct guest *first_guest; /* waits longest */
	struct guest *last_guest;
};

/* http_stream.c */
struct MHD_Response *http_stream(const struct inner *inner,
				 const struct http_reply *reply);

/* http.c */
void connection_list(struct connection *connection);
void connection_unlist(struct connection *connection);

/* http_lobby.c */
int lobby_open(struct http *http);
void lobby_drop_slow(struct http *http);
/* May one more come in? */
bool lobby_has_room(const struct http *http);
/* Watches the listening sockets while one may. */
void lobby_watch(struct http *http);

/* http_request.c: what the library calls */
enum MHD_Result http_on_access(void *cls, struct MHD_Connection *mhd,
			       const char *url, const char *method,
			       const char *version, const char *data,
			       size_t *size, void **context);
void http_on_end(void *cls, struct MHD_Connection *mhd, void **context,
		 enum MHD_RequestTerminationCode code);

#endif
