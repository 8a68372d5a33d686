/* ledger_hints - how far jobs are, before it is in a journal: told of those
 *that run here, shown of those that run on other nodes.
 *
 *	the word of a worker -> view -> hint ~~~~> view, there
 *	      every 3 s      -> journal ---------> record, there
 *
 * A hint raises what is served of a job and no more: the record beside it stays
 * the last that counts, from which all is decided, and which alone goes into
 * snapshots.  So what a hint shows may be ahead of the record; when a record
 * comes that is newer than the one we have and older than what is shown, it
 * takes its place, and what is shown stays.
 */
#include <string.h>

#include "roles/ledger_parts.h"

#define EVERY_MS      250 /* of one job */
#define GATHER_MS     40  /* between two packets */
#define SYNC_EVERY_MS 250 /* progress of any job goes into the journal, */
#define SYNC_FOR_MS   10  /* in a batch that takes so long */

/* ---- of those that run here ---- */

bool ledger_is_to_sync(struct ledger *ledger, const struct queue_entry *entry,
		       struct ledger_now now)
{
	if (entry->unsynced_steps >= LEDGER_STEPS_MAX)
		return true;
	if (now.ms - entry->synced_ms < LEDGER_PROGRESS_SYNC_MS)
		return false;
	if (now.ms - ledger->syncs_ms >= SYNC_EVERY_MS)
		ledger->syncs_ms = now.ms;
	return now.ms - ledger->syncs_ms < SYNC_FOR_MS;
}

void ledger_note_step(struct ledger *ledger, struct queue_entry *entry)
{
	if (!ledger->in_cluster)
		return;
	entry->untold = true;
	ledger->untold = true;
}

/* False when the packet is full. */
static bool put_hint(struct ledger *ledger, struct queue_entry *entry,
		     struct ledger_now now)
{
	struct hint hint;
	struct job job;

	if (ledger_load(ledger, entry->id, &job) == 0 &&
	    job.state == JOB_PROCESSING) {
		hint = (struct hint){ .id = text_of(job.id),
				      .token = job.version.token,
				      .step = job.version.step,
				      .percent = job.percent,
				      .resumed = job.resumed,
				      .updated_ms = job.updated_ms,
				      .text = job.message };
		if (!hint_put(&ledger->hints, &hint))
			return false;
	}
	entry->untold = false;
	entry->told_ms = now.ms;
	return true;
}

void ledger_gather_hints(struct ledger *ledger, struct ledger_now now)
{
	int64_t next_ms = INT64_MAX;

	if (!ledger->untold || now.ms < ledger->hints_ms)
		return;
	for (uint32_t i = BOARD_LEADER_FIRST; i < ledger->slots_high; i++) {
		struct queue_entry *entry = ledger->slots[i];

		if (entry == NULL || !entry->untold)
			continue;
		if ((entry->told_ms == 0 ||
		     now.ms - entry->told_ms >= EVERY_MS) &&
		    put_hint(ledger, entry, now))
			continue;
		if (entry->told_ms + EVERY_MS < next_ms)
			next_ms = entry->told_ms + EVERY_MS;
	}
	ledger->untold = next_ms != INT64_MAX;
	ledger->hints_ms = now.ms + GATHER_MS;
	if (ledger->untold && next_ms > ledger->hints_ms)
		ledger->hints_ms = next_ms;
}

int64_t ledger_hints_deadline(const struct ledger *ledger)
{
	return ledger->untold ? ledger->hints_ms : INT64_MAX;
}

void ledger_send_hints(struct ledger *ledger)
{
	if (ledger->hints.len > 0)
		ledger->world.ops->hint(ledger->world.arg, ledger->hints.buf,
					ledger->hints.len);
	ledger_drop_hints(ledger);
}

void ledger_drop_hints(struct ledger *ledger)
{
	ledger->hints = enc_init(ledger->hints_buf, sizeof(ledger->hints_buf));
}

/* ---- of those that run elsewhere ---- */

struct version ledger_counted(const struct view_job *kept)
{
	struct record record;

	if (record_decode(&record, kept->record.at, kept->record.len) != 0)
		return kept->version;
	return record.version;
}

/* What is served of it changes, its record does not. */
static void show(struct ledger *ledger, const struct hint *hint,
		 const struct view_job *known)
{
	struct view *view = ledger->world.view;
	struct view_job kept = *known;
	struct record record;
	struct job job;
	int json;

	memcpy(ledger->loaded, known->record.at, known->record.len);
	kept.record = (struct text){ (const char *)ledger->loaded,
				     known->record.len };
	if (record_decode(&record, ledger->loaded, kept.record.len) != 0 ||
	    job_decode(&job, &record) != 0 || job.state != JOB_PROCESSING ||
	    job.assigned || job.version.token != hint->token)
		return;
	job.version.step = hint->step;
	job_advance(&job, hint->percent);
	job.resumed = hint->resumed;
	job.message = hint->text;
	job.updated_ms = hint->updated_ms;
	json = job_json(&job, ledger->json, sizeof(ledger->json));
	if (json < 0)
		return;
	kept.version = job.version;
	kept.json = (struct text){ ledger->json, (size_t)json };
	kept.user = job.user;
	kept.type = job.type;
	if (view->ops->put(view, job.id, &kept) == 0)
		ledger_mark_changed(ledger, job.id);
}

/* It runs, and not here. */
static bool is_elsewhere(struct ledger *ledger, const char *id,
			 const struct hint *hint)
{
	const struct queue_entry *entry = queue_find(ledger->queue, id);

	return entry != NULL && entry->slot == QUEUE_NONE &&
	       entry->token == hint->token && !entry->assigned;
}

static void hear(struct ledger *ledger, const struct hint *hint)
{
	struct view *view = ledger->world.view;
	char id[JOB_ID_LEN + 1];
	struct view_job known;

	text_copy(hint->id, id, sizeof(id));
	if (is_elsewhere(ledger, id, hint) && ledger_begin(ledger) == 0 &&
	    view->ops->get(view, id, &known) == 0 &&
	    known.version.token == hint->token &&
	    known.version.step < hint->step)
		show(ledger, hint, &known);
}

void ledger_hear_hints(struct ledger *ledger, const void *packet, size_t len)
{
	struct dec dec = dec_init(packet, len);
	struct field field;
	struct hint hint;

	while (ledger->open && ledger_has_room(ledger) &&
	       dec_next(&dec, &field))
		if (field.tag == HINT_TAG && hint_take(&hint, &field) == 0)
			hear(ledger, &hint);
}

int ledger_encode_under(struct ledger *ledger, const struct job *job,
			const struct view_job *known, struct view_job *kept)
{
	bool under = known != NULL &&
		     version_compare(known->version, job->version) > 0;
	struct text json = { ledger->words, under ? known->json.len : 0 };
	struct record record;
	int rc;

	/* What the view returned moves with the next put. */
	if (under)
		memcpy(ledger->words, known->json.at, json.len);
	rc = ledger_encode(ledger, job, &record, kept);
	if (rc == 0 && under) {
		kept->version = known->version;
		kept->json = json;
	}
	return rc;
}

int ledger_take_in(struct ledger *ledger, const struct job *job,
		   const struct view_job *known)
{
	struct view_job kept;
	int rc;

	if (known == NULL || version_compare(known->version, job->version) < 0)
		return ledger_store(ledger, job, false);
	rc = ledger_encode_under(ledger, job, known, &kept);
	return rc != 0 ? rc : ledger_put(ledger, job->id, &kept);
}
