/* cluster_fault - what befalls nodes besides what befalls their machines. */
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

/* All of its processes are stopped. */
static void freeze(struct cluster *cluster, uint32_t node)
{
	struct lease_world *world = &cluster->world;
	struct sim_node *me = &cluster->nodes[node];
	int64_t us = world_below(world, 2 * lease_length_us(&world->terms));

	if (me->down || me->frozen)
		return;
	me->frozen = true;
	world->nodes[node].paused_until_us = world->now_us + us;
	world_post(world, us, SIM_THAW, node);
	world_say(world, node, "is frozen");
}

void sim_thaw(struct cluster *cluster, uint32_t node)
{
	struct lease_world *world = &cluster->world;
	struct sim_node *me = &cluster->nodes[node];
	struct lease_time now = world_clock(world, node);
	struct cluster_lease lease;

	if (!me->frozen)
		return;
	me->frozen = false;
	/* The supervisor's first act, before any of it runs on. */
	if (!me->down && cluster_lease(&me->board->cluster, &lease) &&
	    !cluster_holds(&me->board->cluster, lease.kept.generation, &now))
		sim_work_vanish(cluster, node);
	world_say(world, node, "thaws");
}

/* Its clocks do, too; that of the wall is behind when it goes on. */
static void stand_still(struct cluster *cluster, uint32_t node)
{
	struct lease_world *world = &cluster->world;
	int64_t us = world_below(world, 3 * lease_length_us(&world->terms));

	if (world->nodes[node].suspended || cluster->nodes[node].frozen)
		return;
	cluster->stills++;
	cluster->nodes[node].wall_off_ms -= us / MS;
	world_stand_still(world, node, us);
}

static void kill_worker(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];
	uint32_t place = rng_below(&cluster->world.rng, SIM_PLACES / 2);

	if (sim_work_is_alive(&me->works[place]))
		sim_work_lose(cluster, node, place);
}

bool sim_fault(struct lease_world *world, uint32_t node)
{
	struct cluster *cluster = cluster_of(world);
	struct sim_node *me = &cluster->nodes[node];
	uint32_t other = rng_below(&world->rng, world->nodes_count);

	if (world->wide && rng_once_in(&world->rng, 10)) {
		stand_still(cluster, node);
		return true;
	}
	switch (rng_below(&world->rng, 20)) {
	case 0:
	case 1:
		sim_journal_kill(cluster, node);
		world_post(world, world_below(world, 30 * MS),
			   SIM_JOURNAL_START, node);
		return true;
	case 2:
		sim_supervisor_die(cluster, node);
		return true;
	case 3:
		freeze(cluster, node);
		return true;
	case 4:
	case 5:
		kill_worker(cluster, node);
		return true;
	case 6:
		me->cut_from[other] = !me->cut_from[other];
		return true;
	case 7:
		cluster->loss = cluster->loss == 0 ? 2 : 0;
		return true;
	case 8:
		me->wall_off_ms += (int64_t)rng_below(&world->rng, 8000) - 4000;
		if (me->wall_off_ms > cluster->ahead_ms)
			cluster->ahead_ms = me->wall_off_ms;
		return true;
	case 9:
		if (me->down)
			return true;
		atomic_fetch_xor(&me->board->drain, 1);
		sim_journal_ring(cluster, node);
		world_say(world, node, "drains: %u",
			  atomic_load(&me->board->drain));
		return true;
	default:
		return false;
	}
}

void sim_heal(struct lease_world *world)
{
	struct cluster *cluster = cluster_of(world);

	cluster->loss = 0;
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct sim_node *me = &cluster->nodes[i];

		memset(me->cut_from, 0, sizeof(me->cut_from));
		sim_thaw(cluster, i);
		/* No time that was used is still to come. */
		me->wall_off_ms = cluster->ahead_ms + 200;
		atomic_store(&me->board->drain, 0);
		sim_journal_ring(cluster, i);
	}
}
