/* ledger_singles - singletons: when they are assigned, and how they end.
 *
 * One that always runs is assigned once; its worker starts it again in place
 * under the same token, and when that gives up, it is assigned anew after a
 * pause that grows.  One with times is assigned for each run; core/due.h says
 * when, and the assignment that is made durable before the run uses the time.
 */
#include <errno.h>

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

static bool is_timed(const struct ledger_single *single)
{
	return single->unit != NULL && unit_is_timed(single->unit);
}

static bool is_leaving(const struct ledger *ledger)
{
	const struct board *board = ledger->world.board;

	return atomic_load(&board->stopping) != 0 ||
	       atomic_load(&board->drain) != 0;
}

static bool may_run(const struct ledger *ledger,
		    const struct ledger_single *single)
{
	return ledger_single_is_enabled(single) && !single->stopped &&
	       !is_leaving(ledger);
}

enum wanted ledger_single_wanted(const struct ledger *ledger,
				 const struct ledger_single *single)
{
	if (atomic_load(&ledger->world.board->stopping) >= 2)
		return WANTED_KILL;
	if (!may_run(ledger, single) || single->asked)
		return WANTED_STOP;
	/* A run that will end takes no notice of a new definition. */
	if (single->kept.digest != single->digest &&
	    (!is_timed(single) || single->kept.times == 0))
		return WANTED_STOP;
	return WANTED_RUN;
}

/* ---- its register ---- */

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

/* SLOT_MS is the time it is for, 0 = none. */
static void assign(struct ledger *ledger, struct ledger_single *single,
		   int64_t slot_ms, struct ledger_now now)
{
	struct single next = single->kept;
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];

	if (ledger->given_count == LEDGER_GIVEN_MAX)
		return;
	if (single->asked && ledger_single_ask(ledger, single, false) != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return;
	}
	next.version = (struct version){ .token = ledger_token(ledger) };
	next.held = true;
	next.done = false;
	next.token = next.version.token;
	text_copy(text_of(ledger->world.place.node), next.node,
		  sizeof(next.node));
	next.digest = single->digest;
	next.times = single->times;
	if (slot_ms > next.slot_ms)
		next.slot_ms = slot_ms;
	next.began_ms = now.wall_ms;
	if (ledger_single_keep(ledger, single, &next) != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return;
	}
	due_claim(&single->due, slot_ms);
	single->look_ms = 0;
	single->slot = QUEUE_NONE;
	single->skip = false;
	atomic_fetch_add(&shown->runs, 1);
	ledger->given[ledger->given_count++] =
		(struct ledger_given){ .single = single, .token = next.token };
}

/* ---- its end ---- */

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
		if (!is_timed(single))
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

/* When one that always runs is assigned again. */
static void pause(struct ledger *ledger, struct ledger_single *single,
		  enum message_how how, struct ledger_now now)
{
	const struct unit *unit = single->unit;
	bool lasted;

	single->not_before_ms = 0;
	if (unit == NULL || unit_is_timed(unit) || single->kept.done)
		return;
	lasted = now.wall_ms - single->kept.began_ms > unit->backoff_max_ms;
	if (lasted || how == HOW_STOPPED)
		single->failures = 0;
	if (how == HOW_STOPPED)
		return;
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
	    is_timed(single) || !may_run(ledger, single) || single->asked ||
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
	pause(ledger, single, message->how, now);
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

void ledger_single_take_back(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now)
{
	const struct message lost = { .how = HOW_LOST, .exit = -1 };
	struct single next = ended(single, &lost, now);
	uint64_t token = single->kept.token;

	/* What this node's life gave away and never showed never ran. */
	if (next.times != 0 &&
	    token_epoch(token) == atomic_load(&ledger->world.board->epoch))
		(void)ledger_single_ask(ledger, single, true);
	next.version = (struct version){ .token = ledger_token(ledger) };
	if (ledger_single_keep(ledger, single, &next) != 0)
		return;
	ledger->world.ops->remove_spec(ledger->world.arg, token);
	single->slot = QUEUE_NONE;
}

/* ---- while it runs ---- */

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

/* The supervisor proved it dead.  When it was told to stop, that is no loss. */
static void take_loss(struct ledger *ledger, struct ledger_single *single,
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
		take_loss(ledger, single, now);
		return;
	}
	/* What was told to end does. */
	if (atomic_load(&holding->wanted) >= (uint32_t)wanted)
		return;
	atomic_store(&holding->wanted, wanted);
	ledger->world.ops->ring(ledger->world.arg, false, true);
}

/* ---- its times ---- */

static void tell_missed(struct ledger *ledger,
			const struct ledger_single *single,
			const struct due_verdict *verdict)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];
	char time[40];
	struct out out = out_init(time, sizeof(time));

	if (verdict->missed == 0)
		return;
	atomic_fetch_add(&shown->missed, verdict->missed);
	out_time(&out, verdict->missed_ms);
	(void)out_end(&out);
	events_add(ledger->world.board, EVENT_UNIT_MISSED, single->name,
		   "%u%s of its times, the last %s: %s", verdict->missed,
		   verdict->missed == DUE_MISSED_MAX ? " or more" : "", time,
		   verdict->busy ? "an earlier run lasts" : "nothing ran it");
}

static struct due_verdict judge(struct ledger *ledger,
				struct ledger_single *single,
				struct ledger_now now)
{
	const struct due_policy policy = {
		.every_ms = single->unit->every_ms,
		.cron = &single->cron,
		.zone = ledger->world.ops->zone(ledger->world.arg,
						single->unit->time_zone),
		.missed = single->unit->missed,
	};
	struct due_verdict verdict = due_judge(&single->due, &policy,
					       single->kept.held, now.wall_ms);

	tell_missed(ledger, single, &verdict);
	single->judged_ms = now.wall_ms;
	single->look_ms = verdict.look_ms;
	single->next_ms = verdict.next_ms;
	return verdict;
}

static bool is_time_to_look(const struct ledger_single *single,
			    struct ledger_now now)
{
	return now.wall_ms >= single->look_ms ||
	       now.wall_ms < single->judged_ms;
}

/* What came before now is none of its.  Kept, so that it is no other after a
 * restart.
 */
static int begin_times(struct ledger *ledger, struct ledger_single *single,
		       struct ledger_now now)
{
	struct single next = single->kept;
	int rc;

	next.version = (struct version){ .token = ledger_token(ledger) };
	next.times = single->times;
	next.since_ms = now.wall_ms;
	if (single->rewind && next.slot_ms > now.wall_ms)
		next.slot_ms = now.wall_ms;
	rc = ledger_single_keep(ledger, single, &next);
	if (rc != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return rc;
	}
	single->is_new = false;
	single->rewind = false;
	single->look_ms = 0;
	single->due = (struct due){ .slot_ms = next.slot_ms,
				    .from_ms = next.since_ms };
	return 0;
}

static void turn_timed(struct ledger *ledger, struct ledger_single *single,
		       struct ledger_now now)
{
	struct due_verdict verdict;

	if (single->kept.held) {
		if (is_time_to_look(single, now))
			(void)judge(ledger, single, now);
		return;
	}
	if (!ledger_single_is_enabled(single) || single->stopped) {
		single->is_new = true;
		single->next_ms = DUE_NEVER;
		return;
	}
	if (is_leaving(ledger) || now.ms < single->not_before_ms)
		return;
	if ((single->is_new || single->kept.times != single->times) &&
	    begin_times(ledger, single, now) != 0)
		return;
	if (!single->asked && !is_time_to_look(single, now))
		return;
	verdict = judge(ledger, single, now);
	if (verdict.slot_ms == 0 && !single->asked)
		return;
	single->waits = !after_is_ready(ledger->world.board, ledger->config,
					single->unit);
	single->look_ms = 0;
	if (!single->waits)
		assign(ledger, single, verdict.slot_ms, now);
}

static void turn_continuous(struct ledger *ledger, struct ledger_single *single,
			    struct ledger_now now)
{
	bool done = single->kept.done && single->kept.digest == single->digest;

	if (single->kept.held || !may_run(ledger, single) ||
	    (done && !single->asked) || now.ms < single->not_before_ms)
		return;
	single->waits = !after_is_ready(ledger->world.board, ledger->config,
					single->unit);
	if (!single->waits)
		assign(ledger, single, 0, now);
}

/* ---- all of them ---- */

static enum goal goal_of(const struct ledger *ledger,
			 const struct ledger_single *single,
			 struct ledger_now now)
{
	if (!ledger_single_is_enabled(single))
		return GOAL_DISABLED;
	if (single->stopped)
		return GOAL_STOPPED;
	if (single->kept.held)
		return GOAL_UP;
	/* Nothing will start it here. */
	if (is_leaving(ledger))
		return GOAL_STOPPED;
	if (is_timed(single))
		return GOAL_WAITING;
	if (single->kept.done && !single->asked)
		return single->kept.how == HOW_DONE ? GOAL_DONE : GOAL_FAILED;
	return now.ms < single->not_before_ms ? GOAL_FAILED : GOAL_WAITING;
}

static int64_t next_of(const struct ledger_single *single,
		       struct ledger_now now)
{
	if (is_timed(single))
		return single->next_ms == DUE_NEVER ? 0 : single->next_ms;
	if (!single->kept.held && now.ms < single->not_before_ms)
		return now.wall_ms + single->not_before_ms - now.ms;
	return 0;
}

#define SHOW(FIELD, VALUE)                              \
	do {                                            \
		if (atomic_load(&(FIELD)) != (VALUE)) { \
			atomic_store(&(FIELD), VALUE);  \
			ledger->news = true;            \
		}                                       \
	} while (0)

void ledger_single_show(struct ledger *ledger,
			const struct ledger_single *single,
			struct ledger_now now)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];
	const struct single *kept = &single->kept;
	int64_t next_ms = next_of(single, now);
	bool pauses = !is_timed(single) && next_ms != 0;

	SHOW(shown->goal, (uint32_t)goal_of(ledger, single, now));
	SHOW(shown->slot, single->slot == QUEUE_NONE ? 0 : single->slot);
	SHOW(shown->token, kept->token);
	/* The same pause is the same, whatever the clocks do meanwhile. */
	if (!pauses || atomic_load(&shown->next_ms) == 0)
		SHOW(shown->next_ms, next_ms);
	SHOW(shown->slot_ms, kept->slot_ms);
	SHOW(shown->began_ms, kept->began_ms);
	SHOW(shown->ended_ms, kept->ended_ms);
	SHOW(shown->how, (uint32_t)kept->how);
	SHOW(shown->exit, kept->exit);
	atomic_store(&shown->ahead_ms,
		     is_timed(single) ? due_ahead_ms(&single->due, now.wall_ms)
				      : 0);
}

/* Its place is free for another.  Should it ever come again it is a new one. */
static void drop(struct ledger *ledger, struct ledger_single *single)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];

	if (ledger_single_forget(ledger, single) != 0)
		return;
	atomic_store(&shown->goal, GOAL_NONE);
	board_text_set(&shown->name, text_of(""));
	ledger->news = true;
	*single = (struct ledger_single){ .used = false };
}

static void turn(struct ledger *ledger, struct ledger_single *single,
		 struct ledger_now now)
{
	single->waits = false;
	if (single->kept.held)
		look_at_holding(ledger, single, now);
	if (single->unit == NULL && !single->kept.held) {
		drop(ledger, single);
		return;
	}
	if (is_timed(single))
		turn_timed(ledger, single, now);
	else if (single->unit != NULL)
		turn_continuous(ledger, single, now);
	ledger_single_show(ledger, single, now);
}

void ledger_singles_turn(struct ledger *ledger, struct ledger_now now)
{
	for (unsigned i = 0;
	     i < ledger->singles_high && ledger_has_room(ledger); i++)
		if (ledger->singles[i].used)
			turn(ledger, &ledger->singles[i], now);
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
	if (is_timed(single) && !single->stopped &&
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

	if (is_leaving(ledger))
		return INT64_MAX;
	for (unsigned i = 0; i < ledger->singles_high; i++)
		deadline =
			sooner(deadline, deadline_of(&ledger->singles[i], now));
	return deadline;
}
