#include "roles/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

int ledger_init(struct ledger *ledger, const struct ledger_world *world,
		const struct config *config)
{
	struct queue_entry *entries;

	/* The buffers behind stay untouched: an idle node saves their memory.
	 */
	memset(ledger, 0, offsetof(struct ledger, singles));
	ledger->world = *world;
	ledger->config = config;
	ledger->kept_max = LEDGER_KEPT_MAX;
	ledger->in_cluster = world->board->cluster.present;
	ledger->queue = malloc(sizeof(*ledger->queue));
	entries = calloc(LEDGER_QUEUE_MAX, sizeof(*entries));
	if (ledger->queue != NULL)
		ledger->queue->entries = entries;
	if (ledger->in_cluster) {
		ledger->nodes = calloc(LEASE_SLOTS_MAX, sizeof(*ledger->nodes));
		ledger->follow_buf = malloc(SEGMENT_BUFFER);
	}
	if (ledger->queue == NULL || entries == NULL ||
	    (ledger->in_cluster &&
	     (ledger->nodes == NULL || ledger->follow_buf == NULL))) {
		if (ledger->queue == NULL)
			free(entries);
		ledger_fini(ledger);
		return -ENOMEM;
	}
	queue_init(ledger->queue, entries, LEDGER_QUEUE_MAX);
	return 0;
}

void ledger_fini(struct ledger *ledger)
{
	if (ledger->queue != NULL)
		free(ledger->queue->entries);
	free(ledger->queue);
	ledger->queue = NULL;
	ledger_nodes_reset(ledger);
	free(ledger->nodes);
	free(ledger->follow_buf);
	ledger->nodes = NULL;
	ledger->follow_buf = NULL;
}

uint64_t ledger_token(struct ledger *ledger)
{
	assert(ledger->leads);
	/* 2^32 tokens in one epoch: more than any disk could sync. */
	ledger->counter++;
	return token_make(ledger->epoch, ledger->counter);
}

uint32_t ledger_type(const struct ledger *ledger, struct text type)
{
	const struct unit *unit =
		config_unit(ledger->config, UNIT_JOB, type.at, type.len);

	if (unit != NULL)
		return (uint32_t)(unit - ledger->config->units);
	for (unsigned i = 0; i < ledger->foreign_count; i++)
		if (text_is(type, ledger->foreign[i]))
			return CONFIG_UNITS_MAX + i;
	return QUEUE_NONE;
}

const struct unit *ledger_unit(const struct ledger *ledger,
			       const struct job *job)
{
	return config_unit(ledger->config, UNIT_JOB, job->type.at,
			   job->type.len);
}

bool ledger_has_room(const struct ledger *ledger)
{
	return ledger->storage == 0 &&
	       ledger->replies_count < LEDGER_BATCH_MAX &&
	       ledger->settled_count < BOARD_HOLDINGS_MAX &&
	       ledger->changes_count < LEDGER_CHANGES_MAX &&
	       /* A new batch makes room for itself. */
	       (!ledger->in_batch || ledger->full || !ledger->fresh ||
		journal_has_room(ledger->world.journal, 2 * RECORD_MAX));
}

void ledger_take(struct ledger *ledger, unsigned link,
		 const struct message *message, struct ledger_now now)
{
	if (ledger_begin(ledger) != 0)
		return;
	switch (message->kind) {
	case MESSAGE_SUBMIT:
		ledger_submit(ledger, link, message, now);
		break;
	case MESSAGE_CANCEL:
		ledger_cancel(ledger, link, message, now);
		break;
	case MESSAGE_FORGET:
		ledger_forget(ledger, link, message, now);
		break;
	case MESSAGE_STARTED:
		ledger_started(ledger, message, now);
		break;
	case MESSAGE_PROGRESS:
		ledger_progress(ledger, message, now);
		break;
	case MESSAGE_OUTCOME:
		ledger_outcome(ledger, message, now);
		break;
	case MESSAGE_UNIT:
		ledger_operator(ledger, link, message, now);
		break;
	case MESSAGE_REPLY:
		break;
	}
}

static void retype_all(struct ledger *ledger)
{
	struct queue_entry *entry = NULL;
	struct job job;

	while ((entry = queue_each(ledger->queue, entry)) != NULL)
		if (ledger_load(ledger, entry->id, &job) == 0)
			queue_retype(ledger->queue, entry,
				     ledger_type(ledger, job.type));
	ledger->asks = true; /* what it did not know before */
	ledger->retype = false;
}

/* As configured, and as TTIN and TTOU have changed that. */
static void set_workers(struct ledger *ledger)
{
	struct board *board = ledger->world.board;
	int64_t workers = (int64_t)ledger->config->workers +
			  atomic_load(&board->workers_delta);

	if (workers < 1)
		workers = 1;
	if (workers > CONFIG_WORKERS_MAX)
		workers = CONFIG_WORKERS_MAX;
	atomic_store(&board->workers, (uint64_t)workers);
}

void ledger_turn(struct ledger *ledger, struct ledger_now now)
{
	if (ledger->storage != 0)
		return;
	ledger_look_at_holdings(ledger, now);
	ledger_lead_turn(ledger, now);
	if (!ledger->open)
		return;
	set_workers(ledger);
	if (ledger->unheard && ledger_begin(ledger) == 0) {
		ledger->unheard = false;
		ledger_hear_offers(ledger);
	}
	if (ledger->retype && ledger_begin(ledger) == 0)
		retype_all(ledger);
	if (ledger->in_cluster && ledger->in)
		(void)ledger_offer(ledger);
	ledger_differ_show(ledger);
	if (ledger->leads && ledger->joined)
		ledger_rebalance(ledger);
	ledger_singles_turn(ledger, now);
	ledger_expire(ledger, now);
	ledger_look_at_segment(ledger, now);
	ledger_accept_jobs(ledger, now);
	ledger_wishes_turn(ledger, now);
	ledger_asked_turn(ledger, now);
	ledger_jobs_judge(ledger, now);
	if (ledger->leads)
		ledger_assign(ledger, now);
	ledger_gather_hints(ledger, now);
	/* What could not be shown at the end of an earlier batch is tried again
	 * at the end of this one, so there must be one. */
	if (ledger->given_count > 0)
		(void)ledger_begin(ledger);
}

void ledger_set_limits(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->config->units_count; i++) {
		const struct unit *unit = &ledger->config->units[i];
		uint32_t limit = unit->max_running;

		/* In a cluster each node has its own. */
		if (!ledger->in_cluster && unit->per_node != 0 &&
		    (limit == 0 || unit->per_node < limit))
			limit = unit->per_node;
		ledger->queue->types[i].limit = limit;
	}
	set_workers(ledger);
}

void ledger_reload(struct ledger *ledger, const struct config *config)
{
	ledger_carry_estimates(ledger, config);
	ledger->config = config;
	/* Types have other indices: what was offered is heard again. */
	ledger->foreign_count = 0;
	ledger->unheard = ledger->in_cluster;
	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		ledger->nodes[i].offered = 0;
		memset(ledger->nodes[i].differs, 0,
		       sizeof(ledger->nodes[i].differs));
	}
	retype_all(ledger);
	for (size_t i = 0; i < QUEUE_TYPES_MAX; i++)
		ledger->queue->types[i].limit = 0;
	ledger_set_limits(ledger);
	/* Who does not know what was asked of them must not run any. */
	if (ledger_singles_configure(ledger, config) != 0) {
		ledger->open = false;
		ledger->broken = true;
	}
}

int64_t ledger_deadline(struct ledger *ledger, struct ledger_now now)
{
	int64_t wall = queue_next_due(ledger->queue, now.wall_ms);
	int64_t deadline = INT64_MAX;

	if (ledger->storage != 0)
		return ledger->retry_ms;
	if (ledger->next_due_ms < wall)
		wall = ledger->next_due_ms;
	if (wall != INT64_MAX)
		deadline =
			now.ms + (wall > now.wall_ms ? wall - now.wall_ms : 0);
	if (ledger_singles_deadline(ledger, now) < deadline)
		deadline = ledger_singles_deadline(ledger, now);
	if (ledger_cluster_deadline(ledger, now) < deadline)
		deadline = ledger_cluster_deadline(ledger, now);
	if (ledger_hints_deadline(ledger) < deadline)
		deadline = ledger_hints_deadline(ledger);
	if (ledger->wishes && ledger->wishes_due &&
	    now.ms + LEDGER_AFTER_MS < deadline)
		deadline = now.ms + LEDGER_AFTER_MS;
	if (ledger->askers_count > 0 && ledger->askers[0].until_ms < deadline)
		deadline = ledger->askers[0].until_ms;
	/* In a cluster what was accepted may wait for services, and a job for
	 * a node that says what it offers. */
	if (ledger->in_cluster &&
	    (ledger->given_count > 0 ||
	     (ledger->leads && ledger->queue->waiting > 0)) &&
	    now.ms + LEDGER_AFTER_MS < deadline)
		deadline = now.ms + LEDGER_AFTER_MS;
	if ((ledger->unsynced > 0 || ledger->given_count > 0) &&
	    now.ms + LEDGER_RETRY_MS < deadline)
		deadline = now.ms + LEDGER_RETRY_MS;
	return deadline;
}
