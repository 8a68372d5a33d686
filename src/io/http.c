#define _GNU_SOURCE
#include "io/http.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/http_inside.h"
#include "io/log.h"

#define FDS_OF_OURS    64   /* besides connections and their files */
#define TURN_MS	       1000 /* timeouts are looked at this often */
#define ROUNDS_AT_ONCE 64   /* of handlers waking others in one turn */

/* ---- how long a request may take to arrive ---- */

void connection_list(struct connection *connection)
{
	struct http *http = connection->http;

	connection->since_ms = http->now_ms;
	if (connection->listed)
		connection_unlist(connection);
	connection->earlier = http->last;
	connection->later = NULL;
	if (http->last != NULL)
		http->last->later = connection;
	else
		http->first = connection;
	http->last = connection;
	connection->listed = true;
}

void connection_unlist(struct connection *connection)
{
	struct http *http = connection->http;

	if (!connection->listed)
		return;
	if (connection->earlier != NULL)
		connection->earlier->later = connection->later;
	else
		http->first = connection->later;
	if (connection->later != NULL)
		connection->later->earlier = connection->earlier;
	else
		http->last = connection->earlier;
	connection->listed = false;
}

/* The library sees the end of the stream and cleans up. */
static void drop_slow(struct http *http)
{
	while (http->first != NULL &&
	       http->now_ms - http->first->since_ms >= HTTP_IDLE_MS) {
		struct connection *connection = http->first;

		connection_unlist(connection);
		shutdown(connection->fd, SHUT_RDWR);
	}
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = cls;
	struct connection *connection = *context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (connection != NULL)
			connection_unlist(connection);
		free(connection);
		*context = NULL;
		http->connections--;
		return;
	}
	http->connections++;
	connection = calloc(1, sizeof(*connection));
	*context = connection;
	if (connection == NULL)
		return;
	connection->http = http;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	connection->fd = info->connect_fd;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	connection->over_unix = info->client_addr->sa_family == AF_UNIX;
	connection->peer_uid = (uid_t)-1;
	if (connection->over_unix) {
		struct ucred peer;
		socklen_t len = sizeof(peer);

		if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer,
			       &len) == 0)
			connection->peer_uid = peer.uid;
	}
	connection_list(connection);
}

/* ---- accepting ---- */

int http_listen(struct http *http, int fd)
{
	struct listener *listener = &http->listeners[http->listeners_count];
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (http->listeners_count == HTTP_LISTEN_MAX)
		return -ENOSPC;
	if (getsockname(fd, (struct sockaddr *)&address, &len) == -1)
		return -errno;
	*listener = (struct listener){ .http = http, .fd = fd };
	listener->is_unix = address.ss_family == AF_UNIX;
	http->listeners_count++;
	lobby_watch(http);
	return listener->watched ? 0 : -EIO;
}

void http_refuse(struct http *http)
{
	http->refusing = true;
	lobby_watch(http);
}

/* ---- opening ---- */

/* Every connection may have a file open; connections come first. */
static unsigned raise_descriptors(unsigned connections)
{
	struct rlimit limit;
	rlim_t wanted = 2 * (rlim_t)connections + FDS_OF_OURS;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return connections;
	if (limit.rlim_cur < wanted) {
		struct rlimit raised = { .rlim_cur = wanted,
					 .rlim_max = limit.rlim_max > wanted
							     ? limit.rlim_max
							     : wanted };

		if (setrlimit(RLIMIT_NOFILE, &raised) == -1) {
			raised.rlim_max = limit.rlim_max;
			if (raised.rlim_cur > limit.rlim_max)
				raised.rlim_cur = limit.rlim_max;
			(void)setrlimit(RLIMIT_NOFILE, &raised);
		}
		if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
			return connections;
	}
	if (limit.rlim_cur < connections + FDS_OF_OURS) {
		connections = limit.rlim_cur > 2 * FDS_OF_OURS
				      ? (unsigned)limit.rlim_cur - FDS_OF_OURS
				      : FDS_OF_OURS;
		log_info("http: as many as descriptors allow connections=%u",
			 connections);
	}
	return connections;
}

static void on_ready(void *arg, uint32_t events)
{
	struct pool *pool = arg;

	(void)events;
	pool->ready = true;
}

static int open_pool(struct http *http, struct pool *pool, size_t buffer)
{
	const union MHD_DaemonInfo *info;

	pool->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_NO_LISTEN_SOCKET,
		0, NULL, NULL, http_on_access, http,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, buffer,
		MHD_OPTION_CONNECTION_LIMIT, http->setup.connections + 1,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HTTP_IDLE_MS / 1000),
		MHD_OPTION_NOTIFY_COMPLETED, http_on_end, http,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (pool->mhd == NULL)
		return -EIO;
	info = MHD_get_daemon_info(pool->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return -EIO;
	return loop_add(http->loop, info->epoll_fd, EPOLLIN, on_ready, pool);
}

int http_open(struct http **http, struct loop *loop,
	      const struct http_setup *setup)
{
	struct http *new = calloc(1, sizeof(*new));
	int rc;

	*http = new;
	if (new == NULL)
		return -ENOMEM;
	signal(SIGPIPE, SIG_IGN);
	new->setup = *setup;
	new->loop = loop;
	new->now_ms = clock_ms();
	new->setup.connections = raise_descriptors(setup->connections);
	rc = lobby_open(new);
	if (rc == 0)
		rc = open_pool(new, &new->pools[POOL_SMALL], HTTP_BUFFER_SMALL);
	if (rc == 0)
		rc = open_pool(new, &new->pools[POOL_LARGE], HTTP_BUFFER_LARGE);
	if (rc != 0)
		log_err(rc, "http: cannot start");
	return rc;
}

void http_set_max_body(struct http *http, uint64_t max_body)
{
	http->setup.max_body = max_body;
}

/* ---- turning ---- */

static bool is_due(const struct pool *pool)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	return pool->ready ||
	       (MHD_get_timeout(pool->mhd, &wait_ms) == MHD_YES &&
		wait_ms == 0);
}

int64_t http_deadline(const struct http *http, int64_t now_ms)
{
	if (http->woken)
		return now_ms;
	for (int i = 0; i < POOL_MAX; i++)
		if (is_due(&http->pools[i]))
			return now_ms;
	return http->ran_ms + TURN_MS;
}

void http_turn(struct http *http, int64_t now_ms)
{
	bool all = now_ms - http->ran_ms >= TURN_MS;

	http->now_ms = now_ms;
	if (all) {
		http->ran_ms = now_ms;
		drop_slow(http);
		lobby_drop_slow(http);
	}
	for (int round = 0; round < ROUNDS_AT_ONCE; round++) {
		bool woken = http->woken;
		bool ran = false;

		http->woken = false;
		for (int i = 0; i < POOL_MAX; i++) {
			struct pool *pool = &http->pools[i];

			if (!all && !woken && !is_due(pool))
				continue;
			pool->ready = false;
			ran = true;
			MHD_run(pool->mhd);
		}
		all = false;
		if (!ran || !http->woken)
			break;
	}
	lobby_watch(http);
}

unsigned http_requests(const struct http *http)
{
	return http->requests;
}

unsigned http_files(const struct http *http)
{
	return http->files;
}
