#define _GNU_SOURCE
#include "tests/sim/cluster_world.h"

#include <stdlib.h>
#include <sys/mman.h>

#define MS INT64_C(1000)

static char plain_name[] = "plain";
static char prefers_name[] = "prefers";
static char again_name[] = "again";
static char tick_name[] = "tick";
static char tock_name[] = "tock";
static char job_name[] = "job";
static char shared_name[] = "/s";
static char command_word[] = "/bin/true";
static char *words[] = { command_word, NULL };
static char node_names[WORLD_NODES][3] = { "n0", "n1", "n2", "n3",
					   "n4", "n5", "n6" };
static char *preferred[] = { node_names[1], node_names[0], NULL };

#define COMMON                                                            \
	.kind = UNIT_SINGLETON, .command = { words, 1 }, .enabled = true, \
	.backoff_ms = 50, .backoff_max_ms = 400

static struct unit units[SIM_UNITS + 1] = {
	{ COMMON, .name = plain_name },
	{ COMMON, .name = prefers_name, .prefer = { preferred, 2 } },
	{ COMMON, .name = again_name },
	{ COMMON, .name = tick_name, .every_ms = 500 },
	{ COMMON, .name = tock_name, .every_ms = 1000,
	  .missed = MISSED_RUN_ONCE },
	{ .kind = UNIT_JOB,
	  .name = job_name,
	  .command = { words, 1 },
	  .enabled = true,
	  .attempts = 3,
	  .backoff_ms = 50,
	  .backoff_max_ms = 400,
	  .keep_ms = INT64_C(24) * 3600 * 1000,
	  .max_pending = 100 },
};

bool sim_is_timed(int unit)
{
	return unit >= 0 && unit_is_timed(&units[unit]);
}

int sim_unit_of(struct text name)
{
	for (int i = 0; i < SIM_UNITS; i++)
		if (text_is(name, units[i].name))
			return i;
	return -1;
}

const char *sim_unit_name(int unit)
{
	return unit < 0 ? "?" : units[unit].name;
}

uint32_t sim_node_of(const char *name)
{
	uint32_t node = 0;

	while (node < WORLD_NODES && strcmp(name, node_names[node]) != 0)
		node++;
	return node;
}

const char *sim_node_name(uint32_t node)
{
	return node_names[node];
}

struct ledger_now sim_now(struct cluster *cluster, uint32_t node)
{
	struct lease_time now = world_clock(&cluster->world, node);

	return (struct ledger_now){
		.ms = now.boot_us / 1000,
		.wall_ms = SIM_WALL_MS + cluster->world.now_us / 1000 +
			   cluster->nodes[node].wall_off_ms,
	};
}

/* ---- the life of a node ---- */

static void clear_board(struct cluster *cluster, uint32_t node)
{
	struct board *board = cluster->nodes[node].board;

	/* Pages of zeros again, as few as were touched. */
	if (madvise(board, sizeof(*board), MADV_DONTNEED) != 0)
		abort();
	board->cluster.present = true;
	board->cluster.terms = cluster->world.terms;
	atomic_store(&board->life, 1);
}

static void goes_down(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	sim_journal_kill(cluster, node);
	sim_work_vanish(cluster, node);
	memset(me->works, 0, sizeof(me->works));
	me->packets_count = 0;
	me->hints.len = 0;
	me->supervised = false;
	me->down = true;
	memview_clear(&me->view);
	clear_board(cluster, node);
}

static void comes_up(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	me->down = false;
	me->supervised = true;
	me->look_us = 0;
	sim_net_reset(cluster, node);
	sim_supervisor_ring(cluster, node);
	world_post(&cluster->world, world_below(&cluster->world, 3 * MS),
		   SIM_JOURNAL_START, node);
}

/* ---- as a tenant ---- */

static bool is_alive(struct lease_world *world, uint32_t node)
{
	const struct sim_node *me = &cluster_of(world)->nodes[node];
	const struct lease_kept *kept = &world->nodes[node].board;

	/* Nothing runs under one that never came in. */
	return kept->in &&
	       atomic_load(&me->board->cluster.dead) < kept->generation;
}

static void end(struct lease_world *world, uint32_t node)
{
	struct cluster *cluster = cluster_of(world);
	struct sim_node *me = &cluster->nodes[node];

	if (world->nodes[node].stopping &&
	    atomic_exchange(&me->board->stopping, 1) == 0) {
		world_say(world, node, "stops in order");
		me->stop_us = world->now_us;
		sim_journal_ring(cluster, node);
	}
	sim_supervisor_ring(cluster, node);
}

static void starts(struct lease_world *world, uint32_t node, bool anew)
{
	struct cluster *cluster = cluster_of(world);
	struct sim_node *me = &cluster->nodes[node];

	if (!me->down && atomic_load(&me->board->cluster.leaving) != 0)
		goes_down(cluster, node);
	if (me->down)
		comes_up(cluster, node);
	sim_lease_starts(world, node, anew);
}

static void stops(struct lease_world *world, uint32_t node)
{
	(void)world;
	(void)node;
}

static void dies(struct lease_world *world, uint32_t node, bool power)
{
	struct cluster *cluster = cluster_of(world);

	goes_down(cluster, node);
	if (power)
		disk_power_failure(&cluster->nodes[node].disk);
}

static void wakes(struct lease_world *world, uint32_t node, bool late)
{
	if (late && !cluster_of(world)->nodes[node].down)
		sim_work_vanish(cluster_of(world), node);
}

static bool is_held_up(const struct lease_world *world,
		       const struct event *event)
{
	const struct cluster *cluster = (const struct cluster *)world;

	switch (event->kind) {
	case SIM_LATE:
	case SIM_OPERATOR:
	case SIM_THAW:
		return false;
	default:
		return world->nodes[event->node].suspended ||
		       cluster->nodes[event->node].frozen;
	}
}

static void happens(struct lease_world *world, const struct event *event)
{
	struct cluster *cluster = cluster_of(world);

	switch (event->kind) {
	case SIM_JOURNAL:
	case SIM_IO:
		sim_journal_goes_on(cluster, event);
		break;
	case SIM_JOURNAL_START:
		sim_journal_start(cluster, event->node);
		break;
	case SIM_LATE:
		sim_storage_late(cluster, event->index);
		break;
	case SIM_SUPERVISOR:
		sim_supervisor_looks(cluster, event);
		break;
	case SIM_WORK:
		sim_work_event(cluster, event);
		break;
	case SIM_REVIVE:
		sim_supervisor_revive(cluster, event->node);
		break;
	case SIM_DATAGRAM:
		sim_net_arrives(cluster, event);
		break;
	case SIM_HINT:
		sim_hint_arrives(cluster, event);
		break;
	case SIM_THAW:
		sim_thaw(cluster, event->node);
		break;
	case SIM_OPERATOR:
		sim_operate(cluster);
		sim_jobs_ask(cluster);
		world_post(world, world_below(world, cluster->pause_us),
			   SIM_OPERATOR, 0);
		break;
	case SIM_CANCEL:
		sim_cancel(cluster, event);
		break;
	default:
		break;
	}
}

static const struct lease_tenant tenant = {
	.is_alive = is_alive,
	.end = end,
	.starts = starts,
	.step = sim_lease_step,
	.shows = sim_lease_shows,
	.stops = stops,
	.dies = dies,
	.wakes = wakes,
	.is_held_up = is_held_up,
	.event = happens,
	.fault = sim_fault,
	.heal = sim_heal,
	.check = sim_check,
	.check_end = sim_check_end,
};

/* ---- one seed ---- */

static void configure(struct cluster *cluster, uint32_t node)
{
	cluster->nodes[node].config = (struct config){
		.node = node_names[node],
		.shared = shared_name,
		.workers = 2,
		.units = units,
		.units_count = SIM_UNITS + 1,
		.cluster = { .present = true,
			     .lease_ms = cluster->world.terms.lease_ms,
			     .slots = cluster->world.terms.slots },
	};
}

static void begin(struct cluster *cluster)
{
	struct lease_world *world = &cluster->world;
	static const uint32_t stale[] = { 0, 0, 6, 40 };
	static const uint32_t slow[] = { 10, 60 };
	static const int64_t pauses_ms[] = { 500, 1500, 4000, 10000 };
	static const uint32_t quick[] = { 2, 6, 30 };

	cluster->slow = slow[rng_below(&world->rng, 2)];
	cluster->pause_us = pauses_ms[rng_below(&world->rng, 4)] * MS;
	cluster->no_net = rng_once_in(&world->rng, 4);
	cluster->stale = stale[rng_below(&world->rng, 4)];
	cluster->quick = quick[rng_below(&world->rng, 3)];
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct sim_node *me = &cluster->nodes[i];

		me->wall_off_ms = (int64_t)rng_below(&world->rng, 200);
		configure(cluster, i);
		sim_storage_open(cluster, i, rng_next(&world->rng));
		me->cluster = cluster;
		memview_init(&me->view);
		sim_check_view(cluster, i);
		me->down = true;
		clear_board(cluster, i);
	}
	world_post(world, 2000 * MS, SIM_OPERATOR, 0);
}

static void finish(struct cluster *cluster)
{
	for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
		sim_journal_kill(cluster, i);
		memview_clear(&cluster->nodes[i].view);
		sim_storage_close(cluster, i);
	}
	for (uint32_t i = 0; i < SIM_LATE_MAX; i++)
		if (cluster->late[i].used)
			free(cluster->late[i].write.bytes);
}

const char *sim_run(struct cluster *cluster, uint64_t seed,
		    enum lease_plant lease_plant, enum sim_plant plant,
		    bool talk)
{
	const char *broken;

	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		struct sim_node *me = &cluster->nodes[i];
		struct board *board = me->board;
		struct ledger *ledger = me->ledger;
		void *stack = me->fiber.stack;

		memset(me, 0, sizeof(*me));
		me->board = board;
		me->ledger = ledger;
		me->fiber.stack = stack;
	}
	memset(cluster, 0, offsetof(struct cluster, nodes));
	lease_world_begin(&cluster->world, &tenant, seed, lease_plant, talk);
	cluster->plant = plant;
	begin(cluster);
	broken = lease_world_play(&cluster->world);
	finish(cluster);
	return broken;
}

void sim_init(struct cluster *cluster)
{
	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		struct sim_node *me = &cluster->nodes[i];

		me->board =
			mmap(NULL, sizeof(*me->board), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		me->ledger = calloc(1, sizeof(*me->ledger));
		if (me->board == MAP_FAILED || me->ledger == NULL)
			abort();
	}
}

void sim_fini(struct cluster *cluster)
{
	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		struct sim_node *me = &cluster->nodes[i];

		munmap(me->board, sizeof(*me->board));
		free(me->ledger);
		fiber_fini(&me->fiber);
	}
}
