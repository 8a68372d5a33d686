/* witness - the work of a singleton that leaves a trace, and who checks tokens.
 *
 *   witness work FILE [PERIOD_MS [STOP_MS [SINK]]]
 *   witness stray FILE [PERIOD_MS]
 *   witness crash|once FILE
 *   witness sink SINK FILE
 *
 * "work" appends a line "MONOTONIC_NS NODE PID.START_NS TOKEN" to FILE, and
 * sends it to the datagram socket SINK, at once and every PERIOD_MS (5);
 * after TERM for STOP_MS (0) more, then it ends.  "stray" is as "work", done by
 * a grandchild in a session of its own that takes no notice of TERM.  "crash"
 * appends one line and fails, "once" ends well.  "sink" stands for what a token
 * protects: it appends each line it gets to FILE, with "taken" or, when a
 * higher token was seen, "refused" before it.  All of it lives outside the
 * nodes, so that any two lines of different incarnations tell who was alive
 * when.
 *
 * SINK is a path, or ADDRESS:PORT (IPv4).  What comes by the network is of
 * another machine, whose clock tells nothing here: when it came takes the place
 * of when it was sent, and what is no such line is left out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lab/trace.h"

#define LINE_BYTES 256
#define PERIOD_MS  5

struct address {
	struct sockaddr_storage at;
	socklen_t len;
};

struct work {
	int file;
	int sink; /* -1 = none */
	struct address address;
	const char *node;
	const char *token;
	int64_t start_ns;
};

static bool set_path(struct address *address, const char *path)
{
	struct sockaddr_un *at = (struct sockaddr_un *)&address->at;

	at->sun_family = AF_UNIX;
	address->len = sizeof(*at);
	if (strlen(path) >= sizeof(at->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(at->sun_path, path, strlen(path) + 1);
	return true;
}

static bool set_host(struct address *address, const char *text,
		     const char *colon)
{
	struct sockaddr_in *at = (struct sockaddr_in *)&address->at;
	char host[INET_ADDRSTRLEN];

	at->sin_family = AF_INET;
	at->sin_port = htons((uint16_t)atoi(colon + 1));
	address->len = sizeof(*at);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	errno = EINVAL;
	return inet_pton(AF_INET, host, &at->sin_addr) == 1;
}

/* A socket for the sink WORD, and its ADDRESS; -1: errno. */
static int open_sink(struct address *address, const char *word)
{
	const char *colon = strrchr(word, ':');
	bool is_host = colon != NULL && strchr(word, '/') == NULL;

	memset(address, 0, sizeof(*address));
	if (!(is_host ? set_host(address, word, colon)
		      : set_path(address, word)))
		return -1;
	return socket(address->at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int say(const struct work *work)
{
	char line[LINE_BYTES];
	int len = snprintf(line, sizeof(line),
			   "%" PRId64 " %.64s %d.%" PRId64 " %.32s\n", now_ns(),
			   work->node, (int)getpid(), work->start_ns,
			   work->token);

	if (write(work->file, line, (size_t)len) != len)
		return fail("write");
	if (work->sink != -1) /* a sink that is not there hears nothing */
		(void)sendto(work->sink, line, (size_t)len, MSG_DONTWAIT,
			     (const struct sockaddr *)&work->address.at,
			     work->address.len);
	return 0;
}

/* Until TERM, or UNTIL_NS. */
static int go_on(const struct work *work, int64_t period_ns, int64_t until_ns)
{
	int64_t at_ns = now_ns();
	int rc = say(work);

	while (rc == 0 && (until_ns != 0 || !told) &&
	       (until_ns == 0 || now_ns() < until_ns)) {
		int64_t ns = now_ns();

		at_ns += period_ns;
		if (at_ns < ns) /* it was stopped */
			at_ns = ns;
		if (sleep_until(at_ns) == 0)
			rc = say(work);
	}
	return rc;
}

/* The grandchild returns; nobody else does. */
static void go_astray(void)
{
	if (fork() != 0)
		for (;;)
			pause();
	setsid();
	if (fork() != 0)
		_exit(0);
	signal(SIGTERM, SIG_IGN);
}

static int be_work(int argc, char **argv)
{
	struct work work = { .sink = -1,
			     .node = variable("HOLDFAST_NODE"),
			     .token = variable("HOLDFAST_TOKEN") };
	int64_t period_ns = (argc > 3 ? atoi(argv[3]) : PERIOD_MS) * MS_NS;
	int64_t stop_ns = (argc > 4 ? atoi(argv[4]) : 0) * MS_NS;
	int rc;

	if (strcmp(argv[1], "stray") == 0)
		go_astray();
	else
		heed_term();
	work.start_ns = now_ns();
	work.file = open_trace(argv[2]);
	if (work.file == -1)
		return fail(argv[2]);
	if (argc > 5) {
		work.sink = open_sink(&work.address, argv[5]);
		if (work.sink == -1)
			return fail(argv[5]);
	}
	if (strcmp(argv[1], "crash") == 0 || strcmp(argv[1], "once") == 0) {
		rc = say(&work);
		return rc != 0 || argv[1][0] == 'o' ? rc : 3;
	}
	rc = go_on(&work, period_ns, 0);
	if (rc == 0)
		rc = go_on(&work, period_ns, now_ns() + stop_ns);
	return rc;
}

/* Takes LINE apart; false when it is none. */
static bool parse(const char *line, const char **rest, uint64_t *token)
{
	const char *word = strrchr(line, ' ');
	size_t len = strlen(line);

	*rest = strchr(line, ' ');
	if (len == 0 || line[len - 1] != '\n' || word == NULL || word == *rest)
		return false;
	*token = strtoull(word + 1, NULL, 10);
	return line[0] >= '0' && line[0] <= '9';
}

/* Judges LINE; the bytes of the VERDICT, 0 for none. */
static int judge(char verdict[2 * LINE_BYTES], const char *line, bool is_near,
		 uint64_t *highest)
{
	const char *said = "taken";
	const char *rest;
	uint64_t token;

	if (!parse(line, &rest, &token))
		return 0;
	if (token < *highest)
		said = "refused";
	else
		*highest = token;
	if (is_near)
		return snprintf(verdict, 2 * LINE_BYTES, "%s %s", said, line);
	return snprintf(verdict, 2 * LINE_BYTES, "%s %" PRId64 "%s", said,
			now_ns(), rest);
}

/* Its TRACE is there once it listens. */
static int be_sink(const char *word, const char *trace)
{
	struct address address;
	int fd = open_sink(&address, word);
	bool is_near = address.at.ss_family == AF_UNIX;
	uint64_t highest = 0;
	int file;

	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&address.at, address.len) == -1)
		return fail(word);
	file = open_trace(trace);
	if (file == -1)
		return fail(trace);
	for (;;) {
		char line[LINE_BYTES];
		char verdict[2 * LINE_BYTES];
		ssize_t len = recv(fd, line, sizeof(line) - 1, 0);
		int put;

		if (len == -1)
			return fail("recv");
		line[len] = '\0';
		put = judge(verdict, line, is_near, &highest);
		if (write(file, verdict, (size_t)put) != put)
			return fail(trace);
	}
}

int main(int argc, char **argv)
{
	find_ahead();
	if (argc == 4 && strcmp(argv[1], "sink") == 0)
		return be_sink(argv[2], argv[3]);
	if (argc >= 3 && argc <= 6 &&
	    (strcmp(argv[1], "work") == 0 || strcmp(argv[1], "stray") == 0 ||
	     strcmp(argv[1], "crash") == 0 || strcmp(argv[1], "once") == 0))
		return be_work(argc, argv);
	fprintf(stderr, "usage: witness work|stray|crash|once|sink ...\n");
	return 2;
}
