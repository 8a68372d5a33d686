/* lease_kill - the supervisor: what must be dead when the lease is over. */
#include "tests/sim/lease_played.h"

#define MS INT64_C(1000)

bool played_is_alive(struct lease_world *world, uint32_t node)
{
	const struct played_node *me = &played_of(world)->nodes[node];

	for (uint32_t unit = 0; unit < PLAYED_UNITS; unit++)
		if (me->alive[unit] != 0)
			return true;
	return false;
}

void played_vanish(struct lease_world *world, uint32_t node)
{
	struct played_node *me = &played_of(world)->nodes[node];

	memset(me->alive, 0, sizeof(me->alive));
	memset(me->to_release, 0, sizeof(me->to_release));
	me->killing = false;
	me->kills++;
}

void played_kill(struct lease_world *world, uint32_t node)
{
	struct played_node *me = &played_of(world)->nodes[node];
	struct event *event;

	if (me->killing)
		return;
	me->killing = true;
	event = world_post(
		world, world_below(world, world->terms.kill_ms * MS * 9 / 10),
		EVENT_DEAD, node);
	event->life = ++me->kills;
}

static int64_t left_us(struct lease_world *world, uint32_t node)
{
	struct lease_time now = world_clock(world, node);

	return lease_stop_us(&world->terms, 0) -
	       lease_elapsed_max(&world->nodes[node].board.stamp, &now);
}

/* By its own look at the board and the clocks. */
void played_look_at_deadline(struct lease_world *world, uint32_t node)
{
	struct played_node *me = &played_of(world)->nodes[node];
	int64_t left = left_us(world, node);

	me->watched = false;
	if (!played_is_alive(world, node) || me->killing)
		return;
	if (left <= 0)
		played_kill(world, node);
	else
		played_watch(world, node);
}

void played_watch(struct lease_world *world, uint32_t node)
{
	struct played_node *me = &played_of(world)->nodes[node];
	int64_t left = left_us(world, node);

	if (me->watched || !played_is_alive(world, node) || me->killing)
		return;
	me->watched = true;
	/* Its clocks may run ahead of true time: looks before the end. */
	world_post(world, left > 20 * MS ? left * 9 / 10 : MS, EVENT_DEADLINE,
		   node);
}
