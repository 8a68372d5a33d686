/* cluster - plays many seeds of a cluster of real nodes, and shows that each
 * rule, left out, is missed.
 *
 *	SEEDS=100000 JOBS=4 tests/sim/cluster	that many
 *	FIRST=5000				beginning there; from 2^32 on
 *						with up to seven nodes, which
 *						stand still with their clocks
 *	SEED=17 tests/sim/cluster		one, told step by step
 *	PLANT=1..14				with a rule left out, or that
 *alone
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "tests/sim/cluster_world.h"
#include "tests/sim/runner.h"

#define SEEDS_DEFAULT 300
#define CHUNK	      50 /* seeds of one process */
#define KEPT_BYTES    (1 << 20)

/* Each is caught within so many seeds. */
static const struct {
	const char *name;
	enum lease_plant lease;
	enum sim_plant sim;
	uint64_t within;
} plants[] = {
	{ "none", PLANT_NONE, SIM_SOUND, 0 },
	{ "the barrier", PLANT_NO_BARRIER, SIM_SOUND, 100 },
	{ "a full lease of silence", PLANT_CLAIM_ON_SILENCE, SIM_SOUND, 100 },
	{ "to stop before a release", PLANT_RELEASE_BEFORE_STOP, SIM_SOUND,
	  500 },
	{ "to stamp before the write", PLANT_STAMP_AFTER_WRITE, SIM_SOUND,
	  1000 },
	{ "to read before joining", PLANT_JOIN_UNREAD, SIM_SOUND, 100 },
	{ "the shown end", PLANT_NONE, SIM_PAST_END, 800 },
	{ "to read what ended ones left", PLANT_NONE, SIM_STALE_SEIZE, 200 },
	{ "patience with assignments", PLANT_NONE, SIM_WITHDRAWS, 100 },
	{ "their generation", PLANT_NONE, SIM_NO_GENERATION, 200 },
	{ "to end appends, then promise", PLANT_NONE, SIM_IN_FLIGHT, 500 },
	{ "a look at the clock after a sync", PLANT_NONE, SIM_LATE_SYNC, 800 },
	{ "a second look at what is wished", PLANT_NONE, SIM_ONE_LOOK, 50 },
	{ "the generation of jobs", PLANT_NONE, SIM_ANY_LIFE, 300 },
	{ "jobs that were accepted", PLANT_NONE, SIM_TAKES_ALL, 1500 },
};

#define PLANTS_COUNT (sizeof(plants) / sizeof(plants[0]))

/* Seeds that once showed a fault. */
static const uint64_t regressions[] = {
	1,
	38,
	70,
	104,
	188,
	375,
	1519,
	5008,
	5054,
	5130,
	1820,
	10193,
	21145,
	25445,
	32158,
	202878,
	902060,
	50032038,
	80054816,
	60065182,
	60073495,
	60078001,
	104018805,
	400059961,
	400174664,
	500039960,
	300104335, /* old slots of two lives over that of the last */
	/* machines that stand still with their clocks */
	WORLD_WIDE + 80,
	WORLD_WIDE + 184,
	WORLD_WIDE + 554,
	WORLD_WIDE + 1148,
	WORLD_WIDE + 2202,
	WORLD_WIDE + 254,
	WORLD_WIDE + 2563,
	WORLD_WIDE + 2666,
	WORLD_WIDE + 5066,
	WORLD_WIDE + 21907,
	WORLD_WIDE + 26322,
	WORLD_WIDE + 33241,
	WORLD_WIDE + 37466,
	WORLD_WIDE + 139232,
};

struct tally {
	int64_t ms;
	uint64_t leads;
	uint64_t starts;
	uint64_t moves;
	uint64_t stills;
	uint64_t refused;
	uint64_t stale_answers;
};

static struct cluster *cluster_new(void)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));

	if (cluster == NULL)
		abort();
	sim_init(cluster);
	return cluster;
}

static void cluster_free(struct cluster *cluster)
{
	sim_fini(cluster);
	free(cluster);
}

/* What is left out is to be unsafe, not merely slow. */
static bool is_missed(size_t plant, const char *broken)
{
	if (plants[plant].sim == SIM_ONE_LOOK)
		return strcmp(broken, "what was cancelled lives in the end") ==
		       0;
	return plant == 0 || strstr(broken, "in the end") == NULL;
}

/* Plays COUNT seeds from FIRST; true when no promise was broken. */
static bool play(uint64_t first, uint64_t count, size_t plant,
		 struct tally *tally)
{
	struct cluster *cluster = cluster_new();
	bool sound = true;

	for (uint64_t seed = first; seed < first + count && sound; seed++) {
		const char *broken = sim_run(cluster, seed, plants[plant].lease,
					     plants[plant].sim, false);

		tally->ms += cluster->world.now_us / 1000;
		tally->leads += cluster->leads;
		tally->starts += cluster->starts;
		tally->moves += cluster->moves;
		tally->stills += cluster->stills;
		tally->refused += cluster->refused;
		tally->stale_answers += cluster->stale_answers;
		if (broken == NULL || !is_missed(plant, broken))
			continue;
		printf("seed %llu, left out %s: %s\n", (unsigned long long)seed,
		       plants[plant].name, broken);
		sound = false;
	}
	cluster_free(cluster);
	return sound;
}

static bool play_chunk(uint64_t first, uint64_t some, void *tally)
{
	return play(first, some, 0, tally);
}

static void add_tally(void *sum, const void *part)
{
	struct tally *all = sum;
	const struct tally *one = part;

	all->ms += one->ms;
	all->leads += one->leads;
	all->starts += one->starts;
	all->moves += one->moves;
	all->stills += one->stills;
	all->refused += one->refused;
	all->stale_answers += one->stale_answers;
}

static void put_stills(const struct tally *all)
{
	printf("%llu times a machine stood still with its clocks, after which "
	       "%llu starts were refused and %llu answers not to be trusted\n",
	       (unsigned long long)all->stills,
	       (unsigned long long)all->refused,
	       (unsigned long long)all->stale_answers);
}

static bool play_some(uint64_t first, uint64_t seeds)
{
	const struct runner runner = {
		.first = first,
		.seeds = seeds,
		.jobs = (unsigned)runner_setting("JOBS", 2),
		.chunk = CHUNK,
		.tally_size = sizeof(struct tally),
		.play = play_chunk,
		.add = add_tally,
	};
	struct tally all = { 0 };
	double seconds = 0;
	bool sound = runner_play(&runner, &all, &seconds);

	printf("%llu seeds from %llu: %s, %llu leaders, %llu starts of work, "
	       "%llu of them elsewhere, %.0f simulated seconds in %.1f, "
	       "%.0f per second\n",
	       (unsigned long long)runner.seeds,
	       (unsigned long long)runner.first, sound ? "sound" : "BROKEN",
	       (unsigned long long)all.leads, (unsigned long long)all.starts,
	       (unsigned long long)all.moves, (double)all.ms / 1e3, seconds,
	       (double)all.ms / 1e3 / seconds);
	if (all.stills > 0)
		put_stills(&all);
	return sound;
}

static bool play_all(void)
{
	uint64_t first = runner_setting("FIRST", 0);
	uint64_t seeds = runner_seeds(SEEDS_DEFAULT);

	if (first != 0)
		return play_some(first, seeds);
	return play_some(1, seeds) && play_some(WORLD_WIDE, seeds / 3);
}

static bool misses_what_is_left_out(void)
{
	bool all = true;
	struct tally tally = { 0 };

	for (size_t plant = 1; plant < PLANTS_COUNT; plant++) {
		if (runner_setting("PLANT", plant) != plant)
			continue;
		if (!play(1, plants[plant].within, plant, &tally))
			continue;
		printf("NOT missed within %llu seeds: %s\n",
		       (unsigned long long)plants[plant].within,
		       plants[plant].name);
		all = false;
	}
	return all;
}

static int play_one(uint64_t seed, size_t plant)
{
	struct cluster *cluster = cluster_new();
	const char *broken;

	if (plant >= PLANTS_COUNT)
		return 2;
	broken = sim_run(cluster, seed, plants[plant].lease, plants[plant].sim,
			 true);
	printf("%s\n", broken != NULL ? broken : "sound");
	return broken != NULL;
}

int main(void)
{
	uint64_t one = runner_setting("SEED", 0);
	bool sound = true;
	struct tally tally = { 0 };

	log_setup(getenv("SIM_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERR, 0);
	if (!getenv("SIM_LOG") && freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
#ifdef M_MMAP_THRESHOLD
	/* Of what each journal role takes anew the smaller stays mapped, the
	 * larger comes as zeros: twice as fast. */
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	mallopt(M_TRIM_THRESHOLD, 64 * KEPT_BYTES);
#endif
	if (one != 0)
		return play_one(one, runner_setting("PLANT", 0));
	for (size_t i = 0; i < sizeof(regressions) / sizeof(regressions[0]);
	     i++)
		sound = play(regressions[i], 1, 0, &tally) && sound;
	if (!runner_is_brief())
		sound = misses_what_is_left_out() && sound;
	sound = play_all() && sound;
	return sound ? 0 : 1;
}
