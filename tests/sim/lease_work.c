/* lease_work - journals and work in the smallest form that can go wrong. */
#include "tests/sim/lease_world.h"

#define MS INT64_C(1000)

static int64_t below(struct lease_world *world, int64_t us)
{
	return us <= 0 ? 0 : (int64_t)rng_below(&world->rng, (uint32_t)us);
}

bool work_is_alive(const struct world_node *node)
{
	for (uint32_t unit = 0; unit < WORLD_UNITS; unit++)
		if (node->alive[unit] != 0)
			return true;
	return false;
}

void work_vanish(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	memset(me->alive, 0, sizeof(me->alive));
	memset(me->to_release, 0, sizeof(me->to_release));
	me->killing = false;
	me->kills++;
}

void work_kill(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct event *event;

	if (me->killing)
		return;
	me->killing = true;
	event = world_post(world,
			   below(world, world->terms.kill_ms * MS * 9 / 10),
			   EVENT_DEAD, node);
	event->life = ++me->kills;
}

/* The supervisor, by its own look at the board and the clocks. */
static void look_at_deadline(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);
	int64_t left = lease_stop_us(&world->terms, 0) -
		       lease_elapsed_max(&me->board.stamp, &now);

	me->watched = false;
	if (!work_is_alive(me) || me->killing)
		return;
	if (left <= 0)
		work_kill(world, node);
	else
		work_watch(world, node);
}

void work_watch(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);
	int64_t left = lease_stop_us(&world->terms, 0) -
		       lease_elapsed_max(&me->board.stamp, &now);

	if (me->watched || !work_is_alive(me) || me->killing)
		return;
	me->watched = true;
	/* Its clocks may run ahead of true time: looks before the end. */
	world_post(world, left > 20 * MS ? left * 9 / 10 : MS, EVENT_DEADLINE,
		   node);
}

static void check_barrier(struct lease_world *world, uint32_t node)
{
	uint64_t epoch = world->nodes[node].lease.kept.claim;

	for (uint32_t i = 0; i < world->nodes_count; i++) {
		struct world_node *other = &world->nodes[i];
		struct lease_time now = world_clock(world, i);

		if (i != node && other->up && !other->suspended &&
		    lease_holds(&other->lease, &now) &&
		    other->lease.kept.promised < epoch)
			world_break(world, "a leader did not pass the barrier");
	}
}

static void journals_read(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	struct lease_time now = world_clock(world, event->node);

	me->reading = 0;
	if (me->lease.standing != LEASE_PASSED ||
	    me->lease.kept.claim != event->life ||
	    me->lease.highest != event->life || !me->role ||
	    !lease_holds(&me->lease, &now))
		return;
	check_barrier(world, event->node);
	played_read_all(world, event->node);
	me->led = event->life;
	me->counter = 0;
	lease_lead(&me->lease);
	world->leads++;
	world_say(world, event->node, "leads under %llu",
		  (unsigned long long)event->life);
}

static bool may_be_given(const struct lease_world *world, uint32_t node,
			 uint32_t to)
{
	const struct world_node *me = &world->nodes[node];

	return to == node ||
	       lease_peer_shows(&me->lease.peers[to], me->lease.kept.claim);
}

static void assign(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	for (uint32_t unit = 0; unit < WORLD_UNITS && !me->appending; unit++) {
		uint32_t to = rng_below(&world->rng, world->nodes_count);
		struct entry entry = { .kind = ENTRY_ASSIGN, .unit = unit };

		if (!played_is_free(world, node, &me->owned[unit], 0) ||
		    !may_be_given(world, node, to))
			continue;
		entry.token = me->led << 32 | ++me->counter;
		entry.to = to;
		entry.to_generation =
			to == node ? me->board.generation
				   : me->lease.peers[to].slot.record.generation;
		played_append(world, node, &entry);
	}
}

static bool is_for_me(const struct lease_world *world, uint32_t node,
		      const struct entry *e)
{
	const struct world_node *me = &world->nodes[node];

	return e->kind == ENTRY_ASSIGN && e->to == node &&
	       e->token >> 32 == me->lease.kept.promised &&
	       (e->to_generation == me->board.generation ||
		world->plant == PLANT_NO_GENERATION) &&
	       e->token > me->accepted[e->unit] && me->alive[e->unit] == 0;
}

static void accept(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	uint32_t leader =
		(uint32_t)(me->lease.kept.promised % world->terms.slots);
	const struct journal *journal = &world->journals[leader];

	if (leader >= world->nodes_count)
		return;
	for (uint32_t i = 0; i < journal->count && !me->appending; i++) {
		struct entry entry = journal->entries[i];

		if (!is_for_me(world, node, &entry) ||
		    !played_is_within(me, node, leader, &entry))
			continue;
		me->accepted[entry.unit] = entry.token;
		entry.kind = ENTRY_HELD;
		played_append(world, node, &entry);
	}
}

static void give_back(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	for (uint32_t unit = 0; unit < WORLD_UNITS && !me->appending; unit++) {
		struct entry entry = { .kind = ENTRY_RELEASED, .unit = unit };

		if (me->alive[unit] != 0 && me->to_release[unit] == 0 &&
		    world->now_us < world->heal_us &&
		    rng_once_in(&world->rng, 300)) {
			me->to_release[unit] = me->alive[unit];
			me->alive[unit] = 0;
		}
		entry.token = me->to_release[unit];
		entry.to = node;
		entry.to_generation = me->board.generation;
		if (entry.token != 0)
			played_append(world, node, &entry);
	}
}

void work_step(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease_time now = world_clock(world, node);
	struct event *event;

	if (lease_wish(&me->lease) != 0 && !me->promising) {
		me->promising = true;
		event = world_post(
			world,
			below(world,
			      rng_once_in(&world->rng, 60) &&
					      world->now_us < world->heal_us
				      ? lease_length_us(&world->terms)
				      : 15 * MS),
			EVENT_PROMISE, node);
		event->life = me->life;
	}
	if (me->lease.standing == LEASE_PASSED &&
	    me->reading != me->lease.kept.claim) {
		me->reading = me->lease.kept.claim;
		event = world_post(world, MS + below(world, 30 * MS),
				   EVENT_JOURNALS, node);
		event->life = me->lease.kept.claim;
	}
	if (!lease_holds(&me->lease, &now) || me->killing || me->stopping)
		return;
	if (lease_is_leading(&me->lease, &now) &&
	    me->led == me->lease.kept.claim)
		assign(world, node);
	give_back(world, node);
	accept(world, node);
}

static void start_work(struct lease_world *world, uint32_t node,
		       const struct entry *entry)
{
	struct world_node *me = &world->nodes[node];

	if (me->killing || me->stopping)
		return; /* all of it is about to end */
	if (entry->token <= world->tokens[entry->unit])
		world_break(world, "a token did not rise");
	world->tokens[entry->unit] = entry->token;
	me->alive[entry->unit] = entry->token;
	world->starts++;
	world_say(world, node, "runs unit %u under %llx", entry->unit,
		  (unsigned long long)entry->token);
	work_watch(world, node);
}

static void synced(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	struct entry *entry =
		&world->journals[event->node].entries[event->index];
	struct lease_time now = world_clock(world, event->node);
	bool late = !lease_holds(&me->lease, &now) &&
		    world->plant != PLANT_LATE_SYNC_COUNTS;

	if (event->life != me->board.generation || !me->up || !me->appending ||
	    me->append_index != event->index)
		return;
	me->appending = false;
	if (event->rc != 0 || late || me->append_void) {
		if (entry->kind == ENTRY_HELD)
			me->to_release[entry->unit] = entry->token;
		return;
	}
	entry->counted = true;
	entry->offset = me->counted++;
	lease_tell_end(&me->lease,
		       &(struct lease_end){ entry->generation, me->counted });
	if (entry->kind == ENTRY_HELD)
		start_work(world, event->node, entry);
	else if (entry->kind == ENTRY_RELEASED)
		me->to_release[entry->unit] = 0;
	else if (entry->token >> 32 == me->led)
		me->owned[entry->unit] =
			(struct owned){ entry->token, entry->to,
					entry->to_generation };
}

static void promise(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];
	struct lease_end end = { me->board.generation, me->counted };
	uint64_t wish = lease_wish(&me->lease);

	if (!me->role || event->life != me->life)
		return;
	if (me->appending && world->plant != PLANT_APPENDS_IN_FLIGHT) {
		if (rng_once_in(&world->rng, 2)) {
			world_post(world, 2 * MS, EVENT_PROMISE, event->node)
				->life = me->life;
			return;
		}
		me->append_void = true;
	}
	me->promising = false;
	if (wish != 0)
		lease_promise(&me->lease, wish, &end);
}

void work_event(struct lease_world *world, const struct event *event)
{
	struct world_node *me = &world->nodes[event->node];

	switch (event->kind) {
	case EVENT_DEADLINE:
		look_at_deadline(world, event->node);
		break;
	case EVENT_DEAD:
		if (event->life == me->kills)
			work_vanish(world, event->node);
		break;
	case EVENT_PROMISE:
		promise(world, event);
		break;
	case EVENT_JOURNALS:
		journals_read(world, event);
		break;
	case EVENT_APPEND:
		world->journals[event->node].entries[event->index].landed =
			true;
		break;
	case EVENT_SYNCED:
		synced(world, event);
		break;
	default:
		break;
	}
}
