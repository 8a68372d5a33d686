/* ledger_lead - begins to lead, and takes back what ended generations held.
 *
 * What an ended generation wrote behind the end it last showed counts for
 * nobody yet; perhaps for it alone, and then it was acknowledged.  The leader
 * reads it to the physical end.  Of ownership and outcomes it writes what wins
 * again under a token of its own: what older epochs began may surface later
 * still, and loses.  Wishes have clocks of their own and stay as they are.
 */
#include <errno.h>
#include <string.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_found.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

struct reading {
	struct ledger *ledger;
	uint64_t claim; /* to lead, for which all of that is read */
	struct ledger_found found;
};

/* Is it of a kind that is not the same for everybody until a leader says so? */
static bool is_owned(struct text key)
{
	return ledger_register_kind(key) == LEDGER_SINGLE ||
	       ledger_register_kind(key) < 0;
}

static bool is_news(struct ledger *ledger, const struct record *record)
{
	struct view *view = ledger->world.view;
	struct view_register known;
	char id[JOB_ID_LEN + 1];
	struct view_job job;
	int rc;

	if (ledger_register_kind(record->key) >= 0) {
		rc = view->ops->get_register(view, record->key, &known);
		return rc != 0 ||
		       version_compare(known.version, record->version) < 0;
	}
	if (record->key.len != sizeof("job/") - 1 + JOB_ID_LEN)
		return false; /* "epoch" */
	/* In a record nothing terminates it. */
	memcpy(id, record->key.at + sizeof("job/") - 1, JOB_ID_LEN);
	id[JOB_ID_LEN] = '\0';
	rc = view->ops->get(view, id, &job);
	return rc != 0 ||
	       version_compare(ledger_counted(&job), record->version) < 0;
}

/* Was a newer epoch shown?  To read what many thousands of jobs left takes
 * long, perhaps longer than a lease: the promise must not wait for that, or
 * node after node loses its own lease, joins, claims, and has the next lose it.
 */
static bool is_overtaken(const struct reading *reading)
{
	return atomic_load(&reading->ledger->world.board->cluster.wish) >
	       reading->claim;
}

static int find(void *arg, const struct record *record)
{
	struct reading *reading = arg;
	struct ledger_now none = { 0, 0 };
	int rc = 0;

	if (is_overtaken(reading))
		return -ECANCELED;
	/* It may have been about to keep what another left: that is read again.
	 */
	if (ledger_register_kind(record->key) == LEDGER_ENDED) {
		ledger_hear_end(reading->ledger, record);
		return 0;
	}
	if (is_owned(record->key) && is_news(reading->ledger, record))
		rc = ledger_found_add(&reading->found, record->key);
	return rc != 0 ? rc : ledger_merge(reading->ledger, record, none);
}

static int adopt_single(struct ledger *ledger, struct text key)
{
	struct record record;
	struct single next;
	uint8_t value[512];
	int len;
	int rc = ledger_get_register(ledger, key, &record);

	if (rc == 0)
		rc = single_decode(&next, &record);
	if (rc != 0)
		return rc;
	next.version = (struct version){ .token = ledger_token(ledger) };
	len = single_encode(&next, value, sizeof(value));
	if (len < 0)
		return len;
	record = (struct record){ key,
				  next.version,
				  { (const char *)value, (size_t)len } };
	rc = ledger_put_register(ledger, &record);
	if (rc == 0)
		ledger_single_merge(ledger, &record, (struct ledger_now){ 0 });
	return rc;
}

static int adopt_job(struct ledger *ledger, const char *id)
{
	struct job job;
	int rc = ledger_load(ledger, id, &job);

	if (rc != 0)
		return rc;
	job.version = (struct version){ .token = ledger_token(ledger) };
	return ledger_store(ledger, &job, true);
}

static int adopt(struct ledger *ledger, const char *key)
{
	if (ledger_register_kind(text_of(key)) == LEDGER_SINGLE)
		return adopt_single(ledger, text_of(key));
	return adopt_job(ledger, key + sizeof("job/") - 1);
}

static int put_ended(struct ledger *ledger, const struct ledger_node *node)
{
	char key[RECORD_KEY_MAX + 1];
	uint8_t value[16];
	struct enc enc = enc_init(value, sizeof(value));
	struct record record = {
		.key = ledger_wish_key("ended", "", text_of(node->name), key),
		.version = { .token = ledger_token(ledger) },
	};

	enc_u64(&enc, RECORD_VALUE_TAG, node->ended);
	if (enc_end(&enc) < 0)
		return -ENOSPC;
	record.value = (struct text){ (const char *)value, enc.len };
	return ledger_put_register(ledger, &record);
}

static void take_back_singles(struct ledger *ledger, struct ledger_now now)
{
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		struct ledger_single *single = &ledger->singles[i];
		const struct single *kept = &single->kept;

		if (!single->used || !kept->held || single->slot != QUEUE_NONE)
			continue;
		if (ledger_has_ended(ledger, text_of(kept->node),
				     kept->generation) ||
		    (!kept->accepted &&
		     token_epoch(kept->token) < ledger->epoch))
			ledger_single_take_back(ledger, single, now);
	}
}

/* Will who was given JOB never end it? */
static bool is_lost(struct ledger *ledger, const struct job *job)
{
	return ledger_has_ended(ledger, job->node, job->generation) ||
	       (job->assigned && token_epoch(job->held) < ledger->epoch);
}

static void take_back_jobs(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry;
	struct queue_entry *next;
	struct job job;

	for (entry = queue_each_given(ledger->queue, NULL); entry != NULL;
	     entry = next) {
		next = queue_each_given(ledger->queue, entry);
		if (entry->slot == QUEUE_NONE &&
		    ledger_load(ledger, entry->id, &job) == 0 &&
		    is_lost(ledger, &job))
			ledger_take_back(ledger, entry, now);
	}
}

static bool is_unsettled(const struct ledger_node *node)
{
	return node->name[0] != '\0' && node->ended > node->settled;
}

/* All of it is kept. */
static int note_settled(struct ledger *ledger, size_t adopted)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (!is_unsettled(node))
			continue;
		rc = put_ended(ledger, node);
		if (rc != 0)
			break;
		node->settled = node->ended;
		log_info("journal: read what is left of node=%s up to "
			 "generation=%llu, adopted=%zu",
			 node->name, (unsigned long long)node->ended, adopted);
	}
	return rc;
}

/* Reads what is left of all that ended, and keeps it; how many they were, or a
 * negative errno: -ESTALE when somebody has led under CLAIM, or above, or we
 * are counted dead.  The
 * slots may have forgotten that, should they be torn or all have begun anew.
 * -ECANCELED: a newer one is to be promised first.
 * All is read before any of it is written again: what one left may be
 * superseded by what another did.
 */
static int settle_all(struct ledger *ledger, uint64_t claim)
{
	struct reading reading = { .ledger = ledger, .claim = claim };
	const struct ledger_found *found = &reading.found;
	int settled = 0;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (!is_unsettled(node))
			continue;
		/* All of it goes into a snapshot, which is of any size. */
		ledger->fresh = false;
		rc = ledger_begin(ledger);
		if (rc == 0)
			rc = follow_tail(&node->follow, node->settled,
					 node->ended, find, &reading);
		settled++;
	}
	if (rc == 0 && (ledger->decided >= claim || !ledger->open))
		rc = -ESTALE;
	for (uint32_t i = 0; rc == 0 && i < found->count; i++)
		rc = is_overtaken(&reading) ? -ECANCELED
					    : adopt(ledger, found->keys[i]);
	if (rc == 0)
		rc = note_settled(ledger, found->count);
	ledger_found_free(&reading.found);
	return rc != 0 ? rc : settled;
}

static bool has_read_all(const struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		/* Of the ended all there is will be read. */
		if (ledger->nodes[i].name[0] != '\0' &&
		    !ledger->nodes[i].self && ledger->nodes[i].behind &&
		    ledger->nodes[i].generation > ledger->nodes[i].ended)
			return false;
	return true;
}

void ledger_resign(struct ledger *ledger)
{
	if (!ledger->leads)
		return;
	ledger->leads = false;
	atomic_store(&ledger->world.board->cluster.leads, 0);
	log_info("journal: leads no more epoch=%u", ledger->epoch);
	ledger->world.ops->tell(ledger->world.arg);
	ledger->world.ops->news(ledger->world.arg);
}

bool ledger_lead(struct ledger *ledger, uint64_t claim, struct ledger_now now)
{
	int rc;

	/* Once more, after the barrier: what they show with the epoch. */
	ledger_follow(ledger, now);
	if (!ledger->open || !has_read_all(ledger))
		return false;
	ledger->leads = true;
	ledger->led_ms = now.ms;
	ledger->asks = true; /* of us, before */
	ledger->wishes_due = true;
	ledger->heard = ledger->epoch;
	ledger->spent = claim;
	ledger->counter = 0;
	rc = settle_all(ledger, claim);
	if (rc >= 0) {
		take_back_singles(ledger, now);
		take_back_jobs(ledger, now);
		/* The first thing under the epoch, so that who reads it knows
		 * of it. */
		ledger->fresh = false;
		rc = ledger_begin(ledger);
	}
	if (rc >= 0)
		rc = ledger_commit(ledger, now);
	if (rc < 0 || !ledger->open) {
		log_err(rc, "journal: cannot lead epoch=%u", ledger->epoch);
		ledger->leads = false;
		ledger->open = false;
		if (rc != -ECANCELED)
			ledger_step_aside(ledger, now);
		return false;
	}
	atomic_store(&ledger->world.board->cluster.leads, claim);
	log_info("journal: leads epoch=%u kept=%llu live=%u", ledger->epoch,
		 (unsigned long long)ledger->kept, ledger->queue->count);
	events_add(ledger->world.board, EVENT_LEADS, ledger->world.place.node,
		   "under epoch %u", ledger->epoch);
	ledger->world.ops->tell(ledger->world.arg);
	ledger->world.ops->news(ledger->world.arg);
	return true;
}

/* What a node that is gone left is ours by now. */
static void forget(struct ledger *ledger, struct ledger_now now)
{
	struct shared *shared = ledger->world.journal->shared;

	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (node->name[0] == '\0' || node->self || node->forgotten ||
		    node->generation > node->settled ||
		    now.ms - node->changed_ms < LEDGER_FORGET_MS ||
		    shared->ops->forget == NULL || ledger->in_batch)
			continue;
		node->forgotten = true;
		if (shared->ops->forget(shared, node->name) == 0)
			log_info("journal: removed the journal of node=%s, "
				 "which is gone",
				 node->name);
	}
}

/* Who stood still with its clocks may say so when its past was read already. */
void ledger_note_orphan(struct ledger *ledger, struct text name,
			uint64_t generation, uint64_t given)
{
	if (ledger->leads &&
	    (ledger_has_ended(ledger, name, generation) ||
	     (given != 0 && token_epoch(given) < ledger->epoch)))
		ledger->orphans = true;
}

void ledger_lead_turn(struct ledger *ledger, struct ledger_now now)
{
	int rc;

	if (!ledger->in_cluster || !ledger->leads)
		return;
	forget(ledger, now);
	/* Somebody has decided above us: this machine stood still meanwhile. */
	rc = ledger->decided > ledger->epoch
		     ? -ESTALE
		     : settle_all(ledger, (uint64_t)ledger->epoch + 1);
	if (rc > 0 || (rc == 0 && ledger->orphans)) {
		ledger->orphans = false;
		take_back_singles(ledger, now);
		take_back_jobs(ledger, now);
	} else if (rc < 0) {
		log_err(rc, "journal: cannot read what is left of a node, "
			    "leads no more");
		ledger_resign(ledger);
		ledger->open = false;
	}
}
