/* ledger_lead - begins to lead, and takes back what ended generations held. */
#include <errno.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

/* Will the GENERATION of the node NAME never end, or release, what it has?  Who
 * was GIVEN it, if not 0, under an older epoch has told by now that it accepted
 * it, unless the slot shows an earlier generation: then that is not read yet.
 */
static bool is_lost(struct ledger *ledger, struct text name,
		    uint64_t generation, uint64_t given)
{
	const struct ledger_node *node = ledger_node_of(ledger, name);

	return node == NULL || generation <= node->ended ||
	       (given != 0 && token_epoch(given) < ledger->epoch &&
		generation <= node->generation);
}

static void take_back_singles(struct ledger *ledger, struct ledger_now now)
{
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		struct ledger_single *single = &ledger->singles[i];
		const struct single *kept = &single->kept;

		if (!single->used || !kept->held || single->slot != QUEUE_NONE)
			continue;
		if (is_lost(ledger, text_of(kept->node), kept->generation,
			    kept->accepted ? 0 : kept->token))
			ledger_single_take_back(ledger, single, now);
	}
}

static void take_back_jobs(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry;
	struct queue_entry *next;
	struct job job;

	for (entry = queue_each_given(ledger->queue, NULL); entry != NULL;
	     entry = next) {
		next = queue_each_given(ledger->queue, entry);
		if (entry->slot == QUEUE_NONE &&
		    ledger_load(ledger, entry->id, &job) == 0 &&
		    is_lost(ledger, job.node, job.generation,
			    job.assigned ? job.held : 0))
			ledger_take_back(ledger, entry, now);
	}
}

static bool has_read_all(const struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		/* Of the ended all there is will be read. */
		if (ledger->nodes[i].name[0] != '\0' &&
		    !ledger->nodes[i].self && ledger->nodes[i].behind &&
		    ledger->nodes[i].generation > ledger->nodes[i].ended)
			return false;
	return true;
}

void ledger_resign(struct ledger *ledger)
{
	if (!ledger->leads)
		return;
	ledger->leads = false;
	atomic_store(&ledger->world.board->cluster.leads, 0);
	log_info("journal: leads no more epoch=%u", ledger->epoch);
	ledger->world.ops->tell(ledger->world.arg);
	ledger->world.ops->news(ledger->world.arg);
}

bool ledger_lead(struct ledger *ledger, uint64_t claim, struct ledger_now now)
{
	int rc;

	/* Once more, after the barrier: what they show with the epoch. */
	ledger_follow(ledger, now);
	if (!ledger->open || !has_read_all(ledger))
		return false;
	ledger->leads = true;
	ledger->led_ms = now.ms;
	ledger->asks = true; /* of us, before */
	ledger->wishes_due = true;
	ledger->heard = ledger->epoch;
	ledger->spent = claim;
	ledger->counter = 0;
	ledger->orphans = true; /* as long as it isn't known */
	rc = ledger_settle_ended(ledger, claim, now);
	if (rc >= 0) {
		ledger->orphans = false;
		take_back_singles(ledger, now);
		take_back_jobs(ledger, now);
		/* The first thing under the epoch, so that who reads it knows
		 * of it. */
		ledger->fresh = false;
		rc = ledger_begin(ledger);
	}
	if (rc >= 0)
		rc = ledger_commit(ledger, now);
	if (rc < 0 || !ledger->open) {
		log_err(rc, "journal: cannot lead epoch=%u", ledger->epoch);
		ledger->leads = false;
		ledger->open = false;
		if (rc != -ECANCELED)
			ledger_step_aside(ledger, now);
		return false;
	}
	atomic_store(&ledger->world.board->cluster.leads, claim);
	log_info("journal: leads epoch=%u kept=%llu live=%u", ledger->epoch,
		 (unsigned long long)ledger->kept, ledger->queue->count);
	events_add(ledger->world.board, EVENT_LEADS, ledger->world.place.node,
		   "under epoch %u", ledger->epoch);
	ledger->world.ops->tell(ledger->world.arg);
	ledger->world.ops->news(ledger->world.arg);
	return true;
}

/* What a node that is gone left is ours by now. */
static void forget(struct ledger *ledger, struct ledger_now now)
{
	struct shared *shared = ledger->world.journal->shared;

	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (node->name[0] == '\0' || node->self || node->forgotten ||
		    node->generation > node->settled ||
		    now.ms - node->changed_ms < LEDGER_FORGET_MS ||
		    shared->ops->forget == NULL || ledger->in_batch)
			continue;
		node->forgotten = true;
		if (shared->ops->forget(shared, node->name) == 0)
			log_info("journal: removed the journal of node=%s, "
				 "which is gone",
				 node->name);
	}
}

/* Who stood still with its clocks may say so when its past was read already. */
void ledger_note_orphan(struct ledger *ledger, struct text name,
			uint64_t generation, uint64_t given)
{
	if (ledger->leads &&
	    (ledger_has_ended(ledger, name, generation) ||
	     (given != 0 && token_epoch(given) < ledger->epoch)))
		ledger->orphans = true;
}

void ledger_lead_turn(struct ledger *ledger, struct ledger_now now)
{
	int rc;

	if (!ledger->in_cluster || !ledger->leads)
		return;
	forget(ledger, now);
	/* Somebody has decided above us: this machine stood still meanwhile. */
	rc = ledger->decided > ledger->epoch
		     ? -ESTALE
		     : ledger_settle_ended(ledger, (uint64_t)ledger->epoch + 1,
					   now);
	if (rc > 0 || (rc == 0 && ledger->orphans)) {
		ledger->orphans = false;
		take_back_singles(ledger, now);
		take_back_jobs(ledger, now);
	} else if (rc < 0) {
		log_err(rc, "journal: cannot read what is left of a node, "
			    "leads no more");
		ledger_resign(ledger);
		ledger->open = false;
	}
}
