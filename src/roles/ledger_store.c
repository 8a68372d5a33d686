/* ledger_store - jobs in view and journal: how they are read, kept and swept.
 */
#include <errno.h>
#include <string.h>

#include "io/log.h"
#include "roles/ledger_parts.h"

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
	ledger->wishes_due = true;
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
