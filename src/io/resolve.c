#define _GNU_SOURCE
#include "io/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.h"
#include "io/udp_address.h"
#include "io/whole.h"

#define PREFIX	   "dns:"
#define PREFIX_LEN 4
#define NAME_BYTES 256
#define PORT_BYTES 8

void resolve_init(struct resolve *resolve, const struct strings *list,
		  uint16_t port)
{
	*resolve = (struct resolve){
		.list = list, .port = port, .look = getaddrinfo, .fd = -1
	};
}

static bool is_name(const char *entry)
{
	return strncmp(entry, PREFIX, PREFIX_LEN) == 0;
}

bool resolve_is_needed(const struct resolve *resolve)
{
	for (size_t i = 0; i < resolve->list->count; i++)
		if (is_name(resolve->list->at[i]))
			return true;
	return false;
}

/* "dns:NAME[:PORT]" taken apart; the form was checked when it was loaded. */
static void split(const struct resolve *resolve, const char *entry,
		  char name[NAME_BYTES], char port[PORT_BYTES])
{
	const char *colon = strchr(entry + PREFIX_LEN, ':');
	struct text host = text_of(entry + PREFIX_LEN);

	if (colon != NULL) {
		host.len = (size_t)(colon - host.at);
		text_copy(text_of(colon + 1), port, PORT_BYTES);
	} else {
		snprintf(port, PORT_BYTES, "%u", resolve->port);
	}
	text_copy(host, name, NAME_BYTES);
}

static void add_all(struct resolve_answer *answer, const struct addrinfo *found)
{
	for (; found != NULL && answer->count < RESOLVE_ADDRESSES_MAX;
	     found = found->ai_next) {
		struct sockaddr_storage address = { 0 };

		if (found->ai_addrlen > sizeof(address))
			continue;
		memcpy(&address, found->ai_addr, found->ai_addrlen);
		answer->to[answer->count++] = udp_from_system(&address);
	}
}

/* In the child. */
static void look_up(const struct resolve *resolve, uint32_t entry,
		    struct resolve_answer *answer)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV,
				  .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	char name[NAME_BYTES];
	char port[PORT_BYTES];

	*answer = (struct resolve_answer){ .entry = entry };
	split(resolve, resolve->list->at[entry], name, port);
	answer->error = resolve->look(name, port, &hints, &found);
	if (answer->error == 0) {
		add_all(answer, found);
		freeaddrinfo(found);
	}
}

/* What the child does; it has nothing to give back to its parent but this. */
static void child(const struct resolve *resolve, int fd, pid_t parent)
{
	struct resolve_answer answer;
	size_t count = resolve->list->count;
	sigset_t none;

	sigemptyset(&none);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++) {
		uint32_t entry = (uint32_t)((resolve->first + i) % count);

		if (!is_name(resolve->list->at[entry]))
			continue;
		look_up(resolve, entry, &answer);
		if (whole_write(fd, &answer, sizeof(answer)) != 0)
			_exit(EXIT_FAILURE);
	}
	_exit(EXIT_SUCCESS);
}

int resolve_start(struct resolve *resolve, int64_t now_ms)
{
	pid_t self = getpid();
	int ends[2];
	pid_t pid;

	if (resolve->pid != 0 || resolve->fd != -1)
		return -EALREADY;
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(resolve, ends[1], self);
	close(ends[1]);
	if (pid == -1) {
		int rc = -errno;

		close(ends[0]);
		return rc;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	resolve->fd = ends[0];
	resolve->pid = pid;
	resolve->got = 0;
	resolve->deadline_ms = now_ms + RESOLVE_TIMEOUT_MS;
	return 0;
}

const struct resolve_answer *resolve_next(struct resolve *resolve)
{
	char *at = (char *)&resolve->answer;
	const size_t whole = sizeof(resolve->answer);
	ssize_t got = 1;

	while (resolve->fd != -1) {
		got = read(resolve->fd, at + resolve->got,
			   whole - resolve->got);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 && errno == EAGAIN)
			return NULL;
		if (got <= 0)
			break;
		resolve->got += (size_t)got;
		if (resolve->got < whole)
			continue;
		resolve->got = 0;
		resolve->first = (resolve->answer.entry + 1) %
				 (uint32_t)resolve->list->count;
		return &resolve->answer;
	}
	if (resolve->fd != -1)
		close(resolve->fd);
	resolve->fd = -1;
	return NULL;
}

/* The entry FIRST, or the next name behind it, is what keeps the child. */
static void skip(struct resolve *resolve)
{
	uint32_t count = (uint32_t)resolve->list->count;
	uint32_t entry = resolve->first;

	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (is_name(resolve->list->at[entry]))
			break;
		entry = (entry + 1) % count;
	}
	resolve->first = (entry + 1) % count;
}

void resolve_turn(struct resolve *resolve, int64_t now_ms)
{
	if (resolve->pid == 0)
		return;
	if (now_ms >= resolve->deadline_ms) {
		kill(resolve->pid, SIGKILL);
		skip(resolve);
		resolve->deadline_ms = now_ms + RESOLVE_TIMEOUT_MS;
	}
	if (waitpid(resolve->pid, NULL, WNOHANG) != 0)
		resolve->pid = 0;
}

void resolve_close(struct resolve *resolve)
{
	if (resolve->pid != 0) {
		kill(resolve->pid, SIGKILL);
		while (waitpid(resolve->pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	if (resolve->fd != -1)
		close(resolve->fd);
	resolve->pid = 0;
	resolve->fd = -1;
}
