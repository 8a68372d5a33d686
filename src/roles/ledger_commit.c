/* ledger_commit - makes a batch durable, then tells. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"

/* What the journal adds to a record: header and padding. */
#define FRAME_BYTES 20

static int append_epoch(struct ledger *ledger)
{
	struct record record = {
		.key = text_of("epoch"),
		.version = { .token = token_make(ledger->epoch, 0) },
	};

	/* Nothing is promised yet: a record without a token is none. */
	if (ledger->epoch == 0)
		return 0;
	return journal_append(ledger->world.journal, &record);
}

/* About what a snapshot takes. */
static uint64_t snapshot_bytes(const struct ledger *ledger)
{
	return ledger->live_bytes + ledger->kept * FRAME_BYTES;
}

/* Writes all that is in the view, the open batch included. */
static int append_snapshot(struct ledger *ledger)
{
	struct view *view = ledger->world.view;
	struct view_job job;
	struct record record;
	char id[JOB_ID_LEN + 1] = "";
	int rc = append_epoch(ledger);

	while (rc == 0 && (rc = view->ops->next(view, id, &job)) == 0) {
		rc = record_decode(&record, job.record.at, job.record.len);
		if (rc == 0)
			rc = journal_append(ledger->world.journal, &record);
	}
	return rc == -ENOENT ? ledger_append_registers(ledger) : rc;
}

/* Up to which generation of ours a leader has read what it left. */
static uint64_t own_settled(struct ledger *ledger)
{
	const struct ledger_node *node =
		ledger_node_of(ledger, text_of(ledger->world.place.node));

	/* At the start no node is known yet. */
	return node != NULL ? node->settled
			    : ledger_settled(ledger,
					     text_of(ledger->world.place.node));
}

/* Begins a segment with a snapshot.  On failure there is no segment to append
 * to until this succeeds; the older ones stay.
 */
static int begin_segment(struct ledger *ledger, struct ledger_now now)
{
	struct journal *journal = ledger->world.journal;
	int rc = journal_begin(journal, snapshot_bytes(ledger));

	if (rc != 0)
		return rc;
	ledger->fresh = false;
	rc = append_snapshot(ledger);
	if (rc == 0)
		rc = journal_commit(journal);
	if (rc != 0)
		return rc;
	ledger->fresh = true;
	ledger->dirty = false;
	ledger->begun_ms = now.wall_ms;
	/* In a cluster others may still have to read the older. */
	ledger->drops = ledger->in_cluster;
	ledger->drops_to = own_settled(ledger);
	rc = ledger->in_cluster ? 0 : journal_drop_older(journal);
	if (rc != 0)
		log_warn(rc, "journal: cannot remove old segments");
	return 0;
}

void ledger_drop_segments(struct ledger *ledger, const struct lease_end *shown)
{
	struct journal *journal = ledger->world.journal;
	int rc;

	if (!ledger->drops || shown->segment != journal->number)
		return;
	ledger->drops = false;
	rc = journal_drop_ended(journal, ledger->drops_to);
	if (rc != 0)
		log_warn(rc, "journal: cannot remove old segments");
}

static int make_durable(struct ledger *ledger, struct ledger_now now)
{
	int rc = 0;

	if (!ledger->fresh)
		return begin_segment(ledger, now);
	if (ledger->dirty)
		rc = journal_commit(ledger->world.journal);
	if (rc == 0)
		ledger->dirty = false;
	else
		ledger->fresh = false; /* that segment can't be trusted */
	return rc;
}

static void note_storage(struct ledger *ledger, int rc, struct ledger_now now)
{
	struct board *board = ledger->world.board;
	bool changed = ledger->storage != rc;

	if (rc != 0)
		ledger->retry_ms = now.ms + LEDGER_RETRY_MS;
	ledger->storage = rc;
	atomic_store(&board->storage, -rc);
	if (!changed)
		return;
	if (rc != 0) {
		log_err(rc, "journal: shared storage failed, trying again");
		events_add(board, EVENT_STORAGE_FAILED, ledger->config->node,
			   "%s", strerror(-rc));
	} else {
		log_info("journal: shared storage works again");
		events_add(board, EVENT_STORAGE_BACK, ledger->config->node,
			   "what waited is written");
	}
	ledger->world.ops->news(ledger->world.arg);
}

static void publish_replies(struct ledger *ledger)
{
	for (unsigned i = 0; i < ledger->replies_count; i++) {
		const struct ledger_reply *kept = &ledger->replies[i];
		struct message reply = { .kind = MESSAGE_REPLY,
					 .request = kept->request,
					 .status = kept->status,
					 .joined = kept->joined };

		text_copy(text_of(kept->id), reply.id, sizeof(reply.id));
		ledger->world.ops->reply(ledger->world.arg, kept->link, &reply);
	}
	ledger->replies_count = 0;
}

static void publish_changes(struct ledger *ledger)
{
	struct board *board = ledger->world.board;
	uint64_t change = atomic_load(&board->change);

	if (ledger->changes_count == 0)
		return;
	/* Readers that find themselves too far behind look at everything. */
	if (ledger->changes_count > LEDGER_CHANGES_MAX)
		ledger->changes_count = BOARD_CHANGES_MAX + 1;
	for (unsigned i = 0;
	     i < ledger->changes_count && i < LEDGER_CHANGES_MAX; i++)
		atomic_store(&board->changes[(change + i) % BOARD_CHANGES_MAX],
			     ledger->changes[i]);
	atomic_store(&board->change, change + ledger->changes_count);
	ledger->changes_count = 0;
	ledger->world.ops->ring(ledger->world.arg, true, false);
}

static void publish_sweeps(struct ledger *ledger)
{
	const struct ledger_world *world = &ledger->world;

	for (unsigned i = 0; i < ledger->sweeps_count && i < LEDGER_SWEEPS_MAX;
	     i++)
		world->ops->sweep(world->arg, ledger->sweeps[i].id,
				  ledger->sweeps[i].below);
	if (ledger->sweeps_count > LEDGER_SWEEPS_MAX)
		world->ops->sweep(world->arg, NULL, 0);
	ledger->sweeps_count = 0;
}

static void publish_counts(struct ledger *ledger)
{
	struct board *board = ledger->world.board;

	atomic_store(&board->epoch, ledger->epoch);
	atomic_store(&board->pending, ledger->queue->count - ledger->running);
	atomic_store(&board->running, ledger->running);
	atomic_store(&board->kept, (uint32_t)ledger->kept);
}

/* Dead records beyond that are worth a new segment. */
static bool is_wasteful(const struct ledger *ledger)
{
	return journal_bytes(ledger->world.journal) >
	       snapshot_bytes(ledger) / 4 * 7 + LEDGER_SLACK_BYTES;
}

/* A node has read of the end of a job where that ran, and forgets the job a day
 * after its time: by then nobody's segment may tell of its beginning alone, or
 * who reads that first would run it again.  Alone, the end is in the segment,
 * too.
 */
static bool is_old(const struct ledger *ledger, struct ledger_now now)
{
	int64_t age_ms = now.wall_ms - ledger->begun_ms;

	return ledger->in_cluster &&
	       (age_ms >= LEDGER_SEGMENT_MS || age_ms <= -LEDGER_SEGMENT_MS);
}

void ledger_look_at_segment(struct ledger *ledger, struct ledger_now now)
{
	if (ledger->fresh && is_old(ledger, now))
		(void)ledger_begin(ledger);
}

/* If it is time for it.  True when all that was appended is durable by that. */
static bool renew_segment(struct ledger *ledger, struct ledger_now now)
{
	int rc;

	if (!ledger->fresh || (!is_wasteful(ledger) && !is_old(ledger, now)))
		return false;
	rc = begin_segment(ledger, now);
	if (rc == 0)
		return true;
	log_warn(rc, "journal: cannot begin a segment, going on");
	/* Not in each batch. */
	ledger->begun_ms =
		now.wall_ms - LEDGER_SEGMENT_MS + LEDGER_SEGMENT_AGAIN_MS;
	return false;
}

/* What was synced after the deadline counts for nobody, nor for us; and who has
 * no lease may be far behind, so that even to say that all is so already would
 * be wrong.
 */
static bool counts(const struct ledger *ledger, bool matters)
{
	if (!ledger->in_cluster || !matters || !ledger->in ||
	    ledger_holds(ledger))
		return true;
	log_err(0, "journal: the lease ended before what was written counted");
	return false;
}

int ledger_commit(struct ledger *ledger, struct ledger_now now)
{
	struct view *view = ledger->world.view;
	bool wrote = ledger->dirty || !ledger->fresh;
	int rc;

	if (!ledger->in_batch)
		return 0;
	if (ledger->storage != 0 && now.ms < ledger->retry_ms)
		return ledger->storage;
	wrote = renew_segment(ledger, now) || wrote;
	rc = make_durable(ledger, now);
	note_storage(ledger, rc, now);
	if (rc != 0)
		return rc;
	if (!counts(ledger, wrote || ledger->replies_count > 0)) {
		ledger->open = false;
		return -ETIMEDOUT;
	}
	rc = view->ops->commit(view);
	ledger->in_batch = false;
	if (rc != 0) {
		log_err(rc, "journal: cannot commit the view");
		ledger->open = false;
		ledger->broken = true;
		return rc;
	}
	if (ledger->in_cluster && wrote && ledger->open)
		ledger_tell_end(ledger);
	publish_counts(ledger);
	/* A reply must not overtake the change it is about. */
	publish_changes(ledger);
	publish_replies(ledger);
	publish_sweeps(ledger);
	ledger_send_hints(ledger);
	/* Last: to write specs may make room in the journal, which takes as
	 * long as the storage does. */
	ledger_publish_holdings(ledger);
	if (ledger->in_batch)
		view->ops->abort(view);
	ledger->in_batch = false;
	return 0;
}
