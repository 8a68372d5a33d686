/* lease_work - the journal role: promises, leads, assigns, accepts. */
#include "tests/sim/lease_played.h"

#define MS INT64_C(1000)

static void journals_read(struct lease_world *world, const struct event *event)
{
	struct lease_played *played = played_of(world);
	struct world_node *host = &world->nodes[event->node];
	struct played_node *me = &played->nodes[event->node];
	struct lease_time now = world_clock(world, event->node);

	me->reading = 0;
	if (host->lease.standing != LEASE_PASSED ||
	    host->lease.kept.claim != event->life ||
	    host->lease.highest != event->life || !host->role ||
	    !lease_holds(&host->lease, &now))
		return;
	world_check_barrier(world, event->node);
	played_read_all(played, event->node);
	me->led = event->life;
	me->counter = 0;
	lease_lead(&host->lease);
	played->leads++;
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

static void assign(struct lease_played *played, uint32_t node)
{
	struct lease_world *world = &played->world;
	struct world_node *host = &world->nodes[node];
	struct played_node *me = &played->nodes[node];

	for (uint32_t unit = 0; unit < PLAYED_UNITS && !me->appending; unit++) {
		uint32_t to = rng_below(&world->rng, world->nodes_count);
		struct entry entry = { .kind = ENTRY_ASSIGN, .unit = unit };

		if (!played_is_free(played, node, &me->owned[unit], 0) ||
		    !may_be_given(world, node, to))
			continue;
		entry.token = me->led << 32 | ++me->counter;
		entry.to = to;
		entry.to_generation =
			to == node
				? host->board.generation
				: host->lease.peers[to].slot.record.generation;
		played_append(played, node, &entry);
	}
}

static bool is_for_me(const struct lease_played *played, uint32_t node,
		      const struct entry *e)
{
	const struct world_node *host = &played->world.nodes[node];
	const struct played_node *me = &played->nodes[node];

	return e->kind == ENTRY_ASSIGN && e->to == node &&
	       e->token >> 32 == host->lease.kept.promised &&
	       (e->to_generation == host->board.generation ||
		played->world.plant == PLANT_NO_GENERATION) &&
	       e->token > me->accepted[e->unit] && me->alive[e->unit] == 0;
}

static void accept(struct lease_played *played, uint32_t node)
{
	struct played_node *me = &played->nodes[node];
	uint32_t leader =
		(uint32_t)(played->world.nodes[node].lease.kept.promised %
			   played->world.terms.slots);
	const struct played_journal *journal = &played->journals[leader];

	if (leader >= played->world.nodes_count)
		return;
	for (uint32_t i = 0; i < journal->count && !me->appending; i++) {
		struct entry entry = journal->entries[i];

		if (!is_for_me(played, node, &entry) ||
		    !played_is_within(played, node, leader, &entry))
			continue;
		me->accepted[entry.unit] = entry.token;
		entry.kind = ENTRY_HELD;
		played_append(played, node, &entry);
	}
}

static void give_back(struct lease_played *played, uint32_t node)
{
	struct lease_world *world = &played->world;
	struct played_node *me = &played->nodes[node];

	for (uint32_t unit = 0; unit < PLAYED_UNITS && !me->appending; unit++) {
		struct entry entry = { .kind = ENTRY_RELEASED, .unit = unit };

		if (me->alive[unit] != 0 && me->to_release[unit] == 0 &&
		    world->now_us < world->heal_us &&
		    rng_once_in(&world->rng, 300)) {
			me->to_release[unit] = me->alive[unit];
			me->alive[unit] = 0;
		}
		entry.token = me->to_release[unit];
		entry.to = node;
		entry.to_generation = world->nodes[node].board.generation;
		if (entry.token != 0)
			played_append(played, node, &entry);
	}
}

static int64_t promise_in(struct lease_world *world)
{
	return world_below(world, rng_once_in(&world->rng, 60) &&
						  world->now_us < world->heal_us
					  ? lease_length_us(&world->terms)
					  : 15 * MS);
}

void played_step(struct lease_world *world, uint32_t node)
{
	struct lease_played *played = played_of(world);
	struct world_node *host = &world->nodes[node];
	struct played_node *me = &played->nodes[node];
	struct lease_time now = world_clock(world, node);

	if (lease_wish(&host->lease) != 0 && !me->promising) {
		me->promising = true;
		world_post(world, promise_in(world), EVENT_PROMISE, node)
			->life = host->life;
	}
	if (host->lease.standing == LEASE_PASSED &&
	    me->reading != host->lease.kept.claim) {
		me->reading = host->lease.kept.claim;
		world_post(world, MS + world_below(world, 30 * MS),
			   EVENT_JOURNALS, node)
			->life = host->lease.kept.claim;
	}
	if (!lease_holds(&host->lease, &now) || me->killing || host->stopping)
		return;
	if (lease_is_leading(&host->lease, &now) &&
	    me->led == host->lease.kept.claim)
		assign(played, node);
	give_back(played, node);
	accept(played, node);
}

static void start_work(struct lease_played *played, uint32_t node,
		       const struct entry *entry)
{
	struct lease_world *world = &played->world;
	struct played_node *me = &played->nodes[node];

	if (me->killing || world->nodes[node].stopping)
		return; /* all of it is about to end */
	if (entry->token <= played->tokens[entry->unit])
		world_break(world, "a token did not rise");
	played->tokens[entry->unit] = entry->token;
	me->alive[entry->unit] = entry->token;
	played->starts++;
	world_say(world, node, "runs unit %u under %llx", entry->unit,
		  (unsigned long long)entry->token);
	played_watch(world, node);
}

/* ENTRY counts from now on. */
static void counted(struct lease_played *played, uint32_t node,
		    struct entry *entry)
{
	struct world_node *host = &played->world.nodes[node];
	struct played_node *me = &played->nodes[node];

	entry->counted = true;
	entry->offset = me->counted++;
	lease_tell_end(&host->lease,
		       &(struct lease_end){ entry->generation, me->counted });
	if (entry->kind == ENTRY_HELD)
		start_work(played, node, entry);
	else if (entry->kind == ENTRY_RELEASED)
		me->to_release[entry->unit] = 0;
	else if (entry->token >> 32 == me->led)
		me->owned[entry->unit] =
			(struct owned){ entry->token, entry->to,
					entry->to_generation };
}

static void synced(struct lease_world *world, const struct event *event)
{
	struct lease_played *played = played_of(world);
	struct world_node *host = &world->nodes[event->node];
	struct played_node *me = &played->nodes[event->node];
	struct entry *entry =
		&played->journals[event->node].entries[event->index];
	struct lease_time now = world_clock(world, event->node);
	bool late = !lease_holds(&host->lease, &now) &&
		    world->plant != PLANT_LATE_SYNC_COUNTS;

	if (event->life != host->board.generation || !host->up ||
	    !me->appending || me->append_index != event->index)
		return;
	me->appending = false;
	if (event->rc == 0 && !late && !me->append_void)
		counted(played, event->node, entry);
	else if (entry->kind == ENTRY_HELD)
		me->to_release[entry->unit] = entry->token;
}

static void promise(struct lease_world *world, const struct event *event)
{
	struct world_node *host = &world->nodes[event->node];
	struct played_node *me = &played_of(world)->nodes[event->node];
	struct lease_end end = { host->board.generation, me->counted };
	uint64_t wish = lease_wish(&host->lease);

	if (!host->role || event->life != host->life)
		return;
	if (me->appending && world->plant != PLANT_APPENDS_IN_FLIGHT) {
		if (rng_once_in(&world->rng, 2)) {
			world_post(world, 2 * MS, EVENT_PROMISE, event->node)
				->life = host->life;
			return;
		}
		me->append_void = true;
	}
	me->promising = false;
	if (wish != 0)
		lease_promise(&host->lease, wish, &end);
}

void played_event(struct lease_world *world, const struct event *event)
{
	struct lease_played *played = played_of(world);

	switch (event->kind) {
	case EVENT_DEADLINE:
		played_look_at_deadline(world, event->node);
		break;
	case EVENT_DEAD:
		if (event->life == played->nodes[event->node].kills)
			played_vanish(world, event->node);
		break;
	case EVENT_PROMISE:
		promise(world, event);
		break;
	case EVENT_JOURNALS:
		journals_read(world, event);
		break;
	case EVENT_APPEND:
		played->journals[event->node].entries[event->index].landed =
			true;
		break;
	case EVENT_SYNCED:
		synced(world, event);
		break;
	default:
		break;
	}
}
