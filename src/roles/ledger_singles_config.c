/* ledger_singles_config - which singletons there are, and what operators want
 * of them.
 */
#include <errno.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_parts.h"

static struct ledger_single *find(struct ledger *ledger, struct text name)
{
	for (unsigned i = 0; i < ledger->singles_high; i++)
		if (ledger->singles[i].used &&
		    text_is(name, ledger->singles[i].name))
			return &ledger->singles[i];
	return NULL;
}

struct ledger_single *ledger_single_of(struct ledger *ledger, uint64_t token)
{
	for (unsigned i = 0; i < ledger->singles_high; i++)
		if (ledger->singles[i].used &&
		    ledger->singles[i].kept.token == token)
			return &ledger->singles[i];
	return NULL;
}

/* ---- registers ---- */

static bool flag(struct ledger *ledger, const char *what,
		 const struct ledger_single *single, bool *value)
{
	char key[RECORD_KEY_MAX + 1];

	return ledger_get_flag(
		       ledger,
		       ledger_wish_key(what, "", text_of(single->name), key),
		       value) == 0;
}

/* What is kept of it; nothing of one that is new. */
static void load(struct ledger *ledger, struct ledger_single *single)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	bool enabled;

	if (ledger_get_register(ledger, single_key(text_of(single->name), key),
				&record) == 0 &&
	    single_decode(&single->kept, &record) != 0)
		single->kept = (struct single){ .how = 0 };
	if (flag(ledger, "enabled", single, &enabled)) {
		single->enabled = enabled;
		single->disabled = !enabled;
	}
	(void)flag(ledger, "stopped", single, &single->stopped);
	single->is_new = single->kept.since_ms == 0;
	single->due = (struct due){ .slot_ms = single->kept.slot_ms,
				    .from_ms = single->kept.since_ms };
}

/* ---- the table ---- */

/* The place of one that had none, NULL when all are taken. */
static struct ledger_single *make(struct ledger *ledger, struct text name,
				  unsigned at)
{
	struct ledger_single *single = &ledger->singles[at];

	if (at >= ledger->singles_high)
		ledger->singles_high = at + 1;
	*single = (struct ledger_single){ .used = true, .slot = QUEUE_NONE };
	text_copy(name, single->name, sizeof(single->name));
	load(ledger, single);
	return single;
}

static struct ledger_single *place(struct ledger *ledger,
				   const struct unit *unit)
{
	struct ledger_single *single = find(ledger, text_of(unit->name));
	struct board_single *shown;
	unsigned at = 0;

	if (single != NULL)
		return single;
	while (at < ledger->singles_high && ledger->singles[at].used)
		at++;
	if (at == LEDGER_SINGLES_MAX) {
		log_err(0, "journal: more than %d singletons, %s is not run",
			LEDGER_SINGLES_MAX, unit->name);
		return NULL;
	}
	shown = &ledger->world.board->singles[at];
	atomic_store(&shown->runs, 0);
	atomic_store(&shown->failures, 0);
	atomic_store(&shown->missed, 0);
	board_text_set(&shown->words, text_of(""));
	board_text_set(&shown->name, text_of(unit->name));
	return make(ledger, text_of(unit->name), at);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void set_times(struct ledger_single *single)
{
	const struct unit *unit = single->unit;
	const struct unit *old = single->was;
	struct cron_fault fault;

	if (old != NULL && (old->every_ms != unit->every_ms ||
			    !is_same_text(old->cron, unit->cron) ||
			    !is_same_text(old->time_zone, unit->time_zone)))
		single->is_new = true;
	/* It was checked when it was loaded. */
	if (unit->cron != NULL &&
	    cron_parse(&single->cron, text_of(unit->cron), &fault) != 0)
		log_err(0, "journal: singleton=%s %s", single->name,
			fault.what);
	single->judged_ms = 0;
	single->look_ms = 0;
}

static void configure(struct ledger *ledger, struct ledger_single *single,
		      const struct unit *unit)
{
	int len;

	single->unit = unit;
	len = ledger_single_spec(ledger, single, 0);
	single->digest =
		len > 0 ? board_hash((const char *)ledger->spec, (size_t)len)
			: 0;
	set_times(single);
	single->was = NULL;
	if (single->kept.digest != single->digest) {
		single->failures = 0;
		single->not_before_ms = 0;
	}
}

void ledger_singles_configure(struct ledger *ledger,
			      const struct config *config)
{
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		ledger->singles[i].was = ledger->singles[i].unit;
		ledger->singles[i].unit = NULL;
	}
	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];
		struct ledger_single *single = unit->kind == UNIT_SINGLETON
						       ? place(ledger, unit)
						       : NULL;

		if (single != NULL)
			configure(ledger, single, unit);
	}
}

int ledger_singles_open(struct ledger *ledger)
{
	const struct board *board = ledger->world.board;
	char name[BOARD_TEXT_MAX + 1];

	for (unsigned i = 0; i < LEDGER_SINGLES_MAX; i++) {
		if (atomic_load(&board->singles[i].name.seq) == 0)
			break;
		board_text_get(&board->singles[i].name, name, sizeof(name));
		if (name[0] != '\0')
			(void)make(ledger, text_of(name), i);
		else if (i >= ledger->singles_high)
			ledger->singles[i].used = false;
		if (i >= ledger->singles_high)
			ledger->singles_high = i + 1;
	}
	ledger_singles_configure(ledger, ledger->config);
	return 0;
}

/* ---- operators ---- */

static int wish(struct ledger *ledger, const char *what,
		const struct ledger_single *single, bool value)
{
	char key[RECORD_KEY_MAX + 1];

	return ledger_put_flag(
		ledger, ledger_wish_key(what, "", text_of(single->name), key),
		value);
}

static int stop(struct ledger *ledger, struct ledger_single *single,
		bool stopped)
{
	int rc = single->stopped == stopped
			 ? 0
			 : wish(ledger, "stopped", single, stopped);

	if (rc == 0)
		single->stopped = stopped;
	return rc;
}

static int start(struct ledger *ledger, struct ledger_single *single,
		 bool again)
{
	int rc = ledger_single_is_enabled(single) ? stop(ledger, single, false)
						  : -EINVAL;

	if (rc != 0)
		return rc;
	single->failures = 0;
	single->not_before_ms = 0;
	single->kept.done = false;
	single->again = again && single->kept.held;
	single->at_once = unit_is_timed(single->unit) &&
			  (single->again || !single->kept.held);
	return 0;
}

static int enable(struct ledger *ledger, struct ledger_single *single,
		  bool enabled)
{
	int rc = wish(ledger, "enabled", single, enabled);

	if (rc == 0 && enabled)
		rc = stop(ledger, single, false);
	if (rc != 0)
		return rc;
	events_add(ledger->world.board,
		   enabled ? EVENT_UNIT_ENABLED : EVENT_UNIT_DISABLED,
		   single->name, "by an operator");
	single->enabled = enabled;
	single->disabled = !enabled;
	return 0;
}

int ledger_single_act(struct ledger *ledger, struct text name,
		      enum message_action action, struct ledger_now now)
{
	struct ledger_single *single = find(ledger, name);
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
		rc = enable(ledger, single, action == ACTION_ENABLE);
		break;
	}
	ledger_single_show(ledger, single, now);
	return rc;
}
