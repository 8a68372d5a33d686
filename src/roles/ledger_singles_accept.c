/* ledger_singles_accept - a singleton in a cluster: taken by the node it is
 * assigned to, heard of by the others, handed over.
 */
#include <errno.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

#define TAG_TOKEN RECORD_VALUE_TAG
#define TAG_TO	  17

#define IGNORED_LEASES 4    /* so long an assignment may be ignored, */
#define IGNORED_MIN_MS 5000 /* and at least so long */

bool ledger_single_is_mine(const struct ledger *ledger,
			   const struct ledger_single *single)
{
	if (!ledger->in_cluster)
		return single->kept.held;
	return single->kept.held &&
	       single->kept.generation == ledger->generation &&
	       strcmp(single->kept.node, ledger->world.place.node) == 0;
}

static bool is_wanted(const struct ledger *ledger,
		      const struct ledger_single *single)
{
	return single->unit != NULL && single->foreign == NULL &&
	       ledger_single_may_run(ledger, single) &&
	       single->kept.digest == single->digest;
}

void ledger_single_accept(struct ledger *ledger, struct ledger_single *single,
			  struct ledger_now now)
{
	struct single next = single->kept;

	/* Nothing under an older epoch than the one promised. */
	if (token_epoch(next.token) < ledger->epoch || !ledger->in ||
	    !ledger_holds(ledger) || ledger->given_count == LEDGER_GIVEN_MAX ||
	    ledger_begin(ledger) != 0)
		return;
	next.version.step++;
	next.accepted = is_wanted(ledger, single);
	if (!next.accepted) {
		next.held = false;
		next.ended_ms = now.wall_ms;
		next.how = HOW_LATER;
		log_info("journal: declines singleton=%s", single->name);
	}
	if (ledger_single_keep(ledger, single, &next) != 0 || !next.accepted)
		return;
	single->slot = QUEUE_NONE;
	single->skip = false;
	ledger->given[ledger->given_count++] =
		(struct ledger_given){ .single = single, .token = next.token };
}

int64_t ledger_patience_ms(const struct ledger *ledger)
{
	int64_t patience_ms =
		IGNORED_LEASES *
		(int64_t)ledger->world.board->cluster.terms.lease_ms;

	return patience_ms < IGNORED_MIN_MS ? IGNORED_MIN_MS : patience_ms;
}

/* Was it given to a node that lives, and neither takes nor declines it? */
static bool is_ignored(const struct ledger *ledger,
		       const struct ledger_single *single,
		       struct ledger_now now)
{
	return single->used && single->kept.held && !single->kept.accepted &&
	       token_epoch(single->kept.token) == ledger->epoch &&
	       now.ms - single->given_ms >= ledger_patience_ms(ledger);
}

/* An assignment is never withdrawn, but is void under a new epoch: and a node
 * that can't promise that either, since its journal role stands still, loses
 * its lease.
 */
void ledger_singles_judge(struct ledger *ledger, struct ledger_now now)
{
	for (unsigned i = 0;
	     i < ledger->singles_high && ledger->in_cluster && ledger->leads;
	     i++) {
		const struct ledger_single *single = &ledger->singles[i];

		if (!is_ignored(ledger, single, now))
			continue;
		log_warn(0,
			 "journal: node=%s does not take singleton=%s, a new "
			 "epoch is needed",
			 single->kept.node, single->name);
		ledger_resign(ledger);
	}
}

/* It ended on another node. */
static void note_end(struct ledger *ledger, struct ledger_single *single,
		     struct ledger_now now)
{
	const struct single *kept = &single->kept;
	const struct message message = { .how = kept->how, .exit = kept->exit };

	single->look_ms = 0;
	if (!ledger->leads)
		return;
	ledger_single_pause(ledger, single, &message, now);
}

void ledger_single_merge(struct ledger *ledger, const struct record *record,
			 struct ledger_now now)
{
	const char *name = record->key.at + sizeof("single/") - 1;
	struct ledger_single *single = ledger_single_find(
		ledger,
		(struct text){ name, record->key.len - sizeof("single/") + 1 });
	struct single next;
	bool ended;

	if (single == NULL || single_decode(&next, record) != 0)
		return;
	if (single->slot != QUEUE_NONE &&
	    (next.token != single->kept.token || !next.held)) {
		/* Somebody gave away what runs here: our generation is over
		 * for them. */
		log_err(0, "journal: singleton=%s was taken back",
			single->name);
		ledger_give_up(ledger);
		return;
	}
	ended = single->kept.held && !next.held;
	if (next.slot_ms != single->kept.slot_ms ||
	    next.since_ms != single->kept.since_ms)
		single->due = (struct due){ .slot_ms = next.slot_ms,
					    .from_ms = next.since_ms };
	single->kept = next;
	single->look_ms = 0;
	ledger->news = true;
	if (next.held)
		ledger_note_orphan(ledger, text_of(next.node), next.generation,
				   next.accepted ? 0 : next.token);
	if (ended)
		note_end(ledger, single, now);
}

int ledger_single_hear_move(struct ledger *ledger, struct ledger_single *single)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	struct field field;
	struct dec dec;
	int rc = ledger_get_register(
		ledger, ledger_wish_key("move", "", text_of(single->name), key),
		&record);

	if (rc != 0)
		return rc == -ENOENT ? 0 : rc;
	dec = dec_init(record.value.at, record.value.len);
	while (dec_next(&dec, &field)) {
		if (field.tag == TAG_TOKEN)
			single->move = field_u64(&field);
		else if (field.tag == TAG_TO)
			text_copy(text_cut(field.body, BOARD_NAME_MAX),
				  single->move_to, sizeof(single->move_to));
	}
	return 0;
}

/* May TO, "" = any other node, have it? */
static int check_target(struct ledger *ledger,
			const struct ledger_single *single, struct text to)
{
	const struct ledger_node *node = ledger_node_of(ledger, to);
	unsigned others = 0;

	if (to.len > 0 && node == NULL)
		return -ENOENT;
	if (to.len > 0)
		return ledger_offered(ledger, node, single) != 0 ? 0 : -EINVAL;
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (strcmp(ledger->nodes[i].name, single->kept.node) != 0 &&
		    ledger_offered(ledger, &ledger->nodes[i], single) != 0)
			others++;
	return others > 0 ? 0 : -EINVAL;
}

int ledger_single_move(struct ledger *ledger, struct ledger_single *single,
		       struct text to)
{
	char key[RECORD_KEY_MAX + 1];
	uint8_t value[128];
	struct enc enc = enc_init(value, sizeof(value));
	struct record record = {
		.key = ledger_wish_key("move", "", text_of(single->name), key)
	};
	int rc;

	if (!ledger->in_cluster || !single->kept.held)
		return -EBUSY;
	if (to.len > 0 && text_is(to, single->kept.node))
		return 0;
	rc = check_target(ledger, single, to);
	if (rc != 0)
		return rc;
	enc_u64(&enc, TAG_TOKEN, single->kept.token);
	enc_text(&enc, TAG_TO, to);
	if (enc_end(&enc) < 0)
		return -ENOSPC;
	record.version = ledger_wish_version(ledger, record.key);
	record.value = (struct text){ (const char *)value, enc.len };
	rc = ledger_put_register(ledger, &record);
	return rc != 0 ? rc : ledger_single_hear_move(ledger, single);
}
