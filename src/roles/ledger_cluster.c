#include "roles/ledger_cluster.h"

#include <errno.h>

#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

#define CLUSTER_AGAIN_MS 20 /* between two tries to read what is shown */
#define PASSED_LEASES	 2  /* so long it tries to lead */
#define ASIDE_LEASES	 4  /* then it leaves that to others */

bool ledger_holds(const struct ledger *ledger)
{
	struct lease_time now;

	if (!ledger->in_cluster)
		return true;
	now = ledger->world.ops->clock(ledger->world.arg);
	return cluster_holds(&ledger->world.board->cluster, ledger->generation,
			     &now);
}

/* Has a leader read all that ended generations left, theirs and ours? */
static bool is_settled(const struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (ledger->nodes[i].name[0] != '\0' &&
		    !ledger->nodes[i].missed &&
		    ledger->nodes[i].settled < ledger->nodes[i].ended)
			return false;
	return true;
}

bool ledger_may_take(struct ledger *ledger)
{
	if (!ledger->in_cluster)
		return true;
	return ledger->in && !ledger->waits &&
	       ledger_node_of(ledger, text_of(ledger->world.place.node)) !=
		       NULL &&
	       is_settled(ledger) && ledger_holds(ledger);
}

void ledger_give_up(struct ledger *ledger)
{
	struct board_cluster *cluster = &ledger->world.board->cluster;

	ledger->open = false;
	if (!ledger->in_cluster ||
	    atomic_load(&cluster->ended) >= ledger->generation)
		return;
	atomic_store(&cluster->ended, ledger->generation);
	log_err(0, "journal: the others have counted generation=%llu dead",
		(unsigned long long)ledger->generation);
	ledger->world.ops->ring(ledger->world.arg, false, true);
	ledger->world.ops->tell(ledger->world.arg);
}

void ledger_tell_end(struct ledger *ledger)
{
	const struct cluster_promise promise = {
		.generation = ledger->generation,
		.epoch = ledger->epoch,
		.end = journal_end(ledger->world.journal),
	};

	cluster_set_promise(&ledger->world.board->cluster, &promise);
	ledger->world.ops->tell(ledger->world.arg);
}

/* All that was begun is synced, or nobody will ever finish it. */
static bool may_promise(const struct ledger *ledger)
{
	return !ledger->in_batch && ledger->fresh && ledger->storage == 0;
}

static void promise(struct ledger *ledger)
{
	uint64_t wish = atomic_load(&ledger->world.board->cluster.wish);

	if (wish <= ledger->epoch || wish > UINT32_MAX || !may_promise(ledger))
		return;
	ledger_resign(ledger);
	ledger->epoch = (uint32_t)wish;
	log_debug("journal: promises epoch=%u", ledger->epoch);
	ledger_tell_end(ledger);
}

static int64_t lease_ms(const struct ledger *ledger)
{
	return ledger->world.board->cluster.terms.lease_ms;
}

/* Who cannot append, or is about to go, is no leader. */
static bool is_willing(const struct ledger *ledger, struct ledger_now now)
{
	return !ledger_is_leaving(ledger) && now.ms >= ledger->aside_ms &&
	       (ledger->failing_ms == 0 ||
		now.ms - ledger->failing_ms < lease_ms(ledger));
}

static void note_storage(struct ledger *ledger, struct ledger_now now)
{
	if (ledger->storage == 0)
		ledger->failing_ms = 0;
	else if (ledger->failing_ms == 0)
		ledger->failing_ms = now.ms;
}

/* It stands for a claim that is spent: the lease role is to give that up. */
static bool is_spent(const struct ledger *ledger,
		     const struct cluster_lease *lease)
{
	return !ledger->leads && lease->kept.standing != LEASE_FOLLOWS &&
	       lease->kept.claim <= ledger->spent;
}

static void stand(struct ledger *ledger, const struct cluster_lease *lease,
		  struct ledger_now now)
{
	struct board_cluster *cluster = &ledger->world.board->cluster;
	uint32_t willing = is_willing(ledger, now) && !is_spent(ledger, lease);

	if (atomic_load(&cluster->stand) == willing)
		return;
	atomic_store(&cluster->stand, willing);
	if (willing == 0)
		ledger_resign(ledger);
	ledger->world.ops->tell(ledger->world.arg);
}

void ledger_step_aside(struct ledger *ledger, struct ledger_now now)
{
	ledger->passed_ms = 0;
	ledger->aside_ms = now.ms + ASIDE_LEASES * lease_ms(ledger);
}

void ledger_begin_aside(struct ledger *ledger, struct ledger_now now)
{
	if (!ledger->in_cluster)
		return;
	ledger_step_aside(ledger, now);
	atomic_store(&ledger->world.board->cluster.stand, 0);
}

/* Who passed the barrier and cannot read what the others show keeps those from
 * leading who perhaps can.
 */
static void judge_patience(struct ledger *ledger, bool passed,
			   struct ledger_now now)
{
	if (!passed || ledger->leads)
		ledger->passed_ms = 0;
	else if (ledger->passed_ms == 0)
		ledger->passed_ms = now.ms;
	else if (now.ms - ledger->passed_ms >=
		 PASSED_LEASES * lease_ms(ledger)) {
		log_err(0, "journal: cannot read what others wrote, lets them "
			   "lead");
		ledger_step_aside(ledger, now);
	}
}

static void look_at_standing(struct ledger *ledger,
			     const struct cluster_lease *lease,
			     struct ledger_now now)
{
	bool passed = lease->kept.standing >= LEASE_PASSED &&
		      lease->kept.claim == ledger->epoch;

	if (ledger->leads && !passed)
		ledger_resign(ledger);
	else if (!ledger->leads && passed &&
		 lease->kept.claim > ledger->spent &&
		 atomic_load(&ledger->world.board->cluster.stand) != 0 &&
		 !ledger->in_batch && ledger->storage == 0)
		(void)ledger_lead(ledger, lease->kept.claim, now);
	if (ledger->open)
		judge_patience(ledger, passed, now);
}

static void tell_saw(struct ledger *ledger)
{
	struct board_cluster *cluster = &ledger->world.board->cluster;

	if (atomic_load(&cluster->saw) >= ledger->saw)
		return;
	atomic_store(&cluster->saw, ledger->saw);
	ledger->world.ops->tell(ledger->world.arg);
}

void ledger_cluster_turn(struct ledger *ledger, struct ledger_now now)
{
	struct cluster_lease lease;

	if (!ledger->in_cluster || !ledger->open)
		return;
	if (!cluster_lease(&ledger->world.board->cluster, &lease) ||
	    lease.kept.generation != ledger->generation || lease.kept.over ||
	    (ledger->in && !ledger_holds(ledger))) {
		log_info("journal: generation=%llu is over",
			 (unsigned long long)ledger->generation);
		ledger_resign(ledger);
		ledger->open = false;
		return;
	}
	ledger->in = lease.kept.in;
	note_storage(ledger, now);
	tell_saw(ledger);
	ledger_drop_segments(ledger, &lease.shown.end);
	promise(ledger);
	if (!ledger->in)
		return;
	stand(ledger, &lease, now);
	look_at_standing(ledger, &lease, now);
}

int64_t ledger_cluster_deadline(const struct ledger *ledger,
				struct ledger_now now)
{
	int64_t deadline = INT64_MAX;

	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		if (ledger->nodes[i].more)
			return now.ms;
		if (ledger->nodes[i].behind)
			deadline = now.ms + CLUSTER_AGAIN_MS;
	}
	return deadline;
}

/* Its lease has run out, and the lease role stands still: whatever is written
 * now counts for nobody, and leaves a segment behind.
 */
static bool has_run_out(const struct ledger *ledger,
			const struct lease_kept *kept)
{
	struct lease_time now = ledger->world.ops->clock(ledger->world.arg);

	return kept->in && !cluster_holds(&ledger->world.board->cluster,
					  kept->generation, &now);
}

int ledger_begin_generation(struct ledger *ledger)
{
	const struct board_cluster *cluster = &ledger->world.board->cluster;
	struct cluster_promise promise;
	struct cluster_lease lease;
	uint32_t phase = atomic_load(&cluster->phase);

	if (!cluster_lease(cluster, &lease) || lease.kept.generation == 0 ||
	    lease.kept.over || has_run_out(ledger, &lease.kept) ||
	    atomic_load(&cluster->ended) >= lease.kept.generation ||
	    (phase != LEASE_PHASE_JOINING && phase != LEASE_PHASE_IN))
		return -EAGAIN;
	ledger->generation = lease.kept.generation;
	ledger->own = lease.slot;
	ledger->world.journal->generation = ledger->generation;
	ledger->in = lease.kept.in;
	ledger->epoch = 0;
	if (cluster_promise(cluster, &promise) &&
	    promise.generation == ledger->generation)
		ledger->epoch = (uint32_t)promise.epoch;
	/* Whoever was here before us may have led under it. */
	ledger->spent = ledger->epoch;
	atomic_store(&ledger->world.board->cluster.leads, 0);
	return 0;
}
