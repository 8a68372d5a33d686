#define _GNU_SOURCE
#include "tests/lab/faultfs_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RULES_MAX 16
#define TEXT_SIZE 512

static const char *const op_names[OP_MAX] = { "read", "write", "sync",
					      "open", "name",  "stat" };
static const char *const action_names[ACTION_MAX] = { "-",    "delay", "fail",
						      "hang", "torn",  "late",
						      "lost", "stale" };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cleared;
	unsigned long clears; /* under LOCK, as these: */
	struct rule rules[RULES_MAX];
	size_t count;
	unsigned long calls[OP_MAX];
	unsigned long faulty[OP_MAX];
	unsigned hanging;
	unsigned long moved[4];
	long rate_kbs;
	struct timespec busy; /* until then, at that rate */
} faults = { .lock = PTHREAD_MUTEX_INITIALIZER,
	     .cleared = PTHREAD_COND_INITIALIZER };

void rules_wait_ms(long ms)
{
	struct timespec rest = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) == -1 && errno == EINTR)
		;
}

/* With the lock held; BEFORE is how many there were. */
static void wait_clear(unsigned long before)
{
	faults.hanging++;
	while (faults.clears == before)
		pthread_cond_wait(&faults.cleared, &faults.lock);
	faults.hanging--;
}

unsigned long rules_clears(void)
{
	unsigned long clears;

	pthread_mutex_lock(&faults.lock);
	clears = faults.clears;
	pthread_mutex_unlock(&faults.lock);
	return clears;
}

void rules_wait_clear(unsigned long before)
{
	pthread_mutex_lock(&faults.lock);
	wait_clear(before);
	pthread_mutex_unlock(&faults.lock);
}

static struct rule find(enum op op, const char *path)
{
	for (size_t i = faults.count; i-- > 0;) {
		const struct rule *rule = &faults.rules[i];

		if ((rule->ops & 1U << op) != 0 &&
		    (rule->pattern[0] == '\0' ||
		     fnmatch(rule->pattern, path, 0) == 0))
			return *rule;
	}
	return (struct rule){ .action = NOTHING };
}

struct rule rules_meet(enum op op, const char *path)
{
	struct rule rule;

	pthread_mutex_lock(&faults.lock);
	faults.calls[op]++;
	rule = find(op, path);
	if (rule.action != NOTHING)
		faults.faulty[op]++;
	if (rule.action == HANG)
		wait_clear(faults.clears);
	pthread_mutex_unlock(&faults.lock);
	if (rule.action == DELAY)
		rules_wait_ms(rule.arg);
	if (rule.action == HANG || rule.action == DELAY)
		rule.action = NOTHING;
	return rule;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

void rules_moved(enum op op, const char *path, long bytes)
{
	bool is_lease = strcmp(path, "/lease") == 0;
	struct timespec until;
	long us = 0;

	pthread_mutex_lock(&faults.lock);
	faults.moved[(is_lease ? 0 : 2) + (op == OP_WRITE)] +=
		(unsigned long)bytes;
	if (faults.rate_kbs > 0)
		us = bytes * 1000 / faults.rate_kbs;
	clock_gettime(CLOCK_MONOTONIC, &until);
	if (is_before(&until, &faults.busy))
		until = faults.busy;
	until.tv_sec += us / 1000000;
	until.tv_nsec += us % 1000000 * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (us > 0)
		faults.busy = until;
	pthread_mutex_unlock(&faults.lock);
	while (us > 0 && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until,
					 NULL) == EINTR)
		;
}

/* ---- commands ---- */

/* A bit for each that WORDS, parted by commas, names; 0: one is unknown. */
static unsigned parse_ops(char *words)
{
	unsigned ops = 0;
	char *rest = NULL;

	for (char *word = strtok_r(words, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		unsigned bit = 0;

		for (unsigned i = 0; i < OP_MAX; i++)
			if (strcmp(word, op_names[i]) == 0 ||
			    strcmp(word, "all") == 0)
				bit |= 1U << i;
		if (bit == 0)
			return 0;
		ops |= bit;
	}
	return ops;
}

static bool add(const char *text)
{
	struct rule rule = { .action = NOTHING };
	char ops[64];
	char action[16];

	if (sscanf(text, "set %63s %15s %ld %127s", ops, action, &rule.arg,
		   rule.pattern) < 3 ||
	    faults.count == RULES_MAX)
		return false;
	rule.ops = parse_ops(ops);
	for (unsigned i = DELAY; i < ACTION_MAX; i++)
		if (strcmp(action, action_names[i]) == 0)
			rule.action = (enum action)i;
	if (rule.ops == 0 || rule.action == NOTHING)
		return false;
	faults.rules[faults.count++] = rule;
	return true;
}

static void put_counts(char *text)
{
	int len = 0;

	for (unsigned i = 0; i < OP_MAX; i++)
		len += snprintf(text + len, TEXT_SIZE - (size_t)len,
				"%s %lu %lu\n", op_names[i], faults.calls[i],
				faults.faulty[i]);
	snprintf(text + len, TEXT_SIZE - (size_t)len,
		 "hanging %u\nmoved %lu %lu %lu %lu\n", faults.hanging,
		 faults.moved[0], faults.moved[1], faults.moved[2],
		 faults.moved[3]);
}

/* The answer takes the place of TEXT. */
static void obey(char text[TEXT_SIZE])
{
	pthread_mutex_lock(&faults.lock);
	if (strncmp(text, "counts", 6) == 0) {
		put_counts(text);
	} else if (sscanf(text, "rate %ld", &faults.rate_kbs) == 1) {
		strcpy(text, "ok\n");
	} else if (strncmp(text, "clear", 5) == 0) {
		faults.count = 0;
		faults.clears++;
		pthread_cond_broadcast(&faults.cleared);
		strcpy(text, "ok\n");
	} else {
		strcpy(text, add(text) ? "ok\n" : "what?\n");
	}
	pthread_mutex_unlock(&faults.lock);
}

static void *serve(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		int peer = accept(fd, NULL, NULL);
		char text[TEXT_SIZE];
		ssize_t len;

		if (peer == -1)
			return NULL;
		len = recv(peer, text, sizeof(text) - 1, 0);
		if (len > 0) {
			text[len] = '\0';
			obey(text);
			send(peer, text, strlen(text), MSG_NOSIGNAL);
		}
		close(peer);
	}
}

int rules_serve(const char *control)
{
	static int fd;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	pthread_t thread;

	if (strlen(control) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, control, strlen(control) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		    -1 ||
	    listen(fd, 16) == -1)
		return -1;
	errno = pthread_create(&thread, NULL, serve, &fd);
	return errno == 0 ? 0 : -1;
}
