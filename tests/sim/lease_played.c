#include "tests/sim/lease_played.h"

static void starts(struct lease_world *world, uint32_t node, bool anew)
{
	struct lease_played *played = played_of(world);
	struct world_node *host = &world->nodes[node];
	struct played_node *me = &played->nodes[node];

	if (anew) {
		me->counted = 0;
		me->led = 0;
		me->appending = false;
		memset(me->accepted, 0, sizeof(me->accepted));
	}
	lease_tell_end(&host->lease,
		       &(struct lease_end){ host->lease.kept.generation,
					    me->counted });
	lease_stand(&host->lease, !host->stopping);
	if (world->plant != PLANT_EPOCH_NOT_ABOVE_OWN)
		lease_saw_epoch(&host->lease, played_highest(played));
}

static void stops(struct lease_world *world, uint32_t node)
{
	played_of(world)->nodes[node].promising = false;
}

static void dies(struct lease_world *world, uint32_t node, bool power)
{
	(void)power;
	played_vanish(world, node);
	played_of(world)->nodes[node].appending = false;
}

static void wakes(struct lease_world *world, uint32_t node, bool late)
{
	/* The supervisor's first act, before any of it runs on. */
	if (late)
		played_vanish(world, node);
}

/* The storage writes on while the node stands still. */
static bool is_held_up(const struct lease_world *world,
		       const struct event *event)
{
	return event->kind != EVENT_APPEND &&
	       world->nodes[event->node].suspended;
}

static void check(struct lease_world *world)
{
	struct lease_played *played = played_of(world);

	for (uint32_t unit = 0; unit < PLAYED_UNITS; unit++) {
		uint32_t alive = 0;

		for (uint32_t i = 0; i < world->nodes_count; i++)
			alive += played->nodes[i].alive[unit] != 0 &&
				 !world->nodes[i].suspended;
		if (alive > 1)
			world_break(world, "a unit is alive twice");
		if (alive == 1 && world->now_us >= world->heal_us &&
		    played->ran_us[unit] == 0)
			played->ran_us[unit] = world->now_us;
	}
}

static void check_end(struct lease_world *world)
{
	for (uint32_t unit = 0; unit < PLAYED_UNITS; unit++)
		if (played_of(world)->ran_us[unit] == 0)
			world_break(world, "a unit does not run in the end");
}

const char *lease_played_run(struct lease_played *played, uint64_t seed,
			     enum lease_plant plant, bool talk)
{
	static const struct lease_tenant tenant = {
		.wait_us = 10000,
		.is_alive = played_is_alive,
		.end = played_kill,
		.starts = starts,
		.step = played_step,
		.shows = played_watch,
		.stops = stops,
		.dies = dies,
		.wakes = wakes,
		.is_held_up = is_held_up,
		.event = played_event,
		.check = check,
		.check_end = check_end,
	};

	memset(played, 0, offsetof(struct lease_played, journals));
	for (uint32_t i = 0; i < WORLD_NODES; i++)
		played->journals[i].count = 0;
	lease_world_begin(&played->world, &tenant, seed, plant, talk);
	return lease_world_play(&played->world);
}
