/* cluster_plant - what each rule, left out, makes of a node. */
#include "roles/ledger_parts.h"
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

/* Of jobs given to NODE or, OTHERS, to other nodes: that of another generation
 * is its own; what others accepted they did not.
 */
static void change_jobs(struct cluster *cluster, uint32_t node, bool others)
{
	struct ledger *ledger = cluster->nodes[node].ledger;
	struct queue_entry *entry = NULL;
	struct view *view = ledger->world.view;
	struct view_job known;
	struct view_job kept;
	struct job job;

	while ((entry = queue_each_given(ledger->queue, entry)) != NULL) {
		if (ledger_load(ledger, entry->id, &job) != 0 ||
		    text_is(job.node, sim_node_name(node)) == others)
			continue;
		if (others)
			job.assigned = true;
		else if (job.assigned)
			job.generation = ledger->generation;
		if (view->ops->get(view, job.id, &known) == 0 &&
		    ledger_encode_under(ledger, &job, &known, &kept) == 0)
			(void)ledger_put(ledger, job.id, &kept);
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
	else if (cluster->plant == SIM_ANY_LIFE)
		change_jobs(cluster, node, false);
	else if (cluster->plant == SIM_TAKES_ALL &&
		 !cluster->nodes[node].ledger->leads)
		change_jobs(cluster, node, true);
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
