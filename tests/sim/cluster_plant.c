/* cluster_plant - what each rule, left out, makes of a node. */
#include "tests/sim/cluster_world.h"

#define IMPATIENT_MS 300

/* All that is there, synced or not, is taken for what counts. */
static void read_past_end(struct cluster *cluster, uint32_t node)
{
	struct board_cluster *board = &cluster->nodes[node].board->cluster;
	struct cluster_peer peer;

	for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
		const struct sim_node *other = &cluster->nodes[i];

		if (i == node || !other->journals ||
		    other->journal.number == 0 ||
		    !cluster_peer(board, i, &peer) ||
		    peer.generation != other->journal.segment_generation)
			continue;
		peer.end.segment = other->journal.number;
		peer.end.offset = other->journal.written;
		cluster_set_peer(board, i, &peer);
	}
}

static void withdraw(struct cluster *cluster, uint32_t node)
{
	struct ledger *ledger = cluster->nodes[node].ledger;
	int64_t now_ms = sim_now(cluster, node).wall_ms;

	for (unsigned i = 0; ledger->leads && i < ledger->singles_high; i++) {
		struct single *kept = &ledger->singles[i].kept;

		if (kept->held && !kept->accepted &&
		    now_ms - kept->began_ms > IMPATIENT_MS)
			kept->held = false;
	}
}

static void take_any_generation(struct cluster *cluster, uint32_t node)
{
	struct ledger *ledger = cluster->nodes[node].ledger;

	for (unsigned i = 0; i < ledger->singles_high; i++) {
		struct single *kept = &ledger->singles[i].kept;

		if (kept->held && !kept->accepted &&
		    strcmp(kept->node, sim_node_name(node)) == 0)
			kept->generation = ledger->generation;
	}
}

void sim_plant_turn(struct cluster *cluster, uint32_t node)
{
	cluster->nodes[node].turned = world_clock(&cluster->world, node);
	if (cluster->plant == SIM_PAST_END)
		read_past_end(cluster, node);
	else if (cluster->plant == SIM_WITHDRAWS)
		withdraw(cluster, node);
	else if (cluster->plant == SIM_NO_GENERATION)
		take_any_generation(cluster, node);
}

void sim_plant_lead(struct cluster *cluster, uint32_t node)
{
	struct ledger *ledger = cluster->nodes[node].ledger;

	if (cluster->plant == SIM_ONE_LOOK)
		ledger->wishes = false;
	if (cluster->plant == SIM_STALE_SEIZE)
		for (uint32_t i = 0; i < ledger->nodes_count; i++)
			ledger->nodes[i].settled = ledger->nodes[i].ended;
}

void sim_plant_promise(struct cluster *cluster, uint32_t node)
{
	struct lease *lease = &cluster->world.nodes[node].lease;

	if (cluster->plant == SIM_IN_FLIGHT && lease_wish(lease) != 0)
		lease_promise(lease, lease_wish(lease), &lease->kept.end);
}

uint64_t sim_plant_wish(struct cluster *cluster, uint32_t node)
{
	const struct lease *lease = &cluster->world.nodes[node].lease;
	struct cluster_promise promise;

	/* It was promised for the journal role, who is told afterwards. */
	if (cluster->plant == SIM_IN_FLIGHT &&
	    cluster_promise(&cluster->nodes[node].board->cluster, &promise) &&
	    promise.generation == lease->kept.generation &&
	    promise.epoch < lease->kept.promised)
		return lease->kept.promised;
	return lease_wish(lease);
}
