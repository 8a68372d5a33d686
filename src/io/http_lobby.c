/* Accepts connections, and lets each wait until its first head is there: by
 * the length of that its buffer is chosen.  Who never says anything costs 100
 * bytes, and goes after HTTP_IDLE_MS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/http_inside.h"
#include "io/log.h"

#define ACCEPTS_AT_ONCE 32 /* so that other processes get some */
#define GUESTS_AT_ONCE	64
#define HEAD_SMALL_MAX	1536 /* bytes: a first head that fits well */

static bool has_end(const char *head, size_t len)
{
	return memmem(head, len, "\n\r\n", 3) != NULL ||
	       memmem(head, len, "\n\n", 2) != NULL;
}

/* Which pool the connection is for; NULL when too little has come. */
static struct pool *choose_pool(struct http *http, int fd, bool ended)
{
	char head[HEAD_SMALL_MAX];
	ssize_t got = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (got > 0 && has_end(head, (size_t)got))
		return &http->pools[POOL_SMALL];
	if (got == (ssize_t)sizeof(head))
		return &http->pools[POOL_LARGE];
	/* The library knows best what to do with a broken one. */
	if (ended || got == 0 || (got == -1 && errno != EAGAIN))
		return &http->pools[POOL_SMALL];
	return NULL;
}

static void hand_over(struct pool *pool, int fd, const struct sockaddr *address,
		      socklen_t len)
{
	/* Closes it when it fails. */
	if (MHD_add_connection(pool->mhd, fd, address, len) == MHD_YES)
		pool->ready = true;
}

/* ---- those who wait ---- */

static void unlist(struct http *http, struct guest *guest)
{
	if (guest->earlier != NULL)
		guest->earlier->later = guest->later;
	else
		http->first_guest = guest->later;
	if (guest->later != NULL)
		guest->later->earlier = guest->earlier;
	else
		http->last_guest = guest->earlier;
	http->guests--;
	free(guest);
}

static void let_wait(struct http *http, int fd, const struct sockaddr *address,
		     socklen_t len)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data.ptr = guest,
	};

	if (guest == NULL || len > sizeof(guest->address) ||
	    epoll_ctl(http->lobby, EPOLL_CTL_ADD, fd, &event) == -1) {
		free(guest);
		close(fd);
		return;
	}
	guest->fd = fd;
	guest->since_ms = http->now_ms;
	guest->len = len;
	memcpy(&guest->address, address, len);
	guest->earlier = http->last_guest;
	if (http->last_guest != NULL)
		http->last_guest->later = guest;
	else
		http->first_guest = guest;
	http->last_guest = guest;
	http->guests++;
}

static void look_at(struct http *http, struct guest *guest, bool ended)
{
	struct pool *pool = choose_pool(http, guest->fd, ended);

	if (pool == NULL)
		return;
	epoll_ctl(http->lobby, EPOLL_CTL_DEL, guest->fd, NULL);
	hand_over(pool, guest->fd, (const struct sockaddr *)&guest->address,
		  guest->len);
	unlist(http, guest);
}

static void on_lobby(void *arg, uint32_t ready)
{
	struct http *http = arg;
	struct epoll_event events[GUESTS_AT_ONCE];
	int count = epoll_wait(http->lobby, events, GUESTS_AT_ONCE, 0);

	(void)ready;
	for (int i = 0; i < count; i++)
		look_at(http, events[i].data.ptr,
			(events[i].events & ~(uint32_t)EPOLLIN) != 0);
}

int lobby_open(struct http *http)
{
	http->lobby = epoll_create1(EPOLL_CLOEXEC);
	if (http->lobby == -1)
		return -errno;
	return loop_add(http->loop, http->lobby, EPOLLIN, on_lobby, http);
}

void lobby_drop_slow(struct http *http)
{
	struct guest *later;

	for (struct guest *guest = http->first_guest;
	     guest != NULL && http->now_ms - guest->since_ms >= HTTP_IDLE_MS;
	     guest = later) {
		later = guest->later;
		close(guest->fd);
		unlist(http, guest);
	}
}

/* ---- accepting ---- */

static void on_accept(void *arg, uint32_t events)
{
	struct listener *listener = arg;
	struct http *http = listener->http;

	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE && lobby_has_room(http); i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t len = sizeof(address);
		struct pool *pool;
		int fd = accept4(listener->fd, (struct sockaddr *)&address,
				 &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1) {
			if (errno == EMFILE || errno == ENFILE)
				log_warn(-errno, "http: cannot accept");
			break;
		}
		if (listener->is_unix) {
			address.ss_family = AF_UNIX;
			len = sizeof(sa_family_t);
		}
		pool = choose_pool(http, fd, false);
		if (pool != NULL)
			hand_over(pool, fd, (struct sockaddr *)&address, len);
		else
			let_wait(http, fd, (struct sockaddr *)&address, len);
	}
	lobby_watch(http);
}

bool lobby_has_room(const struct http *http)
{
	return http->connections + http->guests < http->setup.connections;
}

void lobby_watch(struct http *http)
{
	bool wanted = !http->refusing && lobby_has_room(http);

	for (size_t i = 0; i < http->listeners_count; i++) {
		struct listener *listener = &http->listeners[i];

		if (wanted == listener->watched)
			continue;
		if (!wanted) {
			loop_remove(http->loop, listener->fd);
			listener->watched = false;
			continue;
		}
		/* Exclusive: of several processes, one is woken. */
		listener->watched = loop_add(http->loop, listener->fd,
					     EPOLLIN | EPOLLEXCLUSIVE,
					     on_accept, listener) == 0;
	}
}
