#define _GNU_SOURCE
#include "tests/sim/runner.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t runner_setting(const char *name, uint64_t fallback)
{
	const char *value = getenv(name);

	return value != NULL ? strtoull(value, NULL, 10) : fallback;
}

bool runner_is_brief(void)
{
	return getenv("BRIEF") != NULL;
}

uint64_t runner_seeds(uint64_t fallback)
{
	return runner_setting("SEEDS",
			      runner_is_brief() ? fallback / 8 : fallback);
}

static bool play_chunk(const struct runner *runner, uint64_t first,
		       uint64_t count, int report)
{
	_Alignas(max_align_t) char tally[RUNNER_TALLY_MAX] = { 0 };
	ssize_t size = (ssize_t)runner->tally_size;
	bool sound = runner->play(first, count, tally);

	if (write(report, tally, runner->tally_size) != size)
		return false;
	fflush(stdout);
	return sound;
}

/* What there is of tallies: a process that crashed leaves none. */
static void sum_up(const struct runner *runner, int report, void *all)
{
	_Alignas(max_align_t) char one[RUNNER_TALLY_MAX];
	ssize_t size = (ssize_t)runner->tally_size;

	while (read(report, one, runner->tally_size) == size)
		runner->add(all, one);
}

static bool wait_for_one(const struct runner *runner, int report, void *all)
{
	int status;
	bool sound = wait(&status) > 0 && WIFEXITED(status) &&
		     WEXITSTATUS(status) == 0;

	sum_up(runner, report, all);
	return sound;
}

static bool play_chunks(const struct runner *runner, const int report[2],
			void *all)
{
	unsigned running = 0;
	bool sound = true;

	for (uint64_t at = 0; at < runner->seeds && sound;
	     at += runner->chunk) {
		uint64_t left = runner->seeds - at;
		uint64_t some = left < runner->chunk ? left : runner->chunk;

		if (running == runner->jobs) {
			sound = wait_for_one(runner, report[0], all);
			running--;
		}
		fflush(stdout);
		if (fork() == 0)
			_exit(play_chunk(runner, runner->first + at, some,
					 report[1])
				      ? 0
				      : 1);
		running++;
	}
	for (; running > 0; running--)
		sound = wait_for_one(runner, report[0], all) && sound;
	return sound;
}

bool runner_play(const struct runner *runner, void *all, double *seconds)
{
	struct timespec began;
	struct timespec ended;
	bool sound;
	int report[2];

	assert(runner->tally_size <= RUNNER_TALLY_MAX);
	if (pipe2(report, O_NONBLOCK) == -1)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &began);
	sound = play_chunks(runner, report, all);
	close(report[0]);
	close(report[1]);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	*seconds = (double)(ended.tv_sec - began.tv_sec) +
		   (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
	return sound;
}
