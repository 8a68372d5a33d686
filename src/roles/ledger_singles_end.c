/* ledger_singles_end - how a run of a singleton ends, and what follows. */
#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

static void tell_end(struct ledger *ledger, const struct ledger_single *single,
		     const struct message *message)
{
	char words[BOARD_TEXT_MAX + 1];

	text_copy(text_cut(message->text, BOARD_TEXT_MAX), words,
		  sizeof(words));
	switch (message->how) {
	case HOW_DONE:
	case HOW_STOPPED:
		return;
	case HOW_LOST:
		events_add(ledger->world.board, EVENT_UNIT_EXITED, single->name,
			   "its worker died, and all of it");
		break;
	default:
		/* The worker of one that is kept up has told. */
		if (!ledger_single_is_timed(single))
			return;
		events_add(ledger->world.board, EVENT_UNIT_EXITED, single->name,
			   "%s, exit code %d%s%s",
			   message->how == HOW_TIMEOUT ? "timed out" : "failed",
			   (int)message->exit, words[0] != '\0' ? ": " : "",
			   words);
		break;
	}
	log_warn(0, "journal: singleton=%s how=%d exit=%d %s", single->name,
		 (int)message->how, (int)message->exit, words);
}

/* It goes elsewhere at once, until it failed on all that may have it. */
static void pause_everywhere(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now)
{
	struct failures_terms terms = {
		.backoff_ms = single->unit->backoff_ms,
		.backoff_max_ms = single->unit->backoff_max_ms,
	};

	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (ledger_offered(ledger, &ledger->nodes[i], single) != 0)
			terms.eligible++;
	failures_note(&single->failed, text_of(single->kept.node), &terms,
		      now.ms);
	if (failures_may(&single->failed, now.ms))
		return;
	single->not_before_ms = single->failed.due_ms;
	events_add(ledger->world.board, EVENT_UNIT_PAUSED, single->name,
		   "failed on every node, tried again in %lld ms",
		   (long long)(single->not_before_ms - now.ms));
}

/* When one that always runs is assigned again. */
void ledger_single_pause(struct ledger *ledger, struct ledger_single *single,
			 const struct message *message, struct ledger_now now)
{
	enum message_how how = message->how;
	const struct unit *unit = single->unit;
	int64_t lasted_ms = now.wall_ms - single->kept.began_ms;

	single->not_before_ms = 0;
	if (unit == NULL || unit_is_timed(unit) || single->kept.done)
		return;
	if (lasted_ms > unit->backoff_max_ms || how == HOW_STOPPED)
		single->failures = 0;
	/* Its supervisor or node went, and may go again: once a second it may
	 * be started for that. */
	if (how == HOW_STOPPED ||
	    (how == HOW_LOST && lasted_ms >= LEDGER_LOST_MS))
		return;
	if (ledger->in_cluster) {
		pause_everywhere(ledger, single, now);
		return;
	}
	/* That its worker died is, the first time, not its own doing. */
	if (how != HOW_LOST || single->failures > 0)
		single->not_before_ms =
			now.ms + queue_backoff(unit->backoff_ms,
					       unit->backoff_max_ms,
					       single->failures + 1);
	single->failures++;
	if (single->not_before_ms != 0)
		events_add(ledger->world.board, EVENT_UNIT_PAUSED, single->name,
			   "assigned anew in %lld ms, ends in a row: %u",
			   (long long)(single->not_before_ms - now.ms),
			   single->failures);
}

/* An essential one has ended for good: so does the node. */
static void end_node(struct ledger *ledger, const struct ledger_single *single,
		     const struct message *message)
{
	struct board *board = ledger->world.board;
	bool good = message->how == HOW_DONE;
	int32_t code =
		message->exit >= 0 && message->exit <= 255 ? message->exit : 1;

	if (single->unit == NULL || !single->unit->essential ||
	    ledger_single_is_timed(single) ||
	    !ledger_single_may_run(ledger, single) || single->asked ||
	    (!good && message->how != HOW_FAILED) ||
	    atomic_load(&board->stopping) != 0 ||
	    atomic_load(&board->exit_set) != 0)
		return;
	if (!good && code == 0)
		code = 1;
	log_err(0, "journal: %s is essential and has ended, so the node does",
		single->name);
	events_add(board, EVENT_NODE_STOPPING, ledger->world.place.node,
		   "%s is essential and ended, exit code %d", single->name,
		   (int)code);
	atomic_store(&board->exit_code, code);
	atomic_store(&board->exit_set, 1);
}

/* Did one that is never started again fail? */
static bool is_spent(const struct ledger_single *single, enum message_how how)
{
	return how == HOW_FAILED && single->unit != NULL &&
	       single->unit->restart == RESTART_TEMPORARY;
}

static struct single ended(const struct ledger_single *single,
			   const struct message *message, struct ledger_now now)
{
	struct single next = single->kept;

	next.held = false;
	next.accepted = false;
	next.done = next.times == 0 && (message->how == HOW_DONE ||
					is_spent(single, message->how));
	next.ended_ms = now.wall_ms;
	next.how = message->how;
	next.exit = message->exit;
	return next;
}

static void note_end(struct ledger *ledger, struct ledger_single *single,
		     const struct message *message, struct ledger_now now)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];

	single->slot = QUEUE_NONE;
	single->look_ms = 0;
	if (message->how != HOW_DONE && message->how != HOW_STOPPED)
		atomic_fetch_add(&shown->failures, 1);
	board_text_set(&shown->words, text_cut(message->text, BOARD_TEXT_MAX));
	tell_end(ledger, single, message);
	ledger_single_pause(ledger, single, message, now);
	end_node(ledger, single, message);
}

bool ledger_single_outcome(struct ledger *ledger, const struct message *message,
			   struct ledger_now now)
{
	struct ledger_single *single = ledger_single_of(ledger, message->token);
	struct single next;

	if (single == NULL || !single->kept.held ||
	    single->slot != message->slot)
		return false;
	next = ended(single, message, now);
	next.version.step += single->skip ? VERSION_SKIP_STEPS : 1;
	if (ledger_single_keep(ledger, single, &next) != 0)
		return true;
	ledger_settle(ledger, message->slot, message->token);
	note_end(ledger, single, message, now);
	return true;
}

static bool never_ran(const struct ledger *ledger,
		      const struct ledger_single *single)
{
	if (ledger->in_cluster)
		return !single->kept.accepted;
	return token_epoch(single->kept.token) ==
	       atomic_load(&ledger->world.board->epoch);
}

void ledger_single_take_back(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now)
{
	const struct message lost = { .how = HOW_LOST, .exit = -1 };
	struct single next = ended(single, &lost, now);
	uint64_t token = single->kept.token;

	/* What was never taken, or given away in this node's life and never
	 * shown, never ran. */
	if (next.times != 0 && never_ran(ledger, single))
		(void)ledger_single_ask(ledger, single, true);
	if (ledger->leads)
		next.version =
			(struct version){ .token = ledger_token(ledger) };
	else
		next.version.step += VERSION_SKIP_STEPS;
	if (ledger_single_keep(ledger, single, &next) != 0)
		return;
	ledger->world.ops->remove_spec(ledger->world.arg, token);
	single->slot = QUEUE_NONE;
}

/* What never began, since it was told to end or all else died before, is made
 * up for; of the rest nobody knows.
 */
static void make_up(struct ledger *ledger, struct ledger_single *single)
{
	const struct board *board = ledger->world.board;

	if (single->kept.times != 0 && atomic_load(&board->stopping) == 0 &&
	    ledger_single_is_enabled(single) && !single->stopped &&
	    atomic_load(&board->units[single->slot].life) == LIFE_NONE)
		(void)ledger_single_ask(ledger, single, true);
}

void ledger_single_take_loss(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now)
{
	const struct holding *holding =
		&ledger->world.board->holdings[single->slot];
	bool asked = atomic_load(&holding->wanted) != WANTED_RUN;
	const struct message lost = { .kind = MESSAGE_OUTCOME,
				      .token = single->kept.token,
				      .slot = single->slot,
				      .how = asked ? HOW_STOPPED : HOW_LOST,
				      .exit = -1 };

	if (ledger_begin(ledger) != 0)
		return;
	make_up(ledger, single);
	(void)ledger_single_outcome(ledger, &lost, now);
}
