/* ledger_singles_config - which singletons there are, and what is kept of them.
 */
#include <errno.h>

#include "io/events.h"
#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

struct ledger_single *ledger_single_find(struct ledger *ledger,
					 struct text name)
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

/* Leaves VALUE as it is when nothing was said; 0 or a negative errno. */
static int flag(struct ledger *ledger, const char *what,
		const struct ledger_single *single, bool *value)
{
	char key[RECORD_KEY_MAX + 1];
	int rc = ledger_get_flag(
		ledger, ledger_wish_key(what, "", text_of(single->name), key),
		value);

	return rc == -ENOENT ? 0 : rc;
}

static int load_kept(struct ledger *ledger, struct ledger_single *single)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	int rc = ledger_get_register(
		ledger, single_key(text_of(single->name), key), &record);

	if (rc == 0 && single_decode(&single->kept, &record) != 0)
		single->kept = (struct single){ .how = 0 };
	return rc == -ENOENT ? 0 : rc;
}

/* What operators want of it. */
static int load_wishes(struct ledger *ledger, struct ledger_single *single)
{
	char key[RECORD_KEY_MAX + 1];
	bool enabled;
	int rc = flag(ledger, "stopped", single, &single->stopped);

	if (rc == 0)
		rc = flag(ledger, "asked", single, &single->asked);
	if (rc == 0)
		rc = ledger_single_hear_move(ledger, single);
	if (rc != 0)
		return rc;
	rc = ledger_get_flag(
		ledger,
		ledger_wish_key("enabled", "", text_of(single->name), key),
		&enabled);
	if (rc != 0)
		return rc == -ENOENT ? 0 : rc;
	single->enabled = enabled;
	single->disabled = !enabled;
	return 0;
}

/* What is kept of it; nothing of one that is new. */
static int load(struct ledger *ledger, struct ledger_single *single)
{
	int rc = load_kept(ledger, single);

	single->due = (struct due){ .slot_ms = single->kept.slot_ms,
				    .from_ms = single->kept.since_ms };
	return rc != 0 ? rc : load_wishes(ledger, single);
}

int ledger_single_hear(struct ledger *ledger, struct text name)
{
	struct ledger_single *single = ledger_single_find(ledger, name);
	bool asked;
	int rc;

	if (single == NULL)
		return 0;
	asked = single->asked;
	rc = load_wishes(ledger, single);
	single->look_ms = 0;
	ledger->news = true;
	/* Whoever asks wants it now. */
	if (single->asked && !asked) {
		single->failures = 0;
		failures_clear(&single->failed);
		single->not_before_ms = 0;
	}
	return rc;
}

/* ---- the table ---- */

/* The place of one that had none. */
static int make(struct ledger *ledger, struct text name, unsigned at)
{
	struct ledger_single *single = &ledger->singles[at];

	if (at >= ledger->singles_high)
		ledger->singles_high = at + 1;
	*single = (struct ledger_single){ .used = true, .slot = QUEUE_NONE };
	text_copy(name, single->name, sizeof(single->name));
	return load(ledger, single);
}

/* Into *PLACED, NULL when all places are taken.  0 or a negative errno. */
static int place(struct ledger *ledger, const struct unit *unit,
		 struct ledger_single **placed)
{
	struct board_single *shown;
	unsigned at = 0;

	*placed = ledger_single_find(ledger, text_of(unit->name));
	if (*placed != NULL)
		return 0;
	while (at < ledger->singles_high && ledger->singles[at].used)
		at++;
	if (at == LEDGER_SINGLES_MAX) {
		log_err(0, "journal: more than %d singletons, %s is not run",
			LEDGER_SINGLES_MAX, unit->name);
		return 0;
	}
	*placed = &ledger->singles[at];
	shown = &ledger->world.board->singles[at];
	atomic_store(&shown->runs, 0);
	atomic_store(&shown->failures, 0);
	atomic_store(&shown->missed, 0);
	board_text_set(&shown->words, text_of(""));
	board_text_set(&shown->name, text_of(unit->name));
	return make(ledger, text_of(unit->name), at);
}

static uint64_t digest_of_times(const struct unit *unit)
{
	char text[512];
	struct out out = out_init(text, sizeof(text));

	if (!unit_is_timed(unit))
		return 0;
	out_i64(&out, unit->every_ms);
	out_char(&out, ' ');
	out_string(&out, unit->cron != NULL ? unit->cron : "");
	out_char(&out, ' ');
	out_string(&out, unit->time_zone != NULL ? unit->time_zone : "");
	return board_hash(text, out.len) | 1;
}

static void set_times(struct ledger_single *single)
{
	const struct unit *unit = single->unit;
	struct cron_fault fault;

	single->times = digest_of_times(unit);
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
	single->unit = unit;
	single->digest = ledger_single_digest(ledger, unit);
	set_times(single);
	if (single->kept.digest != single->digest) {
		single->failures = 0;
		failures_clear(&single->failed);
		single->not_before_ms = 0;
	}
}

struct ledger_single *ledger_single_borrow(struct ledger *ledger,
					   struct unit *unit, uint64_t digest)
{
	struct ledger_single *single;

	if (place(ledger, unit, &single) != 0 || single == NULL) {
		ledger_foreign_free(unit);
		return NULL;
	}
	ledger_foreign_free(single->foreign);
	single->foreign = unit;
	single->unit = unit;
	single->digest = digest;
	set_times(single);
	return single;
}

static void own(struct ledger_single *single)
{
	ledger_foreign_free(single->foreign);
	single->foreign = NULL;
}

int ledger_singles_configure(struct ledger *ledger, const struct config *config)
{
	int rc = 0;

	for (unsigned i = 0; i < ledger->singles_high; i++)
		ledger->singles[i].unit = ledger->singles[i].foreign;
	for (size_t i = 0; rc == 0 && i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];
		struct ledger_single *single = NULL;

		if (unit->kind == UNIT_SINGLETON)
			rc = place(ledger, unit, &single);
		if (rc != 0 || single == NULL)
			continue;
		own(single);
		configure(ledger, single, unit);
	}
	/* The places in the table may be others. */
	ledger->told = LEDGER_TOLD_NOTHING;
	ledger->unheard = ledger->in_cluster;
	return rc;
}

int ledger_single_forget(struct ledger *ledger, struct ledger_single *single)
{
	struct single next = single->kept;
	int rc = single->asked ? ledger_single_ask(ledger, single, false) : 0;

	if (rc != 0 || (!next.held && !next.done && next.times == 0))
		return rc;
	next.version = (struct version){ .token = ledger_token(ledger) };
	next.held = false;
	next.done = false;
	next.times = 0;
	return ledger_single_keep(ledger, single, &next);
}

/* Of those that are configured no more nothing runs. */
static int forget_others(struct ledger *ledger)
{
	static const char prefix[] = "single/";
	const size_t len = sizeof(prefix) - 1;
	struct view *view = ledger->world.view;
	char key[RECORD_KEY_MAX + 1] = "";
	struct view_register kept;
	int rc = 0;

	while (rc == 0 &&
	       (rc = view->ops->next_register(view, key, &kept)) == 0) {
		struct ledger_single single = { .used = false };

		if (strncmp(key, prefix, len) != 0 ||
		    ledger_single_find(ledger, text_of(key + len)) != NULL ||
		    text_copy(text_of(key + len), single.name,
			      sizeof(single.name)) != strlen(key + len))
			continue;
		rc = load(ledger, &single);
		if (rc == 0)
			rc = ledger_single_forget(ledger, &single);
	}
	return rc == -ENOENT ? 0 : rc;
}

/* Those a journal role before this one had. */
static int find_shown(struct ledger *ledger)
{
	const struct board *board = ledger->world.board;
	char name[BOARD_TEXT_MAX + 1];
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < LEDGER_SINGLES_MAX; i++) {
		if (atomic_load(&board->singles[i].name.seq) == 0)
			break;
		board_text_get(&board->singles[i].name, name, sizeof(name));
		if (name[0] != '\0')
			rc = make(ledger, text_of(name), i);
		else if (i >= ledger->singles_high)
			ledger->singles[i].used = false;
		if (i >= ledger->singles_high)
			ledger->singles_high = i + 1;
	}
	return rc;
}

int ledger_singles_open(struct ledger *ledger)
{
	int rc = find_shown(ledger);

	if (rc == 0)
		rc = ledger_singles_configure(ledger, ledger->config);
	/* In a cluster others may have them. */
	return rc == 0 && !ledger->in_cluster ? forget_others(ledger) : rc;
}
