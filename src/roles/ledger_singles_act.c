/* ledger_singles_act - what operators have a singleton do. */
#include <errno.h>

#include "io/events.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

static int wish(struct ledger *ledger, const char *what,
		const struct ledger_single *single, bool value)
{
	char key[RECORD_KEY_MAX + 1];

	return ledger_put_flag(
		ledger, ledger_wish_key(what, "", text_of(single->name), key),
		value);
}

int ledger_single_ask(struct ledger *ledger, struct ledger_single *single,
		      bool asked)
{
	int rc = single->asked == asked ? 0
					: wish(ledger, "asked", single, asked);

	if (rc == 0)
		single->asked = asked;
	return rc;
}

static int stop(struct ledger *ledger, struct ledger_single *single,
		bool stopped)
{
	int rc = single->stopped == stopped
			 ? 0
			 : wish(ledger, "stopped", single, stopped);

	if (rc != 0)
		return rc;
	/* Its times begin when it is started. */
	single->is_new = single->is_new || single->stopped;
	single->stopped = stopped;
	return stopped ? ledger_single_ask(ledger, single, false) : 0;
}

/* Has what is held ended, or was it told to? */
static bool is_ending(const struct ledger *ledger,
		      const struct ledger_single *single)
{
	const struct holding *holding;

	if (single->slot == QUEUE_NONE)
		return false;
	holding = &ledger->world.board->holdings[single->slot];
	return atomic_load(&holding->wanted) != WANTED_RUN ||
	       (atomic_load(&holding->phase_token) == single->kept.token &&
		atomic_load(&holding->phase) >= PHASE_STOPPED);
}

static int start(struct ledger *ledger, struct ledger_single *single,
		 bool again)
{
	bool ask = unit_is_timed(single->unit) || single->kept.done;
	int rc = ledger_single_is_enabled(single) ? stop(ledger, single, false)
						  : -EINVAL;

	/* What is not shown yet is about to start. */
	if (single->kept.held && !ledger_single_is_mine(ledger, single))
		ask = again;
	else if (single->kept.held)
		ask = is_ending(ledger, single) ||
		      (again && single->slot != QUEUE_NONE);
	if (rc == 0 && ask)
		rc = ledger_single_ask(ledger, single, true);
	if (rc != 0)
		return rc;
	single->failures = 0;
	failures_clear(&single->failed);
	single->not_before_ms = 0;
	return 0;
}

static int enable(struct ledger *ledger, struct ledger_single *single,
		  bool enabled, struct ledger_now now)
{
	bool was = ledger_single_is_enabled(single);
	int rc = enabled ? stop(ledger, single, false)
			 : ledger_single_ask(ledger, single, false);

	if (rc == 0)
		rc = wish(ledger, "enabled", single, enabled);
	if (rc != 0)
		return rc;
	events_add(ledger->world.board,
		   enabled ? EVENT_UNIT_ENABLED : EVENT_UNIT_DISABLED,
		   single->name, "by an operator");
	single->enabled = enabled;
	single->disabled = !enabled;
	/* The way out when a clock was far ahead: times may be used again. */
	single->rewind = enabled && due_ahead_ms(&single->due, now.wall_ms) >=
					    LEDGER_AHEAD_MS;
	single->is_new = single->is_new || !was || single->rewind;
	return 0;
}

int ledger_single_act(struct ledger *ledger, const struct message *message,
		      struct ledger_now now)
{
	enum message_action action = message->action;
	struct ledger_single *single =
		ledger_single_find(ledger, message->type);
	int rc = -EINVAL;

	if (single == NULL || single->unit == NULL)
		return -ENOENT;
	switch (action) {
	case ACTION_START:
	case ACTION_RESTART:
		rc = start(ledger, single, action == ACTION_RESTART);
		break;
	case ACTION_STOP:
		rc = stop(ledger, single, true);
		break;
	case ACTION_ENABLE:
	case ACTION_DISABLE:
		rc = enable(ledger, single, action == ACTION_ENABLE, now);
		break;
	case ACTION_HANDOVER:
		rc = ledger_single_move(ledger, single, message->text);
		break;
	}
	ledger_single_show(ledger, single, now);
	return rc;
}
