/* ledger_open - at the start: from the journal to what is known and runs. */
#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

static const char job_prefix[] = "job/";

struct ledger_replay {
	struct ledger *ledger;
	uint32_t epoch; /* the highest seen */
};

static int replay_job(struct ledger_replay *replay, const struct record *record)
{
	struct ledger *ledger = replay->ledger;
	struct view *view = ledger->world.view;
	struct view_job known;
	struct view_job kept;
	struct job job;
	int rc = job_decode(&job, record);

	if (rc != 0)
		return 0; /* of a later version of the program, or damaged */
	rc = view->ops->get(view, job.id, &known);
	if (rc == 0 &&
	    version_compare(ledger_counted(&known), job.version) >= 0)
		return 0;
	if (rc != 0 && rc != -ENOENT)
		return rc;
	/* Also when its time is over: the view may know an earlier state of it,
	 * and expiry is for the turns to come. */
	rc = ledger_encode_under(ledger, &job, rc == 0 ? &known : NULL, &kept);
	return rc != 0 ? rc : view->ops->put(view, job.id, &kept);
}

static int replay_record(void *arg, const struct record *record)
{
	struct ledger_replay *replay = arg;
	struct ledger *ledger = replay->ledger;
	size_t prefix = sizeof(job_prefix) - 1;
	uint32_t epoch = token_epoch(record->version.token);

	if (epoch > replay->epoch)
		replay->epoch = epoch;
	if (record->key.len <= prefix ||
	    memcmp(record->key.at, job_prefix, prefix) != 0)
		return ledger_replay_register(ledger, record);
	return replay_job(replay, record);
}

struct arrival {
	int64_t created_ms;
	char id[JOB_ID_LEN + 1];
};

static int by_arrival(const void *a, const void *b)
{
	const struct arrival *x = a;
	const struct arrival *y = b;

	if (x->created_ms != y->created_ms)
		return x->created_ms < y->created_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int enqueue(struct ledger *ledger, const char *id)
{
	struct job job;
	int rc = ledger_load(ledger, id, &job);

	if (rc == 0 && ledger_enqueue(ledger, &job) == NULL)
		rc = -ENOSPC;
	return rc;
}

static void learn_kept(struct ledger *ledger, const struct view_job *kept)
{
	struct record record;
	struct job job;

	if (record_decode(&record, kept->record.at, kept->record.len) == 0 &&
	    job_decode(&job, &record) == 0)
		ledger_learn(ledger, &job);
}

/* Counts what the view holds and fills the queue in the order of arrival. */
static int load_queue(struct ledger *ledger)
{
	struct view *view = ledger->world.view;
	struct arrival *live = calloc(LEDGER_QUEUE_MAX, sizeof(*live));
	struct view_job job;
	char id[JOB_ID_LEN + 1] = "";
	size_t count = 0;
	int rc = live == NULL ? -ENOMEM : 0;

	while (rc == 0 && (rc = view->ops->next(view, id, &job)) == 0) {
		ledger->kept++;
		ledger->live_bytes += job.record.len;
		if (job.state == JOB_READY)
			learn_kept(ledger, &job);
		if (job.state >= JOB_READY)
			continue;
		if (count == LEDGER_QUEUE_MAX) {
			rc = -ENOSPC;
			break;
		}
		live[count].created_ms = job.created_ms;
		memcpy(live[count++].id, id, sizeof(id));
	}
	if (rc == -ENOENT)
		rc = ledger_count_registers(ledger);
	if (rc == 0)
		qsort(live, count, sizeof(*live), by_arrival);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = enqueue(ledger, live[i].id);
	free(live);
	return rc;
}

/* Forgets all that a failed attempt to open has put together. */
static void reset(struct ledger *ledger)
{
	struct queue_entry *entries = ledger->queue->entries;

	if (ledger->in_batch)
		ledger->world.view->ops->abort(ledger->world.view);
	if (ledger->in_cluster) {
		ledger_resign(ledger);
		ledger_nodes_reset(ledger);
	}
	ledger_drop_hints(ledger);
	ledger->leads = false;
	ledger->heard = 0;
	ledger->held_ms = 0;
	ledger->waits = false;
	ledger->told = LEDGER_TOLD_NOTHING;
	ledger->askers_count = 0;
	ledger->asks = false;
	ledger->wishes = true;
	ledger->wishes_due = true;
	ledger->assigned = false;
	ledger->foreign_count = 0;
	ledger->retype = false;
	ledger->joined = false;
	memset(entries, 0, sizeof(*entries) * ledger->queue->high);
	queue_init(ledger->queue, entries, LEDGER_QUEUE_MAX);
	memset(ledger->slots, 0, sizeof(ledger->slots));
	for (unsigned i = 0; i < ledger->singles_high; i++)
		ledger_foreign_free(ledger->singles[i].foreign);
	memset(ledger->singles, 0,
	       sizeof(ledger->singles[0]) * ledger->singles_high);
	ledger->singles_high = 0;
	memset(ledger->took_ms, 0,
	       sizeof(ledger->took_ms[0]) * ledger->config->units_count);
	ledger->in_batch = false;
	ledger->fresh = false;
	ledger->dirty = false;
	ledger->kept = 0;
	ledger->next_due_ms = 0;
	ledger->live_bytes = 0;
	ledger->slots_high = 0;
	ledger->replies_count = 0;
	ledger->changes_count = 0;
	ledger->sweeps_count = 0;
	ledger->settled_count = 0;
	ledger->given_count = 0;
}

/* An epoch above all that was ever shown: what the journal has, by the last
 * failed start of ours, and by a role before us whose journal was lost.
 */
static uint32_t above_all(const struct ledger *ledger, uint32_t read)
{
	uint32_t shown = atomic_load(&ledger->world.board->epoch);
	uint32_t highest = read > ledger->epoch ? read : ledger->epoch;

	return (highest > shown ? highest : shown) + 1;
}

/* Of our own journal what counts: alone, all that is there; in a cluster what
 * this generation has shown, for only a leader may bring back the rest.
 */
static int read_own(struct ledger *ledger, struct ledger_replay *replay)
{
	const struct board_cluster *cluster = &ledger->world.board->cluster;
	struct cluster_promise promise;

	if (!ledger->in_cluster)
		return journal_replay(ledger->world.journal, replay_record,
				      replay);
	if (!cluster_promise(cluster, &promise) ||
	    promise.generation != ledger->generation)
		promise.end = (struct lease_end){ 0, 0 };
	return journal_replay_to(ledger->world.journal, &promise.end,
				 replay_record, replay);
}

static void set_epoch(struct ledger *ledger, uint32_t read)
{
	if (ledger->in_cluster)
		return; /* promised, and led when the others let us */
	ledger->epoch = above_all(ledger, read);
	ledger->counter = 0;
	ledger->leads = true;
}

/* The role may have heard that under the generation before, whose lease was
 * over when this one was to join.
 */
static bool is_over(struct ledger *ledger)
{
	return ledger->in_cluster &&
	       ledger_settled(ledger, text_of(ledger->world.place.node)) ==
		       ledger->generation;
}

int ledger_open(struct ledger *ledger, struct ledger_now now)
{
	struct ledger_replay replay = { .ledger = ledger };
	int rc;

	reset(ledger);
	rc = ledger->in_cluster ? ledger_begin_generation(ledger) : 0;
	if (rc == 0)
		rc = ledger_begin(ledger);
	if (rc == 0 && is_over(ledger)) {
		ledger_give_up(ledger);
		rc = -EAGAIN;
	}
	if (rc == 0)
		rc = read_own(ledger, &replay);
	if (rc == 0)
		rc = load_queue(ledger);
	if (rc == 0) {
		ledger_set_limits(ledger);
		set_epoch(ledger, replay.epoch);
		rc = ledger_singles_open(ledger);
	}
	if (rc == 0)
		rc = ledger_adopt(ledger, now);
	if (rc == 0) {
		ledger->open = true;
		rc = ledger_commit(ledger, now);
	}
	if (rc != 0) {
		ledger->open = false;
		reset(ledger);
		return rc;
	}
	if (ledger->in_cluster)
		ledger_tell_end(ledger);
	log_info("journal: %s epoch=%u kept=%llu live=%u",
		 ledger->in_cluster ? "follows" : "leads", ledger->epoch,
		 (unsigned long long)ledger->kept, ledger->queue->count);
	return 0;
}
