/* lease_fault - what befalls the nodes. */
#include "tests/sim/lease_world.h"

#define MS INT64_C(1000)

/* The storage has it and may write it yet, now, late, in part or never. */
static void orphan_writes(struct lease_world *world, uint32_t node, bool power)
{
	for (uint32_t i = 0; i < WORLD_EVENTS; i++) {
		struct event *event = &world->events[i];

		if (event->kind != EVENT_LAND || event->node != node)
			continue;
		if (power && rng_once_in(&world->rng, 3))
			event->kind = EVENT_NONE;
		else if (rng_once_in(&world->rng, 2))
			event->at_us += world_below(
				world, 3 * lease_length_us(&world->terms));
		if (power && rng_once_in(&world->rng, 4))
			event->bytes = rng_below(&world->rng, LEASE_RECORD);
	}
}

static void kill_all(struct lease_world *world, uint32_t node, bool power)
{
	struct world_node *me = &world->nodes[node];

	orphan_writes(world, node, power);
	role_kill(world, node);
	world->tenant->dies(world, node, power);
	me->board = (struct lease_kept){ 0 };
	me->stopping = false;
	me->boot += power ? 1 : 0;
	world_post(world,
		   power ? 100 * MS + world_below(world,
						  2 * lease_length_us(
							      &world->terms))
			 : 50 * MS,
		   EVENT_START, node);
	world_say(world, node, power ? "loses power" : "is killed");
}

void world_kill_role(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);
	int64_t pause = MS + world_below(world, 40 * MS);

	if (!me->role ||
	    (!world->harsh && me->killed_once &&
	     !lease_may_start(&world->terms, &me->role_killed, &now)))
		return;
	me->killed_once = true;
	me->role_killed = now;
	orphan_writes(world, node, false);
	role_kill(world, node);
	if (rng_once_in(&world->rng, 5))
		pause += world_below(world, lease_length_us(&world->terms));
	world_post(world, pause, EVENT_START, node);
	world_say(world, node, "lease role is killed");
}

static void suspend(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	if (me->suspended)
		return;
	world_clock(world, node);
	me->suspended = true;
	world_post(world,
		   world_below(world, 2 * lease_length_us(&world->terms)),
		   EVENT_WAKE, node);
	world_say(world, node, "is suspended");
}

void world_stand_still(struct lease_world *world, uint32_t node, int64_t us)
{
	struct world_node *me = &world->nodes[node];

	if (me->suspended)
		return;
	world_clock(world, node);
	me->suspended = true;
	me->still = true;
	me->still_generation = me->lease.kept.generation;
	world_post(world, us, EVENT_WAKE, node);
	world_say(world, node, "stands still");
}

void world_wake(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);

	me->suspended = false;
	if (me->still)
		me->woke = now;
	me->still = false;
	/* The supervisor's first act, before any of it runs on. */
	world->tenant->wakes(world, node,
			     lease_elapsed_max(&me->board.stamp, &now) >=
				     lease_stop_us(&world->terms, 0));
	world_say(world, node, "wakes");
}

void world_set_clock(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	world_clock(world, node);
	me->boot_ppm = (int64_t)world_below(world, 100000) - 50000;
	me->raw_ppm = (int64_t)world_below(world, 1000) - 500;
}

void world_fault(struct lease_world *world)
{
	uint32_t node = rng_once_in(&world->rng, 2)
				? world->victim
				: rng_below(&world->rng, world->nodes_count);
	struct world_node *me = &world->nodes[node];
	int64_t lease_us = lease_length_us(&world->terms);
	int64_t until = world->now_us + world_below(world, 2 * lease_us);
	uint32_t which = rng_below(&world->rng, 16);

	/* What one block does to late writes is rare: more of them. */
	if (world->plant == PLANT_ONE_BLOCK && rng_once_in(&world->rng, 2))
		which = 13;
	if (world->tenant->fault != NULL && world->tenant->fault(world, node))
		return;
	switch (which) {
	case 0:
	case 1:
		world_kill_role(world, node);
		break;
	case 2:
		kill_all(world, node, true);
		break;
	case 3:
		kill_all(world, node, false);
		break;
	case 4:
		me->paused_until_us = until;
		world_say(world, node, "lease role is paused");
		break;
	case 5:
		suspend(world, node);
		break;
	case 6:
		me->stall_until_us = until;
		world_say(world, node, "storage stalls");
		break;
	case 7:
		for (uint32_t i = 0; i < world->nodes_count; i++)
			world->nodes[i].stall_until_us = until;
		break;
	case 8:
		me->fails = !me->fails;
		break;
	case 9:
		me->stopping = me->stopping || me->role;
		break;
	case 10:
		world_set_clock(world, node);
		break;
	case 11:
		me->lag_us = me->lag_us != 0
				     ? 0
				     : world_below(world, lease_us * 2 / 3);
		break;
	case 12:
		me->slow_us =
			me->slow_us != 0
				? 0
				: lease_us / 3 +
					  world_below(world, lease_us / 2);
		break;
	case 13:
		me->doomed = true;
		break;
	default:
		lease_hint(&me->lease);
		if (rng_once_in(&world->rng, 2))
			lease_resign(&me->lease);
		break;
	}
}

void world_heal(struct lease_world *world)
{
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *me = &world->nodes[i];

		me->fails = false;
		me->stall_until_us = 0;
		me->lag_us = 0;
		me->slow_us = 0;
		me->doomed = false;
		me->paused_until_us = 0;
		if (me->suspended)
			world_wake(world, i);
		if (!me->role)
			world_post(world, 0, EVENT_START, i);
	}
	if (world->tenant->heal != NULL)
		world->tenant->heal(world);
	/* What was stuck comes now, in its order: a read does not return before
	 * it happened, nor a write before it landed. */
	for (uint32_t i = 0; i < WORLD_EVENTS; i++) {
		struct event *event = &world->events[i];
		int64_t late_us = event->at_us - world->now_us - 300 * MS;

		if (late_us > 0 && event->kind != EVENT_DEADLINE)
			event->at_us -= late_us - late_us / 1000;
	}
}
