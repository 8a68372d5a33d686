/* sim - plays many seeds of the world, and shows that planted faults are
 * caught.
 *
 *	SEEDS=100000 JOBS=4 tests/sim/sim	that many
 *	FIRST=5000				beginning there
 *	SEED=17 tests/sim/sim			one, told step by step
 *	PLANT=1..5				with a fault planted
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/log.h"
#include "tests/sim/world.h"

#define SEEDS_DEFAULT 1500
#define PLANTED_MAX   3000 /* seeds within which a planted fault is caught */
#define CHUNK	      500  /* seeds of one process */

static const char *const plants[WORLD_PLANTS] = { "none",
						  "acknowledge before sync",
						  "reuse of a counter",
						  "trust of a torn record",
						  "a used time is forgotten",
						  "a holder is forgotten" };

/* Seeds that once showed a fault. */
static const uint64_t regressions[] = { 4,     18,    32,     89,    97,
					284,   676,   746,    1047,  1054,
					1131,  1502,  1525,   2001,  2104,
					5094,  7060,  10756,  12177, 19106,
					34024, 89837, 2012736 };

static uint64_t setting(const char *name, uint64_t fallback)
{
	const char *value = getenv(name);

	return value != NULL ? strtoull(value, NULL, 10) : fallback;
}

static struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		abort();
	world->board = calloc(1, sizeof(*world->board));
	world->ledger = calloc(1, sizeof(*world->ledger));
	if (world->board == NULL || world->ledger == NULL)
		abort();
	return world;
}

/* Plays COUNT seeds from FIRST; true when no promise was broken. */
static bool play(uint64_t first, uint64_t count, enum world_plant plant,
		 int64_t *simulated_ms)
{
	struct world *world = world_new();
	bool sound = true;

	for (uint64_t seed = first; seed < first + count && sound; seed++) {
		const char *broken = world_run(world, seed, plant, false);

		*simulated_ms += world->now.ms;
		if (broken == NULL)
			continue;
		printf("seed %llu, planted %s: %s\n", (unsigned long long)seed,
		       plants[plant], broken);
		sound = false;
	}
	free(world->board);
	free(world->ledger);
	free(world);
	return sound;
}

/* One process for each chunk, so that what a crash leaks goes with it. */
static bool play_chunk(uint64_t first, uint64_t count, int report)
{
	int64_t ms = 0;
	bool sound = play(first, count, WORLD_SOUND, &ms);

	if (write(report, &ms, sizeof(ms)) != sizeof(ms))
		return false;
	fflush(stdout);
	return sound;
}

static bool wait_for_one(void)
{
	int status;

	return wait(&status) > 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool play_all(uint64_t first, uint64_t count, unsigned jobs)
{
	struct timespec began;
	struct timespec ended;
	int64_t total_ms = 0;
	int64_t ms;
	unsigned running = 0;
	bool sound = true;
	int report[2];
	double seconds;

	if (pipe(report) == -1)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (uint64_t at = 0; at < count && sound; at += CHUNK) {
		uint64_t some = count - at < CHUNK ? count - at : CHUNK;

		if (running == jobs) {
			sound = wait_for_one();
			running--;
		}
		fflush(stdout);
		if (fork() == 0)
			_exit(play_chunk(first + at, some, report[1]) ? 0 : 1);
		running++;
	}
	for (; running > 0; running--)
		sound = wait_for_one() && sound;
	close(report[1]);
	while (read(report[0], &ms, sizeof(ms)) == sizeof(ms))
		total_ms += ms;
	close(report[0]);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	seconds = (double)(ended.tv_sec - began.tv_sec) +
		  (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
	printf("%llu seeds from %llu: %s, %.0f simulated seconds in %.1f, "
	       "%.0f per second\n",
	       (unsigned long long)count, (unsigned long long)first,
	       sound ? "sound" : "BROKEN", (double)total_ms / 1e3, seconds,
	       (double)total_ms / 1e3 / seconds);
	return sound;
}

static bool catches_what_is_planted(void)
{
	bool caught_all = true;
	int64_t ms = 0;

	for (int plant = 1; plant < WORLD_PLANTS; plant++) {
		bool caught =
			!play(1, PLANTED_MAX, (enum world_plant)plant, &ms);

		if (!caught)
			printf("NOT caught within %d seeds: %s\n", PLANTED_MAX,
			       plants[plant]);
		caught_all = caught_all && caught;
	}
	return caught_all;
}

int main(void)
{
	uint64_t one = setting("SEED", 0);
	bool sound = true;
	int64_t ms = 0;

	log_setup(getenv("SIM_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERR, 0);
	if (!getenv("SIM_LOG") && freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	if (one != 0) {
		struct world *world = world_new();
		const char *broken =
			world_run(world, one,
				  (enum world_plant)setting("PLANT", 0), true);

		printf("%s\n", broken != NULL ? broken : "sound");
		return broken != NULL;
	}
	for (size_t i = 0; i < sizeof(regressions) / sizeof(regressions[0]);
	     i++)
		sound = play(regressions[i], 1, WORLD_SOUND, &ms) && sound;
	sound = catches_what_is_planted() && sound;
	sound = play_all(setting("FIRST", 1), setting("SEEDS", SEEDS_DEFAULT),
			 (unsigned)setting("JOBS", 2)) &&
		sound;
	return sound ? 0 : 1;
}
