/* cluster_net - heartbeats: what a node shows in its slot reaches the others
 * sooner, or late, twice, out of order, or not at all.
 */
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

struct datagram_of {
	uint64_t incarnation;
	struct datagram_place place;
	uint32_t flags;
};

static uint64_t hash_of(const struct datagram_of *datagram)
{
	return board_hash((const char *)datagram, sizeof(*datagram));
}

static void compose(struct cluster *cluster, uint32_t node,
		    struct datagram_of *datagram)
{
	struct sim_node *me = &cluster->nodes[node];
	const struct board_cluster *board = &me->board->cluster;
	struct cluster_lease lease;
	struct cluster_promise promise;

	memset(datagram, 0, sizeof(*datagram));
	datagram->incarnation = me->incarnation;
	if (!cluster_lease(board, &lease))
		return;
	datagram->place.present = true;
	datagram->place.slot = lease.slot;
	datagram->place.generation = lease.kept.generation;
	datagram->place.epoch = (uint32_t)lease.shown.epoch;
	datagram->flags = lease.shown.flags;
	/* What was promised counts, whether or not the slot shows it yet. */
	if (cluster_promise(board, &promise) &&
	    promise.generation == lease.kept.generation) {
		datagram->place.segment = promise.end.segment;
		datagram->place.offset = promise.end.offset;
	}
}

/* The place of PEER in what NODE heard: itself is the first. */
static uint32_t index_of(uint32_t node, uint32_t peer)
{
	return peer < node ? peer + 1 : peer;
}

static void send(struct cluster *cluster, uint32_t from, uint32_t to,
		 const struct datagram_of *datagram)
{
	struct lease_world *world = &cluster->world;
	int64_t us = 100 + world_below(world, 2 * MS);
	struct event *event;

	if (cluster->nodes[to].cut_from[from] ||
	    rng_once_in(&world->rng, cluster->loss))
		return;
	if (!sim_is_calm(cluster) && rng_once_in(&world->rng, 20))
		us += world_below(world, 500 * MS);
	event = world_post(world, us, SIM_DATAGRAM, to);
	event->slot = from;
	memcpy(event->data, datagram, sizeof(*datagram));
}

void sim_net_tell(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];
	struct datagram_of datagram;

	if (cluster->no_net || me->down)
		return;
	compose(cluster, node, &datagram);
	if (hash_of(&datagram) == me->told_hash)
		return;
	me->told_hash = hash_of(&datagram);
	for (uint32_t to = 0; to < cluster->world.nodes_count; to++) {
		if (to == node)
			continue;
		send(cluster, node, to, &datagram);
		if (!sim_is_calm(cluster) &&
		    rng_once_in(&cluster->world.rng, 30))
			send(cluster, node, to, &datagram);
	}
}

void sim_net_arrives(struct cluster *cluster, const struct event *event)
{
	struct sim_node *me = &cluster->nodes[event->node];
	struct datagram_of datagram;
	struct cluster_heard heard = { .heard = true, .proven = true };

	if (me->down || !me->supervised)
		return;
	memcpy(&datagram, event->data, sizeof(datagram));
	text_copy(text_of(sim_node_name(event->slot)), heard.name,
		  sizeof(heard.name));
	heard.incarnation = datagram.incarnation;
	heard.place = datagram.place;
	heard.heard_ms = sim_now(cluster, event->node).ms;
	heard.since_ms = heard.heard_ms;
	cluster_set_heard(&me->board->cluster,
			  index_of(event->node, event->slot), &heard);
	lease_hint(&cluster->world.nodes[event->node].lease);
	role_ring(&cluster->world, event->node,
		  world_below(&cluster->world, MS));
	sim_journal_ring(cluster, event->node);
}

void sim_net_reset(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];
	struct cluster_heard heard = { .heard = true, .proven = true };

	me->incarnation = rng_next(&cluster->world.rng) | 1;
	me->told_hash = 0;
	text_copy(text_of(sim_node_name(node)), heard.name, sizeof(heard.name));
	cluster_set_heard(&me->board->cluster, 0, &heard);
	heard.heard = heard.proven = false;
	for (uint32_t peer = 0; peer < cluster->world.nodes_count; peer++) {
		if (peer == node)
			continue;
		text_copy(text_of(sim_node_name(peer)), heard.name,
			  sizeof(heard.name));
		cluster_set_heard(&me->board->cluster, index_of(node, peer),
				  &heard);
	}
	atomic_store(&me->board->cluster.nodes, cluster->world.nodes_count);
}
