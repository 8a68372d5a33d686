#include "tests/sim/lease_world.h"

#include <stdarg.h>
#include <stdio.h>

#define MS     INT64_C(1000)
#define SECOND (1000 * MS)

int64_t world_below(struct lease_world *world, int64_t us)
{
	return us <= 0 ? 0 : (int64_t)rng_below(&world->rng, (uint32_t)us);
}

void world_break(struct lease_world *world, const char *how)
{
	if (world->broken == NULL)
		world->broken = how;
}

void world_say(const struct lease_world *world, uint32_t node,
	       const char *format, ...)
{
	va_list list;

	if (!world->talk)
		return;
	printf("%9.3f node %u ", (double)world->now_us / SECOND, node);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

struct event *world_post(struct lease_world *world, int64_t in_us,
			 uint32_t kind, uint32_t node)
{
	for (uint32_t i = 0; i < WORLD_EVENTS; i++) {
		struct event *event = &world->events[i];

		if (event->kind != EVENT_NONE)
			continue;
		memset(event, 0, sizeof(*event));
		event->at_us = world->now_us + in_us;
		event->kind = kind;
		event->node = node;
		event->order = ++world->orders;
		if (i >= world->events_high)
			world->events_high = i + 1;
		return event;
	}
	world_break(world, "too many events");
	return &world->events[0];
}

struct event *world_repost(struct lease_world *world, struct event *event,
			   uint64_t order, int64_t in_us, uint32_t kind,
			   uint32_t node)
{
	if (event != NULL && event->order == order)
		event->kind = EVENT_NONE;
	return world_post(world, in_us, kind, node);
}

struct lease_time world_clock(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	int64_t past = world->now_us - me->ticked_us;

	me->ticked_us = world->now_us;
	if (me->still)
		past = 0;
	me->boot_us += past + past * me->boot_ppm / 1000000;
	if (!me->suspended)
		me->raw_us += past + past * me->raw_ppm / 1000000;
	return (struct lease_time){ me->boot_us, me->raw_us };
}

/* ---- what must hold ---- */

bool world_is_stale(const struct lease_world *world, uint32_t node)
{
	const struct world_node *me = &world->nodes[node];
	uint64_t generation = me->lease.kept.generation;

	return me->still_generation != 0 &&
	       me->still_generation == generation &&
	       (me->still || me->lease.kept.stamp.boot_us <= me->woke.boot_us ||
		me->counted_dead >= generation);
}

/* A role that starts again forgets whom it has counted dead. */
static void note_dead(struct lease_world *world)
{
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *me = &world->nodes[i];

		for (uint32_t other = 0;
		     me->still_generation != 0 && other < world->nodes_count;
		     other++)
			if (other != i &&
			    lease_peer_has_ended(
				    &world->nodes[other].lease.peers[i],
				    me->still_generation) &&
			    me->counted_dead < me->still_generation)
				me->counted_dead = me->still_generation;
	}
}

void world_check_barrier(struct lease_world *world, uint32_t node)
{
	uint64_t epoch = world->nodes[node].lease.kept.claim;

	if (world_is_stale(world, node))
		return;
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *other = &world->nodes[i];
		struct lease_time now = world_clock(world, i);

		if (i != node && other->up && !other->suspended &&
		    lease_holds(&other->lease, &now) &&
		    other->lease.kept.promised < epoch &&
		    !world_is_stale(world, i))
			world_break(world, "a leader did not pass the barrier");
	}
}

static void check_leaders(struct lease_world *world)
{
	uint32_t leaders = 0;
	uint32_t stale = 0;

	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *me = &world->nodes[i];
		struct lease_time now = world_clock(world, i);

		if (!me->up || me->suspended || me->board.generation == 0 ||
		    !lease_is_leading(&me->lease, &now))
			continue;
		leaders++;
		stale += world_is_stale(world, i);
	}
	if (leaders - stale > 1)
		world_break(world, "two nodes lead");
	if (leaders == 1 && world->now_us >= world->heal_us &&
	    world->led_us == 0)
		world->led_us = world->now_us;
}

static void check_end(struct lease_world *world)
{
	if (world->led_us == 0)
		world_break(world, "nobody leads in the end");
	world->tenant->check_end(world);
}

/* ---- the run ---- */

static bool is_void(const struct lease_world *world, const struct event *event)
{
	switch (event->kind) {
	case EVENT_STEP:
	case EVENT_SAMPLE:
	case EVENT_READ:
	case EVENT_WRITTEN:
	case EVENT_DOOM:
		return event->life != world->nodes[event->node].life;
	default:
		return false;
	}
}

/* When the process it belongs to runs again. */
static int64_t held_up_until(const struct lease_world *world,
			     const struct event *event)
{
	const struct world_node *me = &world->nodes[event->node];

	switch (event->kind) {
	case EVENT_SAMPLE:
	case EVENT_LAND:
	case EVENT_WAKE:
	case EVENT_FAULT:
	case EVENT_DOOM:
		return 0;
	case EVENT_STEP:
	case EVENT_READ:
	case EVENT_WRITTEN:
		if (me->paused_until_us > world->now_us)
			return me->paused_until_us;
		break;
	case EVENT_NONE:
	case EVENT_START:
		break;
	default:
		return world->tenant->is_held_up(world, event)
			       ? world->now_us + 5 * MS
			       : 0;
	}
	return me->suspended ? world->now_us + 5 * MS : 0;
}

static void happen(struct lease_world *world, const struct event *event)
{
	switch (event->kind) {
	case EVENT_STEP:
	case EVENT_SAMPLE:
	case EVENT_READ:
	case EVENT_LAND:
	case EVENT_WRITTEN:
		role_event(world, event);
		break;
	case EVENT_START:
		role_start(world, event->node);
		break;
	case EVENT_WAKE:
		if (world->nodes[event->node].suspended)
			world_wake(world, event->node);
		break;
	case EVENT_DOOM:
		world_kill_role(world, event->node);
		break;
	case EVENT_FAULT:
		if (world->now_us >= world->heal_us) {
			world_heal(world);
			break;
		}
		world_fault(world);
		world_post(world,
			   world_below(world, 2 * world->fault_every_ms * MS),
			   EVENT_FAULT, 0);
		break;
	default:
		world->tenant->event(world, event);
		break;
	}
}

static struct event *next_event(struct lease_world *world)
{
	struct event *next = NULL;

	for (uint32_t i = 0; i < world->events_high; i++) {
		struct event *event = &world->events[i];

		if (event->kind != EVENT_NONE &&
		    (next == NULL || event->at_us < next->at_us ||
		     (event->at_us == next->at_us &&
		      event->order < next->order)))
			next = event;
	}
	return next;
}

void lease_world_begin(struct lease_world *world,
		       const struct lease_tenant *tenant, uint64_t seed,
		       enum lease_plant plant, bool talk)
{
	memset(world, 0, sizeof(*world));
	world->tenant = tenant;
	world->plant = plant;
	world->talk = talk;
	world->rng.state = seed;
	world->wide = seed >= WORLD_WIDE;
	world->terms =
		lease_terms_for(rng_once_in(&world->rng, 2) ? 1000 : 3000,
				world->wide ? WORLD_SLOTS : WORLD_SLOTS - 2);
	world->nodes_count =
		2 + rng_below(&world->rng,
			      world->wide ? WORLD_NODES - 1 : WORLD_NODES - 3);
	world->victim = rng_below(&world->rng, world->nodes_count);
	world->harsh = rng_once_in(&world->rng, 2);
	world->fault_every_ms =
		50 + rng_below(&world->rng, 2 * world->terms.lease_ms);
	world->heal_us = 8 * lease_length_us(&world->terms);
	world->end_us = world->heal_us + LEASE_WORLD_BOUND(&world->terms);
	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *me = &world->nodes[i];

		me->up = true;
		me->boot = 1 + rng_next(&world->rng) % 1000000;
		me->boot_us = world_below(world, 1000 * SECOND);
		me->raw_us = world_below(world, 1000 * SECOND);
		world_set_clock(world, i);
		world_post(world, world_below(world, 500 * MS), EVENT_START, i);
	}
	world_post(world, SECOND, EVENT_FAULT, 0);
}

const char *lease_world_play(struct lease_world *world)
{
	struct event event;
	struct event *next;
	int64_t until;

	while (world->broken == NULL && (next = next_event(world)) != NULL &&
	       next->at_us < world->end_us) {
		if (next->at_us > world->now_us)
			world->now_us = next->at_us;
		until = held_up_until(world, next);
		if (until != 0) {
			next->at_us = until;
			continue;
		}
		event = *next;
		next->kind = EVENT_NONE;
		if (is_void(world, &event))
			continue;
		happen(world, &event);
		note_dead(world);
		check_leaders(world);
		world->tenant->check(world);
	}
	if (world->broken == NULL)
		check_end(world);
	return world->broken;
}
