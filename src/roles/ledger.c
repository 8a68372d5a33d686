#include "roles/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"

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

/* ---- jobs in view and journal ---- */

/* Grows the segment ahead of a batch, so that -ENOSPC comes before a promise,
 * not after.
 */
static void make_room(struct ledger *ledger)
{
	int rc = journal_reserve(ledger->world.journal, LEDGER_BATCH_BYTES);

	if ((rc == -ENOSPC) != ledger->full) {
		ledger->full = rc == -ENOSPC;
		if (ledger->full)
			log_err(rc, "journal: no room in the shared directory, "
				    "refusing new jobs");
		else
			log_info("journal: room again, taking new jobs");
	}
	if (rc != 0 && rc != -ENOSPC)
		ledger->fresh = false; /* that segment can't be trusted */
}

int ledger_begin(struct ledger *ledger)
{
	int rc;

	if (ledger->in_batch)
		return 0;
	rc = ledger->world.view->ops->begin(ledger->world.view);
	if (rc != 0) {
		log_err(rc, "journal: cannot write to the view");
		return rc;
	}
	ledger->in_batch = true;
	if (ledger->fresh)
		make_room(ledger);
	return 0;
}

int ledger_load(struct ledger *ledger, const char *id, struct job *job)
{
	struct view *view = ledger->world.view;
	struct view_job kept;
	struct record record;
	int rc = ledger_begin(ledger);

	if (rc == 0)
		rc = view->ops->get(view, id, &kept);
	if (rc != 0)
		return rc;
	/* What the view returns moves with the next put. */
	memcpy(ledger->loaded, kept.record.at, kept.record.len);
	rc = record_decode(&record, ledger->loaded, kept.record.len);
	return rc != 0 ? rc : job_decode(job, &record);
}

/* When the view must be looked at again for JOB: when its files go, and once
 * more when the record itself does.
 */
static int64_t due_of(const struct job *job)
{
	return job_has_ended(job) ? job->expires_ms : 0;
}

int ledger_encode(struct ledger *ledger, const struct job *job,
		  struct record *record, struct view_job *kept)
{
	char key[RECORD_KEY_MAX];
	int value = job_encode(job, ledger->value, sizeof(ledger->value));
	int json = job_json(job, ledger->json, sizeof(ledger->json));
	int len;

	if (value < 0 || json < 0)
		return value < 0 ? value : json;
	*record = (struct record){
		.key = job_key(job->id, key),
		.version = job->version,
		.value = { (const char *)ledger->value, (size_t)value },
	};
	len = record_encode(record, ledger->record, sizeof(ledger->record));
	if (len < 0)
		return len;
	*kept = (struct view_job){
		.version = job->version,
		.state = job->state,
		.forgotten = job->forgotten,
		.created_ms = job->created_ms,
		.due_ms = due_of(job),
		.user = job->user,
		.type = job->type,
		.json = { ledger->json, (size_t)json },
		.record = { (const char *)ledger->record, (size_t)len },
	};
	/* The key was on our stack: point into the encoded record. */
	return record_decode(record, ledger->record, (size_t)len);
}

int ledger_put(struct ledger *ledger, const char *id,
	       const struct view_job *kept)
{
	struct view *view = ledger->world.view;
	struct view_job old;
	int rc = view->ops->get(view, id, &old);

	if (rc == 0)
		ledger->live_bytes -= old.record.len;
	else if (rc == -ENOENT)
		ledger->kept++;
	else
		return rc;
	ledger->live_bytes += kept->record.len;
	return view->ops->put(view, id, kept);
}

void ledger_mark_changed(struct ledger *ledger, const char *id)
{
	/* Beyond the room everything counts as changed: only at the start,
	 * a batch has room for its changes. */
	if (ledger->changes_count < LEDGER_CHANGES_MAX)
		ledger->changes[ledger->changes_count] =
			board_hash(id, strlen(id));
	ledger->changes_count++;
}

int ledger_store(struct ledger *ledger, const struct job *job, bool durable)
{
	struct record record;
	struct view_job kept;
	int rc = ledger_encode(ledger, job, &record, &kept);

	/* Without a current segment the coming snapshot takes it along. */
	if (rc == 0 && durable && ledger->fresh) {
		rc = journal_append(ledger->world.journal, &record);
		ledger->dirty = true;
		if (rc != 0 && rc != -ENOSPC)
			ledger->fresh = false;
	}
	if (rc == 0)
		rc = ledger_put(ledger, job->id, &kept);
	if (rc == 0 && kept.due_ms != 0 && kept.due_ms < ledger->next_due_ms)
		ledger->next_due_ms = kept.due_ms;
	if (rc == 0)
		ledger_mark_changed(ledger, job->id);
	else
		log_err(rc, "journal: cannot keep job=%s", job->id);
	return rc;
}

void ledger_sweep(struct ledger *ledger, const char *id, uint64_t below)
{
	if (ledger->sweeps_count > LEDGER_SWEEPS_MAX)
		return;
	if (ledger->sweeps_count < LEDGER_SWEEPS_MAX) {
		struct ledger_sweep *sweep =
			&ledger->sweeps[ledger->sweeps_count];

		sweep->below = below;
		text_copy(text_of(id), sweep->id, sizeof(sweep->id));
	}
	ledger->sweeps_count++;
}

/* ---- a turn ---- */

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

/* Is there more than is kept, ended or not? */
static bool is_overfull(const struct ledger *ledger)
{
	return ledger->kept > ledger->kept_max;
}

/* Is somebody about to be told of ID? */
static bool is_spoken_of(const struct ledger *ledger, const char *id)
{
	uint64_t hash = board_hash(id, strlen(id));

	for (unsigned i = 0; i < ledger->replies_count; i++)
		if (strcmp(ledger->replies[i].id, id) == 0)
			return true;
	for (unsigned i = 0; i < ledger->changes_count; i++)
		if (i >= LEDGER_CHANGES_MAX || ledger->changes[i] == hash)
			return true;
	return false;
}

/* The time of ID has come: first its files go, a day later its record.  Both
 * at once where room is needed.
 */
static int expire(struct ledger *ledger, const char *id, struct ledger_now now)
{
	struct view *view = ledger->world.view;
	struct record record;
	struct view_job kept;
	struct job job;
	int rc = ledger_load(ledger, id, &job);
	bool over;

	if (rc != 0)
		return rc;
	over = now.wall_ms >= job.expires_ms + LEDGER_HISTORY_MS ||
	       is_overfull(ledger);
	if (ledger->leads)
		ledger_sweep(ledger, id, over ? job.version.token + 1 : 0);
	if (over) {
		ledger->kept--;
		rc = view->ops->get(view, id, &kept);
		if (rc == 0)
			ledger->live_bytes -= kept.record.len;
		ledger_mark_changed(ledger, id);
		return view->ops->remove(view, id);
	}
	rc = ledger_encode(ledger, &job, &record, &kept);
	kept.due_ms = job.expires_ms + LEDGER_HISTORY_MS;
	return rc != 0 ? rc : ledger_put(ledger, id, &kept);
}

static int64_t first_due(struct ledger *ledger, char *id)
{
	struct view *view = ledger->world.view;
	int64_t due;

	if (ledger_begin(ledger) != 0 ||
	    view->ops->first_due(view, id, &due) != 0)
		return INT64_MAX;
	return due;
}

/* ID is the one that is due first. */
static bool is_to_go(const struct ledger *ledger, const char *id,
		     struct ledger_now now)
{
	return is_overfull(ledger) ? !is_spoken_of(ledger, id)
				   : now.wall_ms >= ledger->next_due_ms;
}

static void expire_due(struct ledger *ledger, struct ledger_now now)
{
	char id[JOB_ID_LEN + 1];

	if (now.wall_ms < ledger->next_due_ms && !is_overfull(ledger))
		return;
	for (int i = 0; i < LEDGER_REMOVALS_MAX; i++) {
		ledger->next_due_ms = first_due(ledger, id);
		if (ledger->next_due_ms == INT64_MAX ||
		    !is_to_go(ledger, id, now) || !ledger_has_room(ledger) ||
		    expire(ledger, id, now) != 0)
			return;
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

void ledger_turn(struct ledger *ledger, struct ledger_now now)
{
	if (ledger->storage != 0)
		return;
	ledger_look_at_holdings(ledger, now);
	ledger_lead_turn(ledger, now);
	if (!ledger->open)
		return;
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
	expire_due(ledger, now);
	ledger_asked_turn(ledger, now);
	ledger_accept_jobs(ledger, now);
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
	atomic_store(&ledger->world.board->workers, ledger->config->workers);
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
