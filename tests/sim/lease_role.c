/* lease_role - the lease role of each node, on the virtual file. */
#include "tests/sim/lease_world.h"

#define MS INT64_C(1000)

int64_t role_io_us(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	int64_t us = 200 + world_below(world, 3 * MS);

	if (world->now_us >= world->heal_us)
		return us;
	if (rng_once_in(&world->rng, 40))
		us += world_below(world, 300 * MS);
	if (me->stall_until_us > world->now_us)
		us += me->stall_until_us - world->now_us;
	return us + me->slow_us;
}

static void post_step(struct lease_world *world, uint32_t node, int64_t in_us)
{
	struct world_node *me = &world->nodes[node];

	me->step_event = world_repost(world, me->step_event, me->step, in_us,
				      EVENT_STEP, node);
	me->step_event->life = me->life;
	me->step = me->step_event->order;
	me->step_us = me->step_event->at_us;
}

void role_ring(struct lease_world *world, uint32_t node, int64_t in_us)
{
	struct world_node *me = &world->nodes[node];

	if (me->role && !me->busy &&
	    (me->step_us < world->now_us ||
	     me->step_us > world->now_us + in_us))
		post_step(world, node, in_us);
}

static void begin_read(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	int64_t io_us = role_io_us(world, node);
	int64_t at[2] = { world_below(world, io_us),
			  world_below(world, io_us) };
	struct event *event;

	me->busy = true;
	me->look.submitted = world_clock(world, node);
	for (uint32_t half = 0; half < 2; half++) {
		event = world_post(world, at[half], EVENT_SAMPLE, node);
		event->life = me->life;
		event->half = half;
	}
	event = world_post(world, io_us, EVENT_READ, node);
	event->life = me->life;
	event->rc = me->fails && rng_once_in(&world->rng, 2) ? -5 : 0;
}

/* When the bytes land, after the return or before: late if that failed. */
static void post_land(struct lease_world *world, const struct event *write,
		      int64_t in_us, uint32_t bytes)
{
	struct event *event = world_post(world, in_us, EVENT_LAND, write->node);

	event->slot = write->slot;
	event->block = write->block;
	event->bytes = bytes;
	memcpy(event->data, write->data, LEASE_RECORD);
}

/* What promises nothing may fall: the floor is lost with its process. */
static void check_epoch(struct lease_world *world, uint32_t node)
{
	const struct lease_record *record = &world->nodes[node].lease.written;

	if ((record->flags & LEASE_JOINING) != 0)
		return;
	if (record->epoch < world->epochs[node])
		world_break(world, "a slot's epoch fell");
	world->epochs[node] = record->epoch;
}

static void begin_write(struct lease_world *world, uint32_t node, bool tomb)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time stamp = world_clock(world, node);
	int64_t io_us = role_io_us(world, node);
	int64_t land_us = world_below(world, io_us);
	struct event write = {
		.node = node,
		.slot = node,
		.block = lease_block_of(me->lease.setup.number) ^ tomb,
	};
	struct event *event;

	lease_compose(&me->lease, &stamp, write.data);
	me->board = me->lease.kept; /* before the write, so that it is known */
	world->tenant->shows(world, node);
	check_epoch(world, node);
	me->busy = true;
	event = world_post(world, io_us + me->lag_us, EVENT_WRITTEN, node);
	event->life = me->life;
	if (me->doomed && rng_once_in(&world->rng, 3)) {
		me->doomed = false;
		world_post(world, world_below(world, land_us), EVENT_DOOM, node)
			->life = me->life;
	}
	if (me->fails && rng_once_in(&world->rng, 2)) {
		event->rc = -5;
		land_us += world_below(world, 3 * MS * world->terms.lease_ms);
		if (rng_once_in(&world->rng, 2))
			return; /* never */
	}
	if (tomb && world->plant == PLANT_ONE_BLOCK)
		return;
	if (rng_once_in(&world->rng, 20))
		post_land(world, &write, world_below(world, land_us),
			  rng_below(&world->rng, LEASE_RECORD));
	post_land(world, &write, land_us, LEASE_RECORD);
}

void role_start(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	bool go_on = me->board.in && !me->board.over;
	struct lease_setup setup = {
		.terms = world->terms,
		.file_id = 1,
		.number = world->numbers[node] +
			  (world->plant == PLANT_ONE_BLOCK ? 2 : 1),
		.incarnation = rng_next(&world->rng),
		.slot = node,
		.reclaim = true, /* if the boot id is the same */
		.name = "n",
	};

	if (!me->up || me->role)
		return;
	if (!go_on && world->tenant->is_alive(world, node)) {
		world->tenant->end(world, node);
		world_post(world, 5 * MS, EVENT_START, node);
		return;
	}
	setup.name[1] = (char)('0' + node);
	memcpy(setup.boot_id, &me->boot, sizeof(me->boot));
	world->numbers[node] = setup.number;
	lease_init(&me->lease, &setup, go_on ? &me->board : NULL);
	if (!go_on)
		/* Its own block may have been torn: falls then, harmlessly,
		 * since nothing was given under what no journal knows. */
		world->epochs[node] = 0;
	me->began = world_clock(world, node);
	me->role = true;
	me->busy = false;
	me->life++;
	world->tenant->starts(world, node, !go_on);
	world_say(world, node, "lease role %llu starts, generation %llu",
		  (unsigned long long)setup.number,
		  (unsigned long long)me->lease.kept.generation);
	post_step(world, node, 0);
}

void role_kill(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	me->role = false;
	me->busy = false;
	me->life++;
	world->tenant->stops(world, node);
}

/* A write failed: goes on under another number, unless that would be the
 * third within a lease.
 */
static bool start_again(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);

	if (me->lease.reason != LEASE_REASON_DOUBT || me->stopping ||
	    me->lease.kept.over ||
	    (!world->harsh &&
	     !lease_may_start(&world->terms, &me->began, &now)))
		return false;
	role_kill(world, node);
	world_post(world, MS, EVENT_START, node);
	return true;
}

/* The role is over: all work dies, is told of if it may be, and a new
 * generation is tried later.
 */
static void role_is_out(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	enum lease_reason reason = me->lease.reason;

	if (start_again(world, node))
		return;
	me->lease.kept.over = true; /* the work is about to be killed */
	me->board.over = true;
	if (world->plant == PLANT_RELEASE_BEFORE_STOP)
		lease_release(&me->lease);
	if (world->tenant->is_alive(world, node)) {
		world->tenant->end(world, node);
		if (!me->lease.releasing) {
			post_step(world, node, 2 * MS);
			return;
		}
	}
	if (reason != LEASE_REASON_RELEASED && !me->lease.releasing &&
	    rng_once_in(&world->rng, 2))
		lease_release(&me->lease);
	if (me->lease.releasing) {
		post_step(world, node, MS);
		return;
	}
	world_say(world, node, "lease role ends: %s",
		  lease_reason_name(reason));
	role_kill(world, node);
	me->stopping = false;
	me->board = (struct lease_kept){ 0 };
	world_post(world, 10 * MS + world_below(world, 200 * MS), EVENT_START,
		   node);
}

/* What a node asked to stop does: work first, then the flag (O7, K6). */
static void stop_gracefully(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	if (world->plant != PLANT_RELEASE_BEFORE_STOP &&
	    world->tenant->is_alive(world, node)) {
		world->tenant->end(world, node);
		return;
	}
	lease_release(&me->lease);
}

void role_step(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);
	struct lease_act act;

	if (!me->role || me->busy || me->suspended)
		return;
	if (me->stopping)
		stop_gracefully(world, node);
	world->tenant->step(world, node);
	act = lease_next(&me->lease, &now);
	me->board = me->lease.kept;
	switch (act.what) {
	case LEASE_READ:
		begin_read(world, node);
		break;
	case LEASE_WRITE:
	case LEASE_BURY:
		begin_write(world, node, act.what == LEASE_BURY);
		break;
	case LEASE_WAIT:
		if (act.wait_us > world->tenant->wait_us &&
		    world->tenant->wait_us != 0 &&
		    world->tenant->is_alive(world, node))
			act.wait_us = world->tenant->wait_us;
		post_step(world, node,
			  act.wait_us + world_below(world, 2 * MS));
		break;
	case LEASE_STOP:
		role_is_out(world, node);
		break;
	}
	world->tenant->shows(world, node);
}

static void sample(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	uint32_t from = event->half == 0 ? 0 : world->terms.slots / 2;
	uint32_t to =
		event->half == 0 ? world->terms.slots / 2 : world->terms.slots;

	memcpy(me->sampled[from], world->file[from],
	       (to - from) * sizeof(me->sampled[0]));
}

static void read_returned(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	struct lease *lease = &me->lease;

	me->busy = false;
	me->look.returned = world_clock(world, event->node);
	if (event->rc == 0)
		for (uint32_t i = 0; i < lease->reading; i++) {
			plant_sample(world, event->node, i);
			lease_took(lease, i, me->sampled[i][0],
				   me->sampled[i][1], &me->look);
		}
	if (event->rc == 0)
		plant_verdict(world, event->node);
	lease_read_done(lease, &me->look, event->rc);
	plant_standing(world, event->node);
}

static void write_returned(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	struct lease_time now = world_clock(world, event->node);
	bool late = world->plant == PLANT_LATE_WRITE_COUNTS;
	uint64_t before = me->lease.shown.sequence;

	me->busy = false;
	lease_written(&me->lease, late ? &me->lease.wrote : &now, event->rc);
	if (world->plant == PLANT_STAMP_AFTER_WRITE &&
	    me->lease.shown.sequence != before)
		me->lease.kept.stamp = now;
}

static void land(struct lease_world *world, const struct event *event)
{
	memcpy(world->file[event->slot][event->block], event->data,
	       event->bytes);
}

void role_event(struct lease_world *world, const struct event *event)
{
	switch (event->kind) {
	case EVENT_STEP:
		if (event->order != world->nodes[event->node].step)
			return; /* it was rung meanwhile */
		break;
	case EVENT_SAMPLE:
		sample(world, event);
		return;
	case EVENT_LAND:
		land(world, event);
		return;
	case EVENT_READ:
		read_returned(world, event);
		break;
	case EVENT_WRITTEN:
		write_returned(world, event);
		break;
	default:
		break;
	}
	role_step(world, event->node);
}
