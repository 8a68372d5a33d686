/* ledger_spread - which node of a cluster runs a job.
 *
 * The leader gives a job to the node it was asked of when that has a worker
 * free, else to the one with the smallest share of its workers busy.  What no
 * node has room for waits here, in one line, and so goes to whoever becomes
 * free first.  More than there are workers are given away only of a type whose
 * jobs are over in a moment, so that no worker stands idle while a sync is
 * under way; of others a job might wait behind a long one beside an idle node.
 */
#include <stdlib.h>
#include <string.h>

#include "core/place.h"
#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

#define BRIEF_MS    1000 /* jobs that take no longer may wait on their node */
#define DECLINED_MS 500	 /* so long one that declined is asked no more */
#define SHARE	    1000 /* of a node's workers: all of them */

static bool is_open(const struct ledger *ledger, const struct ledger_node *node,
		    struct ledger_now now)
{
	return node->member && !node->draining && node->limits != NULL &&
	       node->offered == node->generation &&
	       !(node->self && ledger_is_leaving(ledger)) &&
	       (node->declined_ms == 0 ||
		now.ms - node->declined_ms >= DECLINED_MS);
}

static uint32_t capacity(const struct ledger *ledger,
			 const struct ledger_node *node, uint32_t type)
{
	bool brief = type < CONFIG_UNITS_MAX && ledger->took_ms[type] > 0 &&
		     ledger->took_ms[type] <= BRIEF_MS;

	return brief ? 2 * node->workers : node->workers;
}

static bool has_room(const struct ledger *ledger,
		     const struct ledger_node *node, uint32_t type,
		     struct ledger_now now)
{
	return is_open(ledger, node, now) &&
	       node->running[type] < node->limits[type] &&
	       node->given < capacity(ledger, node, type);
}

static void close_types(struct ledger *ledger, struct ledger_now now)
{
	uint32_t high = (uint32_t)CONFIG_UNITS_MAX + ledger->foreign_count;

	for (uint32_t type = 0; type < high; type++) {
		struct queue_type *at = &ledger->queue->types[type];

		if (at->waiting == 0)
			continue;
		at->closed = true;
		for (uint32_t i = 0; at->closed && i < ledger->nodes_count; i++)
			at->closed =
				!has_room(ledger, &ledger->nodes[i], type, now);
	}
}

/* The node that has ENTRY, NULL when none is known. */
static struct ledger_node *node_of(struct ledger *ledger,
				   struct queue_entry *entry)
{
	struct ledger_node *node;
	struct job job;

	if (entry->node < ledger->nodes_count)
		return &ledger->nodes[entry->node];
	if (ledger_load(ledger, entry->id, &job) != 0)
		return NULL;
	node = ledger_node_of(ledger, job.node);
	if (node != NULL)
		entry->node = (uint16_t)(node - ledger->nodes);
	return node;
}

static void count_given(struct ledger *ledger)
{
	struct queue_entry *entry = NULL;

	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		node->given = 0;
		if (node->running != NULL)
			memset(node->running, 0,
			       sizeof(*node->running) * QUEUE_TYPES_MAX);
	}
	while ((entry = queue_each_given(ledger->queue, entry)) != NULL) {
		struct ledger_node *node = node_of(ledger, entry);

		if (node == NULL)
			continue;
		node->given++;
		if (node->running != NULL && entry->type < QUEUE_TYPES_MAX)
			node->running[entry->type]++;
	}
}

bool ledger_spread_begin(struct ledger *ledger, struct ledger_now now)
{
	/* Who is yet to say what it offers gets its share of what does not fit
	 * on the others. */
	if (ledger->queue->waiting == 0)
		return false;
	count_given(ledger);
	close_types(ledger, now);
	return true;
}

static bool is_better(const struct ledger_node *node,
		      const struct ledger_node *best, struct text id)
{
	uint64_t share = (uint64_t)node->given * SHARE / node->workers;
	uint64_t least = (uint64_t)best->given * SHARE / best->workers;

	if (share != least)
		return share < least;
	return place_hash(id, text_of(node->name)) >
	       place_hash(id, text_of(best->name));
}

struct ledger_node *ledger_spread(struct ledger *ledger, uint32_t type,
				  const struct job *job, struct ledger_now now)
{
	struct ledger_node *best = ledger_node_of(ledger, job->origin);

	if (best != NULL && (!has_room(ledger, best, type, now) ||
			     best->given >= best->workers))
		best = NULL;
	for (uint32_t i = 0; best == NULL && i < ledger->nodes_count; i++)
		if (has_room(ledger, &ledger->nodes[i], type, now))
			best = &ledger->nodes[i];
	if (best == NULL ||
	    (job->origin.len > 0 && text_is(job->origin, best->name)))
		return best;
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (has_room(ledger, &ledger->nodes[i], type, now) &&
		    is_better(&ledger->nodes[i], best, text_of(job->id)))
			best = &ledger->nodes[i];
	return best;
}

void ledger_spread_note(struct ledger *ledger, struct queue_entry *entry,
			struct ledger_node *node, struct ledger_now now)
{
	entry->node = (uint16_t)(node - ledger->nodes);
	entry->given_ms = now.ms;
	node->given++;
	node->running[entry->type]++;
	close_types(ledger, now);
}

/* ---- the other side ---- */

static bool is_offered(const struct ledger *ledger, const struct job *job)
{
	const struct unit *unit = ledger_unit(ledger, job);

	return unit != NULL && unit->enabled && !ledger_is_leaving(ledger);
}

/* Takes what was assigned to this life of this node, or declines it.  False:
 * there is no room for more in this batch.
 */
static bool accept(struct ledger *ledger, struct queue_entry *entry,
		   struct ledger_now now)
{
	struct job job;

	if (!ledger_has_room(ledger) ||
	    ledger->given_count == LEDGER_GIVEN_MAX ||
	    ledger_load(ledger, entry->id, &job) != 0)
		return false;
	if (!ledger_job_is_mine(ledger, &job))
		return true;
	job.version.step++;
	job.updated_ms = now.wall_ms;
	if (is_offered(ledger, &job)) {
		job.assigned = false;
		if (ledger_store(ledger, &job, true) != 0)
			return false;
		entry->assigned = false;
		entry->synced_ms = now.ms;
		ledger->given[ledger->given_count++] =
			(struct ledger_given){ .entry = entry,
					       .token = job.held };
		return true;
	}
	log_info("journal: declines job=%s", job.id);
	ledger_withdraw(&job);
	if (ledger_store(ledger, &job, true) != 0)
		return false;
	queue_return(ledger->queue, entry, now.wall_ms, 0);
	return true;
}

void ledger_accept_jobs(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry;
	struct queue_entry *next;

	if (!ledger->assigned || !ledger->in || !ledger_holds(ledger) ||
	    ledger_begin(ledger) != 0)
		return;
	for (entry = queue_each_given(ledger->queue, NULL); entry != NULL;
	     entry = next) {
		next = queue_each_given(ledger->queue, entry);
		/* Nothing under an older epoch than the one promised. */
		if (entry->assigned &&
		    token_epoch(entry->token) >= ledger->epoch &&
		    !accept(ledger, entry, now))
			return;
	}
	ledger->assigned = false;
}

void ledger_jobs_judge(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry = NULL;

	if (!ledger->in_cluster || !ledger->leads)
		return;
	while ((entry = queue_each_given(ledger->queue, entry)) != NULL) {
		if (!entry->assigned ||
		    token_epoch(entry->token) != ledger->epoch ||
		    now.ms - entry->given_ms < ledger_patience_ms(ledger))
			continue;
		log_warn(0,
			 "journal: nobody takes job=%s, a new epoch is needed",
			 entry->id);
		ledger_resign(ledger);
		return;
	}
}
