/* ledger_settle - reads what ended generations left, as whoever leads does.
 *
 * What an ended generation wrote behind the end it last showed counts for
 * nobody yet; perhaps for it alone, and then it was acknowledged.  The leader
 * reads it to the physical end.  Of ownership and outcomes it writes what wins
 * again under a token of its own: what older epochs began may surface later
 * still, and loses.  Wishes have clocks of their own and stay as they are.
 */
#include <errno.h>
#include <string.h>

#include "io/log.h"
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

/* Nobody has renewed a lease in a slot that was found dead: so whoever has
 * something there has ended, even where the slot shows an earlier generation
 * because writes of that one, long on their way, landed over the last.
 */
static bool note_end(struct ledger *ledger, struct text name,
		     uint64_t generation, struct ledger_now now)
{
	struct ledger_node *node = ledger_node_of(ledger, name);

	if (node == NULL || !node->dead || generation <= node->ended)
		return false;
	node->ended = generation;
	node->ended_ms = now.ms;
	return true;
}

/* True: there is more to read of. */
static bool note_ends(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry = NULL;
	struct job job;
	bool more = false;

	for (unsigned i = 0; i < ledger->singles_high; i++) {
		const struct single *kept = &ledger->singles[i].kept;

		if (ledger->singles[i].used && kept->held)
			more |= note_end(ledger, text_of(kept->node),
					 kept->generation, now);
	}
	while ((entry = queue_each_given(ledger->queue, entry)) != NULL)
		if (entry->slot == QUEUE_NONE &&
		    ledger_load(ledger, entry->id, &job) == 0)
			more |= note_end(ledger, job.node, job.generation, now);
	return more;
}

/* Of all generations that ended; *COUNT of nodes.  0 or a negative errno. */
static int read_left(struct reading *reading, int *count)
{
	struct ledger *ledger = reading->ledger;
	int rc = 0;

	*count = 0;
	for (uint32_t i = 0; rc == 0 && i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (!is_unsettled(node))
			continue;
		/* All of it goes into a snapshot, which is of any size. */
		ledger->fresh = false;
		rc = ledger_begin(ledger);
		if (rc == 0)
			rc = follow_tail(&node->follow, node->settled,
					 node->ended, find, reading);
		(*count)++;
	}
	return rc;
}

/* All is read before any of it is written again: what one left may be
 * superseded by what another did.
 */
int ledger_settle_ended(struct ledger *ledger, uint64_t claim,
			struct ledger_now now)
{
	struct reading reading = { .ledger = ledger, .claim = claim };
	const struct ledger_found *found = &reading.found;
	int settled = 0;
	int rc;

	do
		rc = read_left(&reading, &settled);
	while (rc == 0 && (settled > 0 || ledger->orphans) &&
	       note_ends(ledger, now));
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
