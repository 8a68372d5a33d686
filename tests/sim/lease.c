/* lease - plays many seeds of nodes that share a lease file, and shows that
 * each rule, left out, is missed.
 *
 *	SEEDS=100000 JOBS=4 tests/sim/lease	that many
 *	FIRST=5000				beginning there
 *	SEED=17 tests/sim/lease			one, told step by step
 *	PLANT=1..12				with a rule left out
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/lease_played.h"
#include "tests/sim/runner.h"

#define SEEDS_DEFAULT 400
#define CHUNK	      200 /* seeds of one process */

/* Each is caught within so many seeds. */
static const struct {
	const char *name;
	uint64_t within;
} plants[PLANTS] = {
	[PLANT_NONE] = { "none", 0 },
	[PLANT_STAMP_AFTER_WRITE] = { "stamp after the write", 1000 },
	[PLANT_CLAIM_ON_SILENCE] = { "claim on silence", 100 },
	[PLANT_NO_BARRIER] = { "no barrier", 100 },
	[PLANT_ONE_BLOCK] = { "one block per slot", 600 },
	[PLANT_EPOCH_NOT_ABOVE_OWN] = { "an epoch not above own slot", 1500 },
	[PLANT_RELEASE_BEFORE_STOP] = { "release before stop", 200 },
	[PLANT_LATE_WRITE_COUNTS] = { "a late write counts", 800 },
	[PLANT_LATE_SYNC_COUNTS] = { "a late sync counts", 400 },
	[PLANT_JOIN_UNREAD] = { "joining without reading", 600 },
	[PLANT_CLAIM_UNREAD] = { "a look at all slots for a claim", 3000 },
	[PLANT_NO_GENERATION] = { "no generation in an assignment", 100 },
	[PLANT_APPENDS_IN_FLIGHT] = { "appends in flight at a promise", 600 },
};

/* Seeds that once showed a fault. */
static const uint64_t regressions[] = { 1 };

struct tally {
	int64_t ms;
	int64_t worst_ms; /* from the last fault until all ran */
	uint64_t leads;
	uint64_t starts;
};

static void count(struct tally *tally, const struct lease_played *played)
{
	int64_t worst_us = played->world.led_us;

	for (uint32_t unit = 0; unit < PLAYED_UNITS; unit++)
		if (played->ran_us[unit] > worst_us)
			worst_us = played->ran_us[unit];
	tally->ms += played->world.now_us / 1000;
	tally->leads += played->leads;
	tally->starts += played->starts;
	worst_us = (worst_us - played->world.heal_us) * 1000 /
		   lease_failover_us(&played->world.terms);
	if (worst_us > tally->worst_ms)
		tally->worst_ms = worst_us;
}

/* Plays COUNT seeds from FIRST; true when no promise was broken. */
static bool play(uint64_t first, uint64_t count_of, enum lease_plant plant,
		 struct tally *tally)
{
	static struct lease_played played;

	for (uint64_t seed = first; seed < first + count_of; seed++) {
		const char *broken =
			lease_played_run(&played, seed, plant, false);

		/* What is left out is to be unsafe, not merely slow. */
		if (plant != PLANT_NONE && broken != NULL &&
		    strstr(broken, "in the end") != NULL)
			continue;
		if (broken != NULL) {
			printf("seed %llu, left out %s: %s\n",
			       (unsigned long long)seed, plants[plant].name,
			       broken);
			return false;
		}
		count(tally, &played);
	}
	return true;
}

static bool play_chunk(uint64_t first, uint64_t some, void *tally)
{
	return play(first, some, PLANT_NONE, tally);
}

static void add_tally(void *sum, const void *part)
{
	struct tally *all = sum;
	const struct tally *one = part;

	all->ms += one->ms;
	all->leads += one->leads;
	all->starts += one->starts;
	if (one->worst_ms > all->worst_ms)
		all->worst_ms = one->worst_ms;
}

static void put_total(uint64_t first, uint64_t seeds, bool sound,
		      const struct tally *all, double seconds)
{
	printf("%llu seeds from %llu: %s, %llu leaders, %llu starts of work, "
	       "all ran %.2f failover bounds after the last fault at worst, "
	       "%.0f simulated seconds in %.1f, %.0f per second\n",
	       (unsigned long long)seeds, (unsigned long long)first,
	       sound ? "sound" : "BROKEN", (unsigned long long)all->leads,
	       (unsigned long long)all->starts, (double)all->worst_ms / 1e3,
	       (double)all->ms / 1e3, seconds, (double)all->ms / 1e3 / seconds);
}

static bool play_all(void)
{
	const struct runner runner = {
		.first = runner_setting("FIRST", 1),
		.seeds = runner_seeds(SEEDS_DEFAULT),
		.jobs = (unsigned)runner_setting("JOBS", 2),
		.chunk = CHUNK,
		.tally_size = sizeof(struct tally),
		.play = play_chunk,
		.add = add_tally,
	};
	struct tally all = { 0 };
	double seconds = 0;
	bool sound = runner_play(&runner, &all, &seconds);

	put_total(runner.first, runner.seeds, sound, &all, seconds);
	return sound;
}

static bool misses_what_is_left_out(void)
{
	bool all = true;
	struct tally tally = { 0 };

	for (int plant = 1; plant < PLANTS; plant++) {
		if (!play(1, plants[plant].within, (enum lease_plant)plant,
			  &tally))
			continue;
		printf("NOT missed within %llu seeds: %s\n",
		       (unsigned long long)plants[plant].within,
		       plants[plant].name);
		all = false;
	}
	return all;
}

static int play_one(uint64_t seed, enum lease_plant plant)
{
	static struct lease_played played;
	const char *broken = lease_played_run(&played, seed, plant, true);

	printf("%s\n", broken != NULL ? broken : "sound");
	return broken != NULL;
}

int main(void)
{
	uint64_t one = runner_setting("SEED", 0);
	bool sound = true;
	struct tally tally = { 0 };

	if (one != 0)
		return play_one(one,
				(enum lease_plant)runner_setting("PLANT", 0));
	for (size_t i = 0; i < sizeof(regressions) / sizeof(regressions[0]);
	     i++)
		sound = play(regressions[i], 1, PLANT_NONE, &tally) && sound;
	if (!runner_is_brief())
		sound = misses_what_is_left_out() && sound;
	sound = play_all() && sound;
	return sound ? 0 : 1;
}
