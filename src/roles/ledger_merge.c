/* ledger_merge - a record that counts, from another node or from our own past,
 * and what follows from it.
 */
#include <errno.h>

#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

static const char job_prefix[] = "job/";

static bool is_job(struct text key)
{
	size_t len = sizeof(job_prefix) - 1;

	return key.len > len && memcmp(key.at, job_prefix, len) == 0;
}

/* A node did not accept what it was given. */
static void note_declined(struct ledger *ledger,
			  const struct queue_entry *entry,
			  struct ledger_now now)
{
	if (ledger->leads && entry->assigned &&
	    entry->node < ledger->nodes_count)
		ledger->nodes[entry->node].declined_ms = now.ms;
}

static void line_up(struct ledger *ledger, struct queue_entry *entry,
		    const struct job *job, struct ledger_now now)
{
	bool given = job->node.len > 0;

	if (given && entry->token != job->held) {
		queue_give(ledger->queue, entry, job->held);
	} else if (!given && entry->token != 0) {
		note_declined(ledger, entry, now);
		queue_return(ledger->queue, entry, 0, 0);
	}
	ledger_enqueue_tell(ledger, entry, job);
}

/* Brings the line of live jobs to what is known of JOB now. */
static void queue_job(struct ledger *ledger, const struct job *job,
		      struct ledger_now now)
{
	struct queue_entry *entry = queue_find(ledger->queue, job->id);

	if (entry != NULL && entry->slot != QUEUE_NONE) {
		/* It runs here, and somebody else says how it is: only were
		 * our generation over. */
		ledger_give_up(ledger);
		return;
	}
	if (job_has_ended(job)) {
		ledger_learn(ledger, job);
		if (entry != NULL)
			queue_remove(ledger->queue, entry);
		return;
	}
	if (entry == NULL)
		entry = ledger_enqueue(ledger, job);
	if (entry != NULL)
		line_up(ledger, entry, job, now);
}

/* Was it promised, as KNOWN tells, before it was refused, or kept by a leader
 * as it was asked for elsewhere?
 */
static bool breaks_promise(const struct view_job *known, const struct job *job)
{
	struct record record;
	struct job before;

	return (job->joined.len > 0 ||
		(job->asked && !ledger_is_promised(job))) &&
	       record_decode(&record, known->record.at, known->record.len) ==
		       0 &&
	       job_decode(&before, &record) == 0 &&
	       ledger_is_promised(&before) && before.round == job->round;
}

/* JOB was asked for under a version below that of what is KNOWN: perhaps that
 * was refused, or is of one that had its id before, which who asked has
 * forgotten already.
 */
static int hear_late_ask(struct ledger *ledger, struct job *job,
			 const struct view_job *known)
{
	struct record record;
	struct job before;

	if (record_decode(&record, known->record.at, known->record.len) != 0 ||
	    job_decode(&before, &record) != 0)
		return 0;
	if (job_has_ended(&before) &&
	    job->created_ms - before.expires_ms >
		    LEDGER_HISTORY_MS - LEDGER_AHEAD_MS) {
		job->round = before.round + 1;
		return ledger_ask_anew(ledger, job, before.version);
	}
	return ledger->leads && ledger_is_promised(job)
		       ? ledger_mend_promise(ledger, job->id, job->round)
		       : 0;
}

static int merge_job(struct ledger *ledger, const struct record *record,
		     struct ledger_now now)
{
	struct view *view = ledger->world.view;
	struct view_job known;
	struct job job;
	bool breaks;
	int rc = job_decode(&job, record);

	if (rc != 0)
		return 0; /* of a later version of the program, or damaged */
	rc = view->ops->get(view, job.id, &known);
	if (rc == 0 &&
	    version_compare(ledger_counted(&known), job.version) >= 0)
		return job.asked ? hear_late_ask(ledger, &job, &known) : 0;
	if (rc != 0 && rc != -ENOENT)
		return rc;
	breaks = rc == 0 && breaks_promise(&known, &job);
	rc = ledger_take_in(ledger, &job, rc == 0 ? &known : NULL);
	if (rc == 0 && !job_has_ended(&job) && job.node.len > 0)
		ledger_note_orphan(ledger, job.node, job.generation,
				   job.assigned ? job.held : 0);
	if (rc == 0 && ledger->open)
		queue_job(ledger, &job, now);
	if (rc == 0 && ledger->open && breaks)
		rc = ledger_mend_promise(ledger, job.id, job.round);
	return rc;
}

static struct text name_of(struct text key)
{
	const char *slash = memchr(key.at, '/', key.len);
	size_t head = slash != NULL ? (size_t)(slash - key.at) + 1 : key.len;

	return (struct text){ key.at + head, key.len - head };
}

static uint64_t number_of(const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;
	uint64_t number = 0;

	while (dec_next(&dec, &field))
		if (field.tag == RECORD_VALUE_TAG)
			number = field_u64(&field);
	return number;
}

uint64_t ledger_settled(struct ledger *ledger, struct text node)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;

	return ledger_get_register(ledger,
				   ledger_wish_key("ended", "", node, key),
				   &record) == 0
		       ? number_of(&record)
		       : 0;
}

void ledger_hear_end(struct ledger *ledger, const struct record *record)
{
	struct text name = name_of(record->key);
	struct ledger_node *node = ledger_node_of(ledger, name);
	uint64_t number = number_of(record);

	if (text_is(name, ledger->world.place.node)) {
		/* Our clocks did not tell: this machine was paused, they with
		 * it. */
		if (number == ledger->generation)
			ledger_give_up(ledger);
	} else if (node != NULL && number > node->ended) {
		node->ended = number;
	}
}

static void hear_ended(struct ledger *ledger, const struct record *record)
{
	struct text name = name_of(record->key);
	struct ledger_node *node = ledger_node_of(ledger, name);
	uint64_t number = number_of(record);

	ledger_hear_end(ledger, record);
	if (node != NULL && number > node->settled) {
		node->settled = number;
		node->retells = true;
	}
	if (!text_is(name, ledger->world.place.node))
		return;
	if (number > ledger->drops_to) {
		ledger->drops = true;
		ledger->drops_to = number;
	}
}

/* What the register RECORD is about was not known before. */
static int hear(struct ledger *ledger, const struct record *record,
		struct ledger_now now)
{
	switch (ledger_register_kind(record->key)) {
	case LEDGER_ENABLED:
	case LEDGER_STOPPED:
	case LEDGER_ASKED:
	case LEDGER_MOVE:
		return ledger_single_hear(ledger, name_of(record->key));
	case LEDGER_SINGLE:
		ledger_single_merge(ledger, record, now);
		return 0;
	case LEDGER_OFFER:
		/* What we said in another life, above what we say now. */
		if (text_is(name_of(record->key), ledger->world.place.node))
			ledger->told = LEDGER_TOLD_NOTHING;
		return ledger_hear_offer(ledger, name_of(record->key), record);
	case LEDGER_ENDED:
		hear_ended(ledger, record);
		return 0;
	case LEDGER_CANCEL:
	case LEDGER_FORGET:
		ledger_wish_heard(ledger);
		return 0;
	default:
		return 0;
	}
}

int ledger_merge(struct ledger *ledger, const struct record *record,
		 struct ledger_now now)
{
	uint32_t epoch = token_epoch(record->version.token);
	int rc;

	if (epoch > ledger->saw)
		ledger->saw = epoch;
	if (epoch > ledger->decided &&
	    (is_job(record->key) ||
	     ledger_register_kind(record->key) == LEDGER_SINGLE))
		ledger->decided = epoch;
	if (is_job(record->key))
		return merge_job(ledger, record, now);
	if (ledger_register_kind(record->key) < 0)
		return 0;
	rc = ledger_show_register(ledger, record);
	if (rc != 0)
		return rc == -EALREADY ? 0 : rc;
	return ledger->open ? hear(ledger, record, now) : 0;
}
