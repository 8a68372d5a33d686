/* trace - what the programs share that leave lines with times, so that any two
 * lines of different lives tell who was alive when.
 *
 * Times are those of the machine, in whatever time namespace one lives.
 */
#ifndef HOLDFAST_TESTS_LAB_TRACE_H
#define HOLDFAST_TESTS_LAB_TRACE_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define MS_NS	  INT64_C(1000000)

static volatile sig_atomic_t told; /* to end, by TERM */
static int64_t ahead_ns;	   /* our clock, of the machine's */

static inline void on_term(int signum)
{
	(void)signum;
	told = 1;
}

static inline void heed_term(void)
{
	struct sigaction action = { .sa_handler = on_term };

	sigaction(SIGTERM, &action, NULL);
}

/* First of all. */
static inline void find_ahead(void)
{
	FILE *file = fopen("/proc/self/timens_offsets", "re");
	int64_t seconds;
	int64_t ns;

	if (file == NULL)
		return;
	if (fscanf(file, "monotonic %" SCNd64 " %" SCNd64, &seconds, &ns) == 2)
		ahead_ns = seconds * SECOND_NS + ns;
	fclose(file);
}

static inline int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec - ahead_ns;
}

/* 0, or not when a signal came. */
static inline int sleep_until(int64_t ns)
{
	struct timespec at = { (ns + ahead_ns) / SECOND_NS,
			       (ns + ahead_ns) % SECOND_NS };

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static inline int open_trace(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

/* Of the environment, "-" if there is none. */
static inline const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : "-";
}

static inline int fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		strerror(errno));
	return 1;
}

#endif
