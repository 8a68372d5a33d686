/* lease_journal - journals as far as assignments go: what counts for whom. */
#include "tests/sim/lease_played.h"

bool played_append(struct lease_played *played, uint32_t node,
		   const struct entry *entry)
{
	struct lease_world *world = &played->world;
	struct world_node *host = &world->nodes[node];
	struct played_node *me = &played->nodes[node];
	struct played_journal *journal = &played->journals[node];
	int64_t io_us = role_io_us(world, node);
	struct event *event;

	if (world->now_us < world->heal_us && rng_once_in(&world->rng, 8))
		io_us += world_below(world,
				     3 * lease_length_us(&world->terms) / 2);
	if (me->appending || journal->count == PLAYED_ENTRIES)
		return false;
	me->append_index = journal->count++;
	me->appending = true;
	me->append_void = false;
	journal->entries[me->append_index] = *entry;
	journal->entries[me->append_index].generation = host->board.generation;
	event = world_post(world, world_below(world, io_us), EVENT_APPEND,
			   node);
	event->index = me->append_index;
	event = world_post(world, io_us, EVENT_SYNCED, node);
	event->life = host->board.generation;
	event->index = me->append_index;
	event->rc = host->fails && rng_once_in(&world->rng, 2) ? -5 : 0;
	return true;
}

/* Does entry E of WRITER count for anybody: is it within the end shown? */
bool played_is_within(const struct lease_played *played, uint32_t node,
		      uint32_t writer, const struct entry *e)
{
	const struct world_node *me = &played->world.nodes[node];
	const struct lease_peer *peer = &me->lease.peers[writer];
	const struct lease_record *record = &peer->slot.record;

	if (writer == node)
		return e->generation == me->board.generation && e->counted;
	return peer->slot.has_record && record->generation == e->generation &&
	       record->end.segment == e->generation && e->counted &&
	       e->offset < record->end.offset;
}

/* Does it for a leader, who reads ended generations to their end? */
static bool counts(const struct lease_played *played, uint32_t node,
		   uint32_t writer, const struct entry *e)
{
	const struct world_node *me = &played->world.nodes[node];
	uint64_t ended = writer == node ? me->board.generation - 1
					: me->lease.peers[writer].ended;

	return e->generation <= ended
		       ? e->landed
		       : played_is_within(played, node, writer, e);
}

/* Is there such an entry that counts? */
static bool is_told(const struct lease_played *played, uint32_t node,
		    enum entry_kind kind, uint64_t token)
{
	for (uint32_t writer = 0; writer < played->world.nodes_count;
	     writer++) {
		const struct played_journal *journal =
			&played->journals[writer];

		for (uint32_t i = 0; i < journal->count; i++)
			if (journal->entries[i].kind == kind &&
			    journal->entries[i].token == token &&
			    counts(played, node, writer, &journal->entries[i]))
				return true;
	}
	return false;
}

static bool has_ended(const struct lease_played *played, uint32_t node,
		      const struct owned *owned)
{
	const struct world_node *me = &played->world.nodes[node];

	if (owned->node == node)
		return owned->generation != me->board.generation;
	return lease_peer_has_ended(&me->lease.peers[owned->node],
				    owned->generation);
}

bool played_is_free(const struct lease_played *played, uint32_t node,
		    const struct owned *owned, uint64_t epoch)
{
	return owned->token == 0 || has_ended(played, node, owned) ||
	       is_told(played, node, ENTRY_RELEASED, owned->token) ||
	       (owned->token >> 32 < epoch &&
		!is_told(played, node, ENTRY_HELD, owned->token));
}

/* A new leader reads all journals: who was given what, last? */
void played_read_all(struct lease_played *played, uint32_t node)
{
	struct played_node *me = &played->nodes[node];

	memset(me->owned, 0, sizeof(me->owned));
	for (uint32_t writer = 0; writer < played->world.nodes_count; writer++)
		for (uint32_t i = 0; i < played->journals[writer].count; i++) {
			const struct entry *e =
				&played->journals[writer].entries[i];
			struct owned *owned = &me->owned[e->unit];

			if (counts(played, node, writer, e) &&
			    e->token > owned->token)
				*owned = (struct owned){ e->token, e->to,
							 e->to_generation };
		}
	for (uint32_t unit = 0; unit < PLAYED_UNITS; unit++)
		if (played_is_free(played, node, &me->owned[unit],
				   played->world.nodes[node].board.claim))
			me->owned[unit].token = 0;
}

uint64_t played_highest(const struct lease_played *played)
{
	uint64_t highest = 0;

	for (uint32_t node = 0; node < played->world.nodes_count; node++)
		for (uint32_t i = 0; i < played->journals[node].count; i++) {
			const struct entry *e =
				&played->journals[node].entries[i];

			if (e->landed && e->token >> 32 > highest)
				highest = e->token >> 32;
		}
	return highest;
}
