/* lease_journal - journals as far as assignments go: what counts for whom. */
#include "tests/sim/lease_world.h"

static int64_t below(struct lease_world *world, int64_t us)
{
	return us <= 0 ? 0 : (int64_t)rng_below(&world->rng, (uint32_t)us);
}

bool played_append(struct lease_world *world, uint32_t node,
		   const struct entry *entry)
{
	struct world_node *me = &world->nodes[node];
	struct journal *journal = &world->journals[node];
	int64_t io_us = role_io_us(world, node);
	struct event *event;

	if (world->now_us < world->heal_us && rng_once_in(&world->rng, 8))
		io_us += below(world, 3 * lease_length_us(&world->terms) / 2);
	if (me->appending || journal->count == WORLD_ENTRIES)
		return false;
	me->append_index = journal->count++;
	me->appending = true;
	me->append_void = false;
	journal->entries[me->append_index] = *entry;
	journal->entries[me->append_index].generation = me->board.generation;
	event = world_post(world, below(world, io_us), EVENT_APPEND, node);
	event->index = me->append_index;
	event = world_post(world, io_us, EVENT_SYNCED, node);
	event->life = me->board.generation;
	event->index = me->append_index;
	event->rc = me->fails && rng_once_in(&world->rng, 2) ? -5 : 0;
	return true;
}

/* Does entry E of WRITER count for anybody: is it within the end shown? */
bool played_is_within(const struct world_node *me, uint32_t node,
		      uint32_t writer, const struct entry *e)
{
	const struct lease_peer *peer = &me->lease.peers[writer];
	const struct lease_record *record = &peer->slot.record;

	if (writer == node)
		return e->generation == me->board.generation && e->counted;
	return peer->slot.has_record && record->generation == e->generation &&
	       record->end.segment == e->generation && e->counted &&
	       e->offset < record->end.offset;
}

/* Does it for a leader, who reads ended generations to their end? */
static bool counts(const struct world_node *me, uint32_t node, uint32_t writer,
		   const struct entry *e)
{
	uint64_t ended = writer == node ? me->board.generation - 1
					: me->lease.peers[writer].ended;

	return e->generation <= ended ? e->landed
				      : played_is_within(me, node, writer, e);
}

/* Is there such an entry that counts? */
static bool is_told(const struct lease_world *world, uint32_t node,
		    enum entry_kind kind, uint64_t token)
{
	for (uint32_t writer = 0; writer < world->nodes_count; writer++) {
		const struct journal *journal = &world->journals[writer];

		for (uint32_t i = 0; i < journal->count; i++)
			if (journal->entries[i].kind == kind &&
			    journal->entries[i].token == token &&
			    counts(&world->nodes[node], node, writer,
				   &journal->entries[i]))
				return true;
	}
	return false;
}

static bool has_ended(const struct lease_world *world, uint32_t node,
		      const struct owned *owned)
{
	const struct world_node *me = &world->nodes[node];

	if (owned->node == node)
		return owned->generation != me->board.generation;
	return lease_peer_has_ended(&me->lease.peers[owned->node],
				    owned->generation);
}

bool played_is_free(const struct lease_world *world, uint32_t node,
		    const struct owned *owned, uint64_t epoch)
{
	return owned->token == 0 || has_ended(world, node, owned) ||
	       is_told(world, node, ENTRY_RELEASED, owned->token) ||
	       (owned->token >> 32 < epoch &&
		!is_told(world, node, ENTRY_HELD, owned->token));
}

/* A new leader reads all journals: who was given what, last? */
void played_read_all(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];

	memset(me->owned, 0, sizeof(me->owned));
	for (uint32_t writer = 0; writer < world->nodes_count; writer++)
		for (uint32_t i = 0; i < world->journals[writer].count; i++) {
			const struct entry *e =
				&world->journals[writer].entries[i];
			struct owned *owned = &me->owned[e->unit];

			if (counts(me, node, writer, e) &&
			    e->token > owned->token)
				*owned = (struct owned){ e->token, e->to,
							 e->to_generation };
		}
	for (uint32_t unit = 0; unit < WORLD_UNITS; unit++)
		if (played_is_free(world, node, &me->owned[unit],
				   me->board.claim))
			me->owned[unit].token = 0;
}
