/* ledger_cancel - jobs that are to be cancelled, or forgotten.
 *
 * Who has a job does it: the leader while it waits or has ended, the node that
 * runs it in a step of its own.  Asked anywhere else it is a wish: a register
 * of its own, "cancel/ID/ROUND" or "forget/ID/ROUND", in the journal of the
 * node that was asked, for whoever comes to have the job and reads it.  Many
 * may write the same; nobody takes one back.  ROUND tells the job from those
 * that had its id before and will after.
 *
 * A wish is dropped by each node for itself when it sees that what is wished is
 * so, or that another has the id: a later round, or an earlier one under a
 * later version, which was promised and is taken after all.  Of a job that is
 * not known the record may still be read: a day at most.
 */
#include <errno.h>

#include "roles/ledger_parts.h"

#define TAG_ASKED RECORD_VALUE_TAG /* when, wall clock */
#define TAG_TOKEN (RECORD_VALUE_TAG + 1)
#define TAG_STEP  (RECORD_VALUE_TAG + 2)
#define ROUND_MAX 11 /* bytes of a number, terminated */

/* Nobody has it: it ends here and now. */
static int cancel_waiting(struct ledger *ledger, struct queue_entry *entry,
			  struct job *job, struct ledger_now now)
{
	const struct unit *unit = ledger_unit(ledger, job);
	int rc;

	job->version = (struct version){ .token = ledger_token(ledger) };
	job->asked = false;
	job->state = JOB_CANCELLED;
	job->cancelling = false;
	job->percent = JOB_PERCENT_NONE;
	job->updated_ms = now.wall_ms;
	job->expires_ms = now.wall_ms +
			  (unit != NULL ? unit->keep_ms : LEDGER_HISTORY_MS);
	rc = ledger_store(ledger, job, true);
	if (rc != 0)
		return rc;
	if (job->attempt > 0)
		ledger_sweep(ledger, job->id, 0);
	queue_remove(ledger->queue, entry);
	return 0;
}

/* Someone has it: the wish is kept, its worker is told after the commit. */
static int cancel_given(struct ledger *ledger, struct queue_entry *entry,
			struct job *job, struct ledger_now now)
{
	int rc;

	job->version.step += entry->skip ? VERSION_SKIP_STEPS : 1;
	job->cancelling = true;
	job->updated_ms = now.wall_ms;
	rc = ledger_store(ledger, job, true);
	if (rc == 0) {
		entry->skip = false;
		entry->cancelling = true;
		entry->unsynced_steps = 0;
	}
	return rc;
}

static int forget_ended(struct ledger *ledger, struct job *job,
			struct ledger_now now)
{
	job->version = (struct version){ .token = ledger_token(ledger) };
	job->forgotten = true;
	job->updated_ms = now.wall_ms;
	job->expires_ms = now.wall_ms;
	return ledger_store(ledger, job, true);
}

/* Is JOB, which lives, this node's to end? */
static bool is_ours(const struct ledger *ledger,
		    const struct queue_entry *entry, const struct job *job)
{
	if (entry->token == 0)
		return ledger->leads;
	return !entry->assigned && ledger_job_is_mine(ledger, job);
}

static int cancel_ours(struct ledger *ledger, struct queue_entry *entry,
		       struct job *job, struct ledger_now now)
{
	if (entry->token == 0)
		return cancel_waiting(ledger, entry, job, now);
	return entry->cancelling ? 0 : cancel_given(ledger, entry, job, now);
}

/* ---- wishes ---- */

struct wished {
	bool forgets;
	char id[JOB_ID_LEN + 1];
	uint32_t round;
	int64_t asked_ms;
	struct version saw; /* of the job, by who wished it */
};

static void read_wish(struct wished *wished, const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;

	wished->saw = (struct version){ UINT64_MAX, UINT32_MAX };
	while (dec_next(&dec, &field)) {
		if (field.tag == TAG_ASKED)
			wished->asked_ms = (int64_t)field_u64(&field);
		else if (field.tag == TAG_TOKEN)
			wished->saw.token = field_u64(&field);
		else if (field.tag == TAG_STEP)
			wished->saw.step = (uint32_t)field_u64(&field);
	}
}

/* Is that of JOB wished already? */
static bool is_wished(struct ledger *ledger, struct text name,
		      const struct job *job)
{
	struct wished wished = { 0 };
	struct record record;

	if (ledger_get_register(ledger, name, &record) != 0)
		return false;
	read_wish(&wished, &record);
	return version_compare(wished.saw, job->version) >= 0;
}

/* That WHAT is done with JOB.  0 or a negative errno. */
static int wish(struct ledger *ledger, const char *what, const struct job *job,
		struct ledger_now now)
{
	char round[ROUND_MAX];
	char key[RECORD_KEY_MAX + 1];
	uint8_t value[48];
	struct out out = out_init(round, sizeof(round));
	struct enc enc = enc_init(value, sizeof(value));
	struct record record;
	struct text name;

	out_u64(&out, job->round);
	enc_u64(&enc, TAG_ASKED, (uint64_t)now.wall_ms);
	enc_u64(&enc, TAG_TOKEN, job->version.token);
	enc_u64(&enc, TAG_STEP, job->version.step);
	if (out_end(&out) != 0 || enc_end(&enc) < 0)
		return -ENOSPC;
	name = ledger_wish_key(what, job->id, text_of(round), key);
	if (is_wished(ledger, name, job))
		return 0;
	record = (struct record){ name,
				  ledger_wish_version(ledger, name),
				  { (const char *)value, enc.len } };
	ledger_wish_heard(ledger);
	return ledger_put_register(ledger, &record);
}

void ledger_wish_heard(struct ledger *ledger)
{
	ledger->wishes = true;
	ledger->wishes_due = true;
}

/* KEY begins with one of the two words, which are of one length. */
static int wished_of(struct wished *wished, struct text key,
		     const struct record *record)
{
	size_t at = sizeof("cancel/") - 1;

	*wished = (struct wished){ .forgets = key.at[0] == 'f' };
	if (key.len <= at + JOB_ID_LEN + 1 || key.at[at + JOB_ID_LEN] != '/')
		return -EBADMSG;
	memcpy(wished->id, key.at + at, JOB_ID_LEN);
	for (at += JOB_ID_LEN + 1; at < key.len; at++) {
		if (key.at[at] < '0' || key.at[at] > '9')
			return -EBADMSG;
		wished->round =
			wished->round * 10 + (uint32_t)(key.at[at] - '0');
	}
	read_wish(wished, record);
	return 0;
}

/* Is its job long gone?  Who asked knew of it. */
static bool is_stale(const struct wished *wished, struct ledger_now now)
{
	return wished->asked_ms < now.wall_ms - LEDGER_HISTORY_MS ||
	       wished->asked_ms > now.wall_ms + LEDGER_HISTORY_MS;
}

/* Is it of one that had the id before JOB?  Rounds begin anew a day after the
 * last was forgotten, when nobody knows of it any more.
 */
static bool is_of_another(const struct wished *wished, const struct job *job)
{
	return job->round > wished->round ||
	       job->created_ms - wished->asked_ms >
		       LEDGER_HISTORY_MS - LEDGER_AHEAD_MS;
}

/* JOB had the id before, and has it for good, above the one that is wished:
 * that was asked for while JOB was, and lost to it.
 */
static bool has_lost(const struct wished *wished, const struct job *job)
{
	return !job->asked && version_compare(wished->saw, job->version) < 0;
}

/* 1 when nothing is left to do about it, 0 when there is, or a negative errno.
 */
static int grant(struct ledger *ledger, const struct wished *wished,
		 struct ledger_now now)
{
	struct queue_entry *entry = queue_find(ledger->queue, wished->id);
	struct job job;
	int rc = ledger_load(ledger, wished->id, &job);

	if (rc == -ENOENT)
		return is_stale(wished, now);
	if (rc == 0 && job.round < wished->round)
		return has_lost(wished, &job) || is_stale(wished, now);
	if (rc != 0)
		return rc;
	if (is_of_another(wished, &job))
		return 1;
	/* Refused: it may be taken after all (ledger_mend_promise). */
	if (job.joined.len > 0)
		return is_stale(wished, now);
	if (job.forgotten)
		return 1;
	if (job_has_ended(&job)) {
		if (!wished->forgets)
			return 1;
		rc = ledger->leads ? forget_ended(ledger, &job, now) : 0;
		return rc != 0 ? rc : job.forgotten;
	}
	if (wished->forgets || entry == NULL || !is_ours(ledger, entry, &job))
		return 0;
	return cancel_ours(ledger, entry, &job, now);
}

/* Looks at the first whose key is above KEY and begins with PREFIX.  As grant()
 * has it, -ENOENT at the end.
 */
static int look_at_next(struct ledger *ledger, const char *prefix, char *key,
			struct ledger_now now)
{
	struct view *view = ledger->world.view;
	struct view_register kept;
	struct record record;
	struct wished wished;
	int rc = view->ops->next_register(view, key, &kept);

	if (rc == 0 && strncmp(key, prefix, strlen(prefix)) != 0)
		rc = -ENOENT;
	if (rc == 0)
		rc = record_decode(&record, kept.record.at, kept.record.len);
	if (rc != 0)
		return rc;
	rc = 1;
	if (wished_of(&wished, text_of(key), &record) == 0)
		rc = grant(ledger, &wished, now);
	if (rc == 1)
		return ledger_drop_register(ledger, text_of(key));
	ledger->wishes = true;
	return rc;
}

/* 0, or -EAGAIN or such: they are to be looked at again. */
static int look_at_all(struct ledger *ledger, const char *prefix,
		       struct ledger_now now)
{
	char key[RECORD_KEY_MAX + 1];
	int rc = 0;

	text_copy(text_of(prefix), key, sizeof(key));
	while (rc == 0)
		rc = ledger_has_room(ledger)
			     ? look_at_next(ledger, prefix, key, now)
			     : -EAGAIN;
	return rc == -ENOENT ? 0 : rc;
}

void ledger_wishes_turn(struct ledger *ledger, struct ledger_now now)
{
	if (!ledger->wishes || !ledger->wishes_due || ledger_begin(ledger) != 0)
		return;
	ledger->wishes = false;
	ledger->wishes_due = false;
	if (look_at_all(ledger, "cancel/", now) != 0 ||
	    look_at_all(ledger, "forget/", now) != 0)
		ledger_wish_heard(ledger);
}

/* ---- who asks ---- */

/* 0, or a negative errno: -ENOENT also when it is gone, and another has the id.
 */
static int load_meant(struct ledger *ledger, const struct message *message,
		      struct job *job)
{
	int rc = ledger_load(ledger, message->id, job);

	if (rc == 0 && message->which != 0 && job->round + 1 != message->which)
		rc = -ENOENT;
	return rc;
}

void ledger_cancel(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now)
{
	struct queue_entry *entry = queue_find(ledger->queue, message->id);
	struct job job;
	int rc = load_meant(ledger, message, &job);

	if (rc == 0 && entry == NULL)
		rc = job.forgotten ? -ENOENT : -EINVAL;
	else if (rc == 0 && is_ours(ledger, entry, &job))
		rc = cancel_ours(ledger, entry, &job, now);
	else if (rc == 0)
		rc = wish(ledger, "cancel", &job, now);
	ledger_answer(ledger, link, message, message->id, -rc, false);
}

void ledger_forget(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now)
{
	struct job job;
	int rc = load_meant(ledger, message, &job);

	if (rc == 0 && job.forgotten)
		rc = -ENOENT;
	if (rc == 0 && !job_has_ended(&job))
		rc = -EINVAL;
	if (rc == 0 && ledger->leads) {
		rc = forget_ended(ledger, &job, now);
	} else if (rc == 0) {
		rc = wish(ledger, "forget", &job, now);
		if (rc == 0) {
			ledger_ask_forget(ledger, link, message, &job, now);
			return;
		}
	}
	ledger_answer(ledger, link, message, message->id, -rc, false);
}
