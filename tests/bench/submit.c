/* Submits COUNT jobs of TYPE over CLIENTS connections to 127.0.0.1:PORT as the
 * user of COOKIE, and says how many seconds it took.  With "cancel" each is
 * cancelled as soon as it was accepted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 1024

struct client {
	int fd;
	bool cancelling;
	size_t len;
	char buf[8192];
};

static struct client clients[CLIENTS_MAX];
static const char *type;
static const char *cookie;
static bool cancel;
static long left;
static long done;

static void die(const char *what)
{
	fprintf(stderr, "submit: %s\n", what);
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void say(struct client *client, const char *request, int len)
{
	client->len = 0;
	if (send(client->fd, request, (size_t)len, 0) != len)
		die("cannot send");
}

static void post(struct client *client)
{
	char request[1024];
	char body[256];
	int len = snprintf(body, sizeof(body), "{\"type\":\"%s\"}", type);

	if (left == 0)
		return;
	left--;
	client->cancelling = false;
	say(client, request,
	    snprintf(request, sizeof(request),
		     "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n"
		     "Content-Type: application/json\r\n"
		     "Content-Length: %d\r\n\r\n%s",
		     cookie, len, body));
}

static void drop(struct client *client, const char *id)
{
	char request[1024];

	client->cancelling = true;
	say(client, request,
	    snprintf(request, sizeof(request),
		     "DELETE /v1/jobs/%.26s HTTP/1.1\r\nHost: x\r\n"
		     "Cookie: %s\r\n\r\n",
		     id, cookie));
}

static bool is_whole(const struct client *client)
{
	const char *end = strstr(client->buf, "\r\n\r\n");
	const char *length = strcasestr(client->buf, "\r\nContent-Length: ");

	return end != NULL && length != NULL &&
	       client->len >= (size_t)(end + 4 - client->buf) +
				      (size_t)atol(length + 18);
}

static void hear(struct client *client)
{
	ssize_t got = recv(client->fd, client->buf + client->len,
			   sizeof(client->buf) - 1 - client->len, 0);
	const char *id;

	if (got <= 0)
		die("the connection was closed");
	client->len += (size_t)got;
	client->buf[client->len] = '\0';
	if (!is_whole(client))
		return;
	if (strncmp(client->buf, "HTTP/1.1 202", 12) != 0)
		die(client->buf);
	id = strstr(client->buf, "\"id\":\"");
	if (cancel && !client->cancelling && id != NULL) {
		drop(client, id + 6);
		return;
	}
	done++;
	post(client);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct epoll_event events[CLIENTS_MAX];
	int epoll = epoll_create1(0);
	double since;
	long count;
	int number;

	if (argc < 6)
		die("usage: submit COUNT CLIENTS PORT TYPE COOKIE [cancel]");
	count = left = atol(argv[1]);
	number = atoi(argv[2]);
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	type = argv[4];
	cookie = argv[5];
	cancel = argc > 6;
	since = now_s();
	for (int i = 0; i < number && i < CLIENTS_MAX; i++) {
		struct epoll_event event = { .events = EPOLLIN,
					     .data.u32 = (uint32_t)i };

		clients[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(clients[i].fd, (struct sockaddr *)&to,
			    sizeof(to)) == -1)
			die("cannot connect");
		epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event);
		post(&clients[i]);
	}
	while (done < count) {
		int ready = epoll_wait(epoll, events, CLIENTS_MAX, 20000);

		if (ready <= 0)
			die("no answer within 20 s");
		for (int i = 0; i < ready; i++)
			hear(&clients[events[i].data.u32]);
	}
	printf("%.3f\n", now_s() - since);
	return 0;
}
