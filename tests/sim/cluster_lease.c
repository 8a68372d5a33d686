/* cluster_lease - how a lease role and its board meet, turn by turn, as
 * io/board_cluster.h says.
 */
#include "tests/sim/cluster_world.h"

static struct board_cluster *board_of(struct lease_world *world, uint32_t node)
{
	return &cluster_of(world)->nodes[node].board->cluster;
}

/* The work of an older generation of this board may still be there. */
static void show_lease(struct lease_world *world, uint32_t node)
{
	struct world_node *host = &world->nodes[node];
	struct cluster_lease lease = {
		.slot = node,
		.file_id = host->lease.setup.file_id,
		.number = host->lease.setup.number,
		.kept = host->lease.kept,
		.shown = host->lease.shown,
	};

	cluster_set_lease(board_of(world, node), &lease);
}

static bool is_same(const struct cluster_peer *a, const struct cluster_peer *b)
{
	return a->verdict == b->verdict && a->flags == b->flags &&
	       a->number == b->number && a->generation == b->generation &&
	       a->ended == b->ended && a->epoch == b->epoch &&
	       a->end.segment == b->end.segment &&
	       a->end.offset == b->end.offset;
}

/* True when it shows something else than before. */
static bool show_peer(struct lease_world *world, uint32_t node, uint32_t slot)
{
	const struct lease *lease = &world->nodes[node].lease;
	const struct lease_peer *peer = &lease->peers[slot];
	const struct lease_record *record = &peer->slot.record;
	struct cluster_peer before = { 0 };
	struct cluster_peer shown = {
		.verdict = peer->verdict,
		.ended = peer->ended,
	};
	bool had = cluster_peer(board_of(world, node), slot, &before);

	if (peer->slot.has_record) {
		shown.flags = record->flags;
		shown.number = record->number;
		shown.generation = record->generation;
		shown.epoch = record->epoch;
		shown.end = record->end;
		shown.incarnation = record->incarnation;
		memcpy(shown.name, record->name, sizeof(shown.name));
	}
	if (had && is_same(&before, &shown))
		return false;
	shown.changed_ms = peer->changed.boot_us / 1000;
	cluster_set_peer(board_of(world, node), slot, &shown);
	return true;
}

static bool set(_Atomic uint64_t *at, uint64_t value)
{
	return atomic_exchange(at, value) != value;
}

void sim_lease_shows(struct lease_world *world, uint32_t node)
{
	struct cluster *cluster = cluster_of(world);
	struct board_cluster *board = board_of(world, node);
	struct world_node *host = &world->nodes[node];
	struct cluster_lease before = { 0 };
	bool changed;

	(void)cluster_lease(board, &before);
	changed = set(&board->wish, sim_plant_wish(cluster, node)) ||
		  before.kept.standing != host->lease.kept.standing ||
		  before.kept.generation != host->lease.kept.generation ||
		  before.kept.in != host->lease.kept.in ||
		  before.kept.over != host->lease.kept.over ||
		  before.kept.claim != host->lease.kept.claim;
	show_lease(world, node);
	for (uint32_t i = 0; i < world->terms.slots; i++)
		changed = show_peer(world, node, i) || changed;
	(void)set(&board->highest, host->lease.highest);
	atomic_store(&board->phase, host->lease.phase);
	atomic_store(&board->reason, host->lease.reason);
	atomic_store(&board->in_use, world->nodes_count);
	if (changed) {
		sim_journal_ring(cluster, node);
		sim_supervisor_ring(cluster, node);
	}
	sim_net_tell(cluster, node);
}

/* What the journal role has promised, for this generation. */
static void take_promise(struct lease_world *world, uint32_t node)
{
	struct lease *lease = &world->nodes[node].lease;
	struct cluster_promise promise;

	if (!cluster_promise(board_of(world, node), &promise) ||
	    promise.generation != lease->kept.generation)
		return;
	if (promise.epoch > lease->kept.promised)
		lease_promise(lease, promise.epoch, &promise.end);
	else
		lease_tell_end(lease, &promise.end);
}

void sim_lease_step(struct lease_world *world, uint32_t node)
{
	struct board_cluster *board = board_of(world, node);
	struct world_node *host = &world->nodes[node];
	struct lease *lease = &host->lease;
	uint64_t leads = atomic_load(&board->leads);
	uint64_t saw = atomic_load(&board->saw);
	bool stands = atomic_load(&board->stand) != 0 && !host->stopping;

	if (atomic_load(&board->leaving) != 0)
		host->stopping = true;
	take_promise(world, node);
	sim_plant_promise(cluster_of(world), node);
	lease_stand(lease, stands);
	if (lease->standing == LEASE_PASSED && leads != 0 &&
	    leads == lease->kept.claim) {
		world_check_barrier(world, node);
		cluster_of(world)->leads++;
		world_say(world, node, "leads under %llu",
			  (unsigned long long)leads);
		lease_lead(lease);
	} else if (lease->standing == LEASE_LEADS &&
		   leads != lease->kept.claim) {
		world_say(world, node, "resigns");
		lease_resign(lease);
	}
	if (lease->phase == LEASE_PHASE_IN &&
	    atomic_load(&board->dead) >= lease->kept.generation)
		lease_release(lease);
	if (saw > lease->highest && world->plant != PLANT_EPOCH_NOT_ABOVE_OWN)
		lease_saw_epoch(lease, saw);
}

void sim_lease_starts(struct lease_world *world, uint32_t node, bool anew)
{
	(void)anew;
	take_promise(world, node);
	show_lease(world, node);
}
