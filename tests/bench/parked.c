/* Parks COUNT long polls of PATH at 127.0.0.1:PORT, says "parked", and tells
 * for each line "go" on stdin how many milliseconds after it the last answer
 * came; then parks them anew.  ETAG lines come as "go ETAG": what they have
 * next.  Cookie is COOKIE.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 60000

static int fds[COUNT_MAX];
static char request[4096];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void build(char **argv, const char *etag)
{
	snprintf(request, sizeof(request),
		 "GET %s?wait=60s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n"
		 "If-None-Match: %s\r\n\r\n",
		 argv[3], argv[4], etag);
}

static void dial(int epoll, int count, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < count; i++) {
		struct epoll_event event = { .events = EPOLLIN,
					     .data.u32 = (uint32_t)i };

		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (fds[i] == -1 ||
		    connect(fds[i], (struct sockaddr *)&to, sizeof(to)) == -1)
			die("connect");
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
	}
}

static void park(int count)
{
	for (int i = 0; i < count; i++)
		if (send(fds[i], request, strlen(request), 0) <= 0)
			die("send");
}

/* Milliseconds until each has its answer; the tag of the last. */
static double collect(int epoll, int count, double since, char *etag)
{
	struct epoll_event events[256];
	char buf[4096];
	double last = since;
	int left = count;

	while (left > 0) {
		int ready = epoll_wait(epoll, events, 256, 20000);

		if (ready <= 0)
			die("no answer");
		for (int i = 0; i < ready; i++) {
			ssize_t got = recv(fds[events[i].data.u32], buf,
					   sizeof(buf) - 1, 0);
			char *tag;

			if (got <= 0)
				die("recv");
			buf[got] = '\0';
			tag = strstr(buf, "ETag: ");
			if (strncmp(buf, "HTTP/1.1 200", 12) != 0 ||
			    tag == NULL)
				die(buf);
			sscanf(tag + 6, "%63s", etag);
			left--;
		}
		last = now_ms();
	}
	return last - since;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	char line[64];
	char etag[64];
	int count;
	int epoll = epoll_create1(0);

	if (argc != 6) {
		fprintf(stderr, "usage: parked COUNT PORT PATH COOKIE ETAG\n");
		return 2;
	}
	count = atoi(argv[1]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	snprintf(etag, sizeof(etag), "%s", argv[5]);
	dial(epoll, count, atoi(argv[2]));
	for (;;) {
		build(argv, etag);
		park(count);
		puts("parked");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			break;
		printf("%.1f\n", collect(epoll, count, now_ms(), etag));
		fflush(stdout);
	}
	return 0;
}
