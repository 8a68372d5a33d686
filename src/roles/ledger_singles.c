/* ledger_singles - singletons: what each of them needs, turn by turn.
 *
 * One that always runs is assigned once; its worker starts it again in place
 * under the same token, and when that gives up, it is assigned anew after a
 * pause that grows.  One with times is assigned for each run; core/due.h says
 * when, and the assignment that is made durable before the run uses the time.
 */
#include "roles/ledger_singles.h"
#include "io/events.h"
#include "io/log.h"
#include "roles/after.h"
#include "roles/ledger_parts.h"

bool ledger_single_is_enabled(const struct ledger_single *single)
{
	return single->unit != NULL &&
	       (single->enabled ||
		(single->unit->enabled && !single->disabled));
}

bool ledger_single_is_timed(const struct ledger_single *single)
{
	return single->unit != NULL && unit_is_timed(single->unit);
}

bool ledger_is_leaving(const struct ledger *ledger)
{
	const struct board *board = ledger->world.board;

	return atomic_load(&board->stopping) != 0 ||
	       atomic_load(&board->drain) != 0;
}

bool ledger_single_may_run(const struct ledger *ledger,
			   const struct ledger_single *single)
{
	return ledger_single_is_enabled(single) && !single->stopped &&
	       !ledger_is_leaving(ledger);
}

/* May it be given to anybody? */
static bool may_assign(const struct ledger *ledger,
		       const struct ledger_single *single)
{
	if (!ledger->in_cluster)
		return ledger_single_may_run(ledger, single);
	return ledger->leads && ledger_single_is_enabled(single) &&
	       !single->stopped;
}

/* To whom?  False: to nobody now. */
static bool place(struct ledger *ledger, struct ledger_single *single,
		  struct single *next)
{
	const struct ledger_node *node;

	next->accepted = true;
	next->generation = 0;
	next->digest = single->digest;
	if (!ledger->in_cluster) {
		text_copy(text_of(ledger->world.place.node), next->node,
			  sizeof(next->node));
		return true;
	}
	node = ledger_place(ledger, single, &next->digest);
	single->waits = node == NULL;
	if (node == NULL)
		return false;
	text_copy(text_of(node->name), next->node, sizeof(next->node));
	next->generation = node->generation;
	next->accepted = node->self;
	return true;
}

int ledger_single_keep(struct ledger *ledger, struct ledger_single *single,
		       const struct single *next)
{
	char key[RECORD_KEY_MAX + 1];
	uint8_t value[512];
	struct record record = {
		.key = single_key(text_of(single->name), key),
		.version = next->version,
	};
	int len = single_encode(next, value, sizeof(value));
	int rc;

	if (len < 0)
		return len;
	record.value = (struct text){ (const char *)value, (size_t)len };
	rc = ledger_put_register(ledger, &record);
	if (rc == 0)
		single->kept = *next;
	else
		log_err(rc, "journal: cannot keep singleton=%s", single->name);
	return rc;
}

/* Why is it given to another node than before? */
static void tell_move(struct ledger *ledger, const struct ledger_single *single,
		      const struct single *next)
{
	const struct single *kept = &single->kept;
	const char *why = "it ended there";

	if (kept->node[0] == '\0' || strcmp(kept->node, next->node) == 0)
		return;
	if (single->move != 0 && single->move == kept->token)
		why = "handed over";
	else if (ledger_has_ended(ledger, text_of(kept->node),
				  kept->generation))
		why = "that node is gone, or was";
	else if (kept->how == HOW_FAILED || kept->how == HOW_LOST)
		why = "it failed there";
	events_add(ledger->world.board, EVENT_UNIT_MOVED, single->name,
		   "from %s to %s: %s", kept->node, next->node, why);
}

void ledger_single_assign(struct ledger *ledger, struct ledger_single *single,
			  int64_t slot_ms, struct ledger_now now)
{
	struct single next = single->kept;
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];

	if (ledger->given_count == LEDGER_GIVEN_MAX ||
	    !place(ledger, single, &next))
		return;
	if (single->asked && ledger_single_ask(ledger, single, false) != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return;
	}
	next.version = (struct version){ .token = ledger_token(ledger) };
	next.held = true;
	next.done = false;
	next.token = next.version.token;
	next.times = single->times;
	if (slot_ms > next.slot_ms)
		next.slot_ms = slot_ms;
	next.began_ms = now.wall_ms;
	if (ledger->in_cluster)
		tell_move(ledger, single, &next);
	if (ledger_single_keep(ledger, single, &next) != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return;
	}
	due_claim(&single->due, slot_ms);
	single->given_ms = now.ms;
	single->look_ms = 0;
	single->slot = QUEUE_NONE;
	single->skip = false;
	atomic_fetch_add(&shown->runs, 1);
	if (!next.accepted)
		return;
	ledger->given[ledger->given_count++] =
		(struct ledger_given){ .single = single, .token = next.token };
}

static void look_at_holding(struct ledger *ledger, struct ledger_single *single,
			    struct ledger_now now)
{
	struct holding *holding;
	enum wanted wanted = ledger_single_wanted(ledger, single);

	if (single->slot == QUEUE_NONE)
		return; /* it will be, once it is durable */
	holding = &ledger->world.board->holdings[single->slot];
	if (atomic_load(&holding->phase) == PHASE_LOST &&
	    atomic_load(&holding->phase_token) == single->kept.token) {
		ledger_single_take_loss(ledger, single, now);
		return;
	}
	/* What was told to end does. */
	if (atomic_load(&holding->wanted) >= (uint32_t)wanted)
		return;
	atomic_store(&holding->wanted, wanted);
	ledger->world.ops->ring(ledger->world.arg, false, true);
}

/* Has what is to run once run, by a definition that somebody has?  Nodes may
 * have different ones for a while, and the leader's is not better than
 * another's.
 */
static bool is_done(const struct ledger *ledger,
		    const struct ledger_single *single)
{
	bool known = single->kept.digest == single->digest;

	for (uint32_t i = 0; i < ledger->nodes_count && !known; i++) {
		const struct ledger_node *node = &ledger->nodes[i];

		known = node->member && node->digests != NULL &&
			node->digests[single - ledger->singles] ==
				single->kept.digest;
	}
	return single->kept.done && known;
}

static void turn_continuous(struct ledger *ledger, struct ledger_single *single,
			    struct ledger_now now)
{
	bool done = is_done(ledger, single);

	if (single->kept.held || !may_assign(ledger, single) ||
	    (done && !single->asked) || now.ms < single->not_before_ms)
		return;
	/* In a cluster it waits where it is to run. */
	single->waits = !ledger->in_cluster &&
			!after_is_ready(ledger->world.board, ledger->config,
					single->unit);
	if (!single->waits)
		ledger_single_assign(ledger, single, 0, now);
}

/* Its place is free for another.  Should it ever come again it is a new one. */
static void drop(struct ledger *ledger, struct ledger_single *single)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];

	ledger_foreign_free(single->foreign);
	single->foreign = NULL;
	/* In a cluster others may have it. */
	if (!ledger->in_cluster && ledger_single_forget(ledger, single) != 0)
		return;
	atomic_store(&shown->goal, GOAL_NONE);
	board_text_set(&shown->name, text_of(""));
	ledger->news = true;
	*single = (struct ledger_single){ .used = false };
}

static void turn(struct ledger *ledger, struct ledger_single *single,
		 struct ledger_now now)
{
	bool mine = ledger_single_is_mine(ledger, single);

	single->waits = false;
	if (mine && !single->kept.accepted)
		ledger_single_accept(ledger, single, now);
	else if (mine)
		look_at_holding(ledger, single, now);
	if (single->unit == NULL && !ledger_single_is_mine(ledger, single)) {
		drop(ledger, single);
		return;
	}
	/* What an operator told us of its times was for then. */
	if (!ledger->leads)
		single->is_new = single->rewind = false;
	if (ledger->leads && ledger_single_is_timed(single))
		ledger_single_turn_timed(ledger, single, now);
	else if (ledger->leads && single->unit != NULL)
		turn_continuous(ledger, single, now);
	ledger_single_show(ledger, single, now);
}

/* What no node offers any more is nobody's. */
static void drop_foreign(struct ledger *ledger)
{
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		struct ledger_single *single = &ledger->singles[i];
		bool offered = false;

		for (uint32_t n = 0; n < ledger->nodes_count; n++)
			offered =
				offered || (ledger->nodes[n].digests != NULL &&
					    ledger->nodes[n].digests[i] != 0);
		if (single->used && single->foreign != NULL && !offered &&
		    !single->kept.held)
			single->unit = NULL;
	}
}

void ledger_singles_wake(struct ledger *ledger)
{
	drop_foreign(ledger);
	for (unsigned i = 0; i < ledger->singles_high; i++)
		ledger->singles[i].look_ms = 0;
}

void ledger_singles_turn(struct ledger *ledger, struct ledger_now now)
{
	ledger_place_turn(ledger, now);
	for (unsigned i = 0;
	     i < ledger->singles_high && ledger_has_room(ledger); i++)
		if (ledger->singles[i].used)
			turn(ledger, &ledger->singles[i], now);
	ledger_singles_judge(ledger, now);
	if (ledger->news)
		ledger->world.ops->news(ledger->world.arg);
	ledger->news = false;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t deadline_of(const struct ledger_single *single,
			   struct ledger_now now)
{
	int64_t deadline = INT64_MAX;

	if (!single->used || single->unit == NULL)
		return INT64_MAX;
	if (!single->kept.held && single->waits)
		return now.ms + LEDGER_AFTER_MS;
	if (!single->kept.held && single->not_before_ms > now.ms)
		return single->not_before_ms;
	if (ledger_single_is_timed(single) && !single->stopped &&
	    ledger_single_is_enabled(single))
		deadline = now.ms + (single->look_ms > now.wall_ms
					     ? single->look_ms - now.wall_ms
					     : 0);
	return deadline;
}

int64_t ledger_singles_deadline(const struct ledger *ledger,
				struct ledger_now now)
{
	int64_t deadline = INT64_MAX;

	if (ledger_is_leaving(ledger) || !ledger->leads)
		return INT64_MAX;
	for (unsigned i = 0; i < ledger->singles_high; i++)
		deadline =
			sooner(deadline, deadline_of(&ledger->singles[i], now));
	return deadline;
}
