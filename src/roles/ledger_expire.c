/* ledger_expire - what jobs leave goes when its time has come. */
#include <string.h>

#include "roles/ledger_parts.h"

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

void ledger_expire(struct ledger *ledger, struct ledger_now now)
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
