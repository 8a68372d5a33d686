/* ledger_expire - what jobs leave goes when its time has come. */
#include <string.h>

#include "io/log.h"
#include "roles/ledger_parts.h"

/* In the view's order of what is due, what is only kept as history comes by
 * itself, behind all that has something to fetch.
 */
#define HISTORY_FROM  (INT64_C(1) << 60)
#define HASTE_TELL_MS (3600 * 1000)

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

/* What could still be fetched goes: told now and then. */
static void warn_of_haste(struct ledger *ledger, struct ledger_now now)
{
	if (now.ms < ledger->haste_told_ms)
		return;
	ledger->haste_told_ms = now.ms + HASTE_TELL_MS;
	log_warn(0,
		 "journal: more than %llu jobs are kept: results go before "
		 "their time; shorten `keep` of frequent jobs",
		 (unsigned long long)ledger->kept_max);
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
	if (now.wall_ms < job.expires_ms)
		warn_of_haste(ledger, now);
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
	kept.due_ms = HISTORY_FROM + job.expires_ms + LEDGER_HISTORY_MS;
	return rc != 0 ? rc : ledger_put(ledger, id, &kept);
}

/* The first that is due from FROM_MS up, and when: INT64_MAX if none is. */
static int64_t first_due(struct ledger *ledger, int64_t from_ms, char *id)
{
	struct view *view = ledger->world.view;
	int64_t due;

	if (ledger_begin(ledger) != 0 ||
	    view->ops->first_due(view, from_ms, id, &due) != 0)
		return INT64_MAX;
	return due;
}

/* ID is to go next: the one that is due first, but where room is needed none
 * with something to fetch before all that is history.  False: there is none.
 */
static bool next_to_go(struct ledger *ledger, char *id)
{
	char past[JOB_ID_LEN + 1];
	int64_t due = first_due(ledger, 1, id);
	int64_t past_due = first_due(ledger, HISTORY_FROM, past);

	ledger->next_due_ms = due;
	if (past_due == INT64_MAX)
		return due != INT64_MAX;
	past_due -= HISTORY_FROM;
	if (past_due < due || is_overfull(ledger))
		ledger->next_due_ms = past_due;
	if (past_due < due || is_overfull(ledger))
		text_copy(text_of(past), id, JOB_ID_LEN + 1);
	return true;
}

/* ID is the next one. */
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
	for (int i = 0; i < LEDGER_REMOVALS_MAX; i++)
		if (!next_to_go(ledger, id) || !is_to_go(ledger, id, now) ||
		    !ledger_has_room(ledger) || expire(ledger, id, now) != 0)
			return;
}
