/* sim - plays many seeds of the world, and shows that planted faults are
 * caught.
 *
 *	SEEDS=100000 JOBS=4 tests/sim/sim	that many
 *	FIRST=5000				beginning there
 *	SEED=17 tests/sim/sim			one, told step by step
 *	PLANT=1..5				with a fault planted
 */
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"
#include "tests/sim/runner.h"
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

static bool play_chunk(uint64_t first, uint64_t count, void *ms)
{
	return play(first, count, WORLD_SOUND, ms);
}

static void add_ms(void *all, const void *one)
{
	*(int64_t *)all += *(const int64_t *)one;
}

static bool play_all(void)
{
	const struct runner runner = {
		.first = runner_setting("FIRST", 1),
		.seeds = runner_seeds(SEEDS_DEFAULT),
		.jobs = (unsigned)runner_setting("JOBS", 2),
		.chunk = CHUNK,
		.tally_size = sizeof(int64_t),
		.play = play_chunk,
		.add = add_ms,
	};
	int64_t ms = 0;
	double seconds = 0;
	bool sound = runner_play(&runner, &ms, &seconds);

	printf("%llu seeds from %llu: %s, %.0f simulated seconds in %.1f, "
	       "%.0f per second\n",
	       (unsigned long long)runner.seeds,
	       (unsigned long long)runner.first, sound ? "sound" : "BROKEN",
	       (double)ms / 1e3, seconds, (double)ms / 1e3 / seconds);
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
	uint64_t one = runner_setting("SEED", 0);
	bool sound = true;
	int64_t ms = 0;

	log_setup(getenv("SIM_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERR, 0);
	if (!getenv("SIM_LOG") && freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	if (one != 0) {
		struct world *world = world_new();
		const char *broken = world_run(
			world, one,
			(enum world_plant)runner_setting("PLANT", 0), true);

		printf("%s\n", broken != NULL ? broken : "sound");
		return broken != NULL;
	}
	for (size_t i = 0; i < sizeof(regressions) / sizeof(regressions[0]);
	     i++)
		sound = play(regressions[i], 1, WORLD_SOUND, &ms) && sound;
	if (!runner_is_brief())
		sound = catches_what_is_planted() && sound;
	sound = play_all() && sound;
	return sound ? 0 : 1;
}
