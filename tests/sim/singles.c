#include "tests/sim/singles.h"

#include "core/spec.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"
#include "tests/sim/world.h"

#define DAY_S	  INT64_C(86400)
#define LATE_MS	  INT64_C(60000)
#define NIGHT	  3 /* index of the one that runs at 02:30 */
#define ONCE	  6 /* of the one that is never started again */
#define LATE	  2 /* of the one that runs missed ones, every minute */
#define CHANGES_S (3 * DAY_S)

static char command_word[] = "/bin/true";
static char other_word[] = "/bin/false";
static char *command_words[] = { command_word, NULL };
static char *other_words[] = { other_word, NULL };
static char keeper_name[] = "keeper";
static char tick_name[] = "tick";
static char late_name[] = "late";
static char night_name[] = "night";
static char seven_name[] = "seven";
static char follower_name[] = "follower";
static char once_name[] = "once";
static char night_cron[] = "30 2 * * *";
static char seven_cron[] = "*/7 * * * *";
static char *after_keeper[] = { keeper_name, NULL };

#define COMMON                                                   \
	.kind = UNIT_SINGLETON, .command = { command_words, 1 }, \
	.enabled = true, .backoff_ms = 100, .backoff_max_ms = 2000

static const struct unit singles_units[SINGLES_COUNT] = {
	{ COMMON, .name = keeper_name },
	{ COMMON, .name = tick_name, .every_ms = 2000 },
	{ COMMON, .name = late_name, .every_ms = LATE_MS,
	  .missed = MISSED_RUN_ONCE },
	{ COMMON, .name = night_name, .cron = night_cron },
	{ COMMON, .name = seven_name, .cron = seven_cron,
	  .missed = MISSED_RUN_ONCE },
	{ COMMON, .name = follower_name, .after = { after_keeper, 1 } },
	{ COMMON, .name = once_name, .restart = RESTART_TEMPORARY },
};

/* ---- configurations ---- */

static struct unit unit_as(int i, enum singles_choice choice)
{
	struct unit unit = singles_units[i];

	if (choice == SINGLES_OTHER)
		unit.command.at = other_words;
	if (choice != SINGLES_RETIMED || i == NIGHT)
		return unit;
	/* One that always runs gets times, one with a cron loses them. */
	unit.every_ms = unit.cron != NULL ? 0
			: i == LATE	  ? LATE_MS * 3 / 4
					  : 5000;
	unit.cron = NULL;
	return unit;
}

static void configure(struct world *world, unsigned at,
		      const enum singles_choice *choices)
{
	struct singles_config *made = &world->singles.configs[at];
	int count = world->singles.rough ? SINGLES_COUNT : SINGLES_CALM;
	size_t units = SINGLES_JOBS;

	for (int i = 0; i < count; i++) {
		made->choices[i] = choices[i];
		if (choices[i] != SINGLES_ABSENT)
			made->units[units++] = unit_as(i, choices[i]);
	}
	made->config.units = made->units;
	made->config.units_count = units;
}

void singles_open(struct world *world, const struct config *plain)
{
	static const enum singles_choice choices[SINGLES_COUNT] = {
		SINGLES_PLAIN
	};

	for (int i = 0; i < SINGLES_COUNT; i++)
		world->singles.known[i].begins =
			world->singles.known[i].may_again = true;
	for (int at = 0; at < SINGLES_CONFIGS; at++) {
		world->singles.configs[at].config = *plain;
		memcpy(world->singles.configs[at].units, plain->units,
		       SINGLES_JOBS * sizeof(*plain->units));
	}
	configure(world, 0, choices);
}

const struct config *singles_config(struct world *world)
{
	world->singles.loaded = world->singles.first;
	return &world->singles.configs[world->singles.first].config;
}

void singles_load(struct world *world)
{
	struct singles *singles = &world->singles;

	if (!singles->used || singles->loaded == singles->latest)
		return;
	singles->loaded = singles->latest;
	ledger_reload(world->ledger, &singles->configs[singles->latest].config);
}

static enum singles_choice choice_of(const struct world *world, int i)
{
	return world->singles.configs[world->singles.latest].choices[i];
}

/* As it is configured now, NULL when it is not. */
static const struct unit *unit_of(const struct world *world, int i)
{
	const struct singles_config *made =
		&world->singles.configs[world->singles.latest];
	const char *name = singles_units[i].name;

	return config_unit(&made->config, UNIT_SINGLETON, name, strlen(name));
}

/* One unit is to be like that from now on. */
static void reload(struct world *world)
{
	struct singles *singles = &world->singles;
	enum singles_choice choices[SINGLES_COUNT];
	int i = (int)rng_below(&world->rng, SINGLES_COUNT);
	struct singles_known *known = &singles->known[i];
	unsigned at = 0;

	memcpy(choices, singles->configs[singles->latest].choices,
	       sizeof(choices));
	choices[i] = (enum singles_choice)rng_below(
		&world->rng,
		rng_once_in(&world->rng, 2) ? SINGLES_CHOICES : SINGLES_ABSENT);
	while (at == singles->first || at == singles->latest)
		at++;
	/* As the next one starts with what it started with itself. */
	if (world->alive &&
	    world->ledger->config == &singles->configs[at].config)
		return;
	if (choices[i] == SINGLES_ABSENT ||
	    choices[i] != singles->configs[singles->latest].choices[i]) {
		known->owed = false;
		known->may_again = true;
	}
	if (choices[i] == SINGLES_ABSENT || choices[i] == SINGLES_RETIMED ||
	    choice_of(world, i) == SINGLES_ABSENT ||
	    choice_of(world, i) == SINGLES_RETIMED)
		known->begins = true;
	configure(world, at, choices);
	singles->latest = at;
	world_says(world, "configured", singles_units[i].name, choices[i]);
}

void singles_happen(struct world *world)
{
	struct board *board = world->board;

	if (!world->singles.rough)
		return;
	if (rng_once_in(&world->rng, 40))
		reload(world);
	if (rng_once_in(&world->rng, 60)) {
		board->drain = board->drain == 0;
		world_says(world, "drain", "", (uint64_t)board->drain);
	}
	if (rng_once_in(&world->rng, 150) && board->stopping == 0) {
		board->stopping = 1;
		world_says(world, "node stops", "", 1);
		world->singles.end_in = 1 + rng_below(&world->rng, 30);
	}
}

/* ---- specs ---- */

void singles_note_spec(struct world *world, uint64_t token, const void *bytes,
		       size_t len)
{
	static struct spec spec;
	unsigned at = world->singles.specs_count++ % SINGLES_SPECS;

	if (len == 0 || spec_decode(&spec, bytes, len) != 0)
		return;
	world->singles.specs[at].token = token;
	world->singles.specs[at].keep = spec.keep;
}

bool singles_keeps(const struct world *world, uint64_t token)
{
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
		if (world->workers[slot].single &&
		    world->workers[slot].token == token)
			return world->workers[slot].keep;
	for (int i = 0; i < SINGLES_SPECS; i++)
		if (world->singles.specs[i].token == token)
			return world->singles.specs[i].keep;
	return false;
}

/* At 01:00 UTC: 02:00 becomes 03:00, or 03:00 becomes 02:00. */
static int32_t offset_s(void *arg, int64_t utc_s)
{
	(void)arg;
	return (utc_s - 3600) / CHANGES_S % 2 == 0 ? 3600 : 7200;
}

const struct zone *singles_zone(void)
{
	static const struct zone zone = { offset_s, NULL };

	return &zone;
}

static const struct holding *holding_of(const struct world *world,
					unsigned slot)
{
	return &world->board->holdings[BOARD_LEADER_FIRST + slot];
}

bool singles_is_at(const struct world *world, unsigned slot)
{
	return holding_of(world, slot)->kind == UNIT_SINGLETON;
}

static int index_of(struct text name)
{
	for (int i = 0; i < SINGLES_COUNT; i++)
		if (text_is(name, singles_units[i].name))
			return i;
	return -1;
}

static int index_at(const struct world *world, unsigned slot)
{
	char name[BOARD_TEXT_MAX + 1];

	board_text_get(&world->board->units[BOARD_LEADER_FIRST + slot].name,
		       name, sizeof(name));
	return index_of(text_of(name));
}

/* What is kept of it, as shown. */
static bool shown_of(const struct world *world, int i, struct single *single)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	struct text bytes;

	single_key(text_of(singles_units[i].name), key);
	bytes = memview_register_record(&world->view, key);
	return bytes.len > 0 &&
	       record_decode(&record, bytes.at, bytes.len) == 0 &&
	       single_decode(single, &record) == 0;
}

void singles_work_died(struct world *world)
{
	for (int i = 0; i < SINGLES_COUNT; i++)
		if (unit_of(world, i) != NULL &&
		    unit_is_timed(unit_of(world, i)))
			world->singles.known[i].owed = false;
}

void singles_node_died(struct world *world)
{
	singles_work_died(world);
	world->singles.first = world->singles.latest;
	world->singles.end_in = 0;
	world->board->epoch = 0;
	world->board->drain = 0;
	world->board->stopping = 0;
}

/* ---- when one is started ---- */

static bool lives(const struct played_worker *worker)
{
	return worker->state == PLAYED_FORKED || worker->state == PLAYED_RUNS;
}

/* A run besides its times uses none: each was asked for. */
static bool is_asked(struct singles_known *known, int64_t slot_ms)
{
	if (slot_ms != known->slot_ms || known->starts == 0)
		return false;
	known->starts--;
	return true;
}

static void check_slot(struct world *world, int i, int64_t slot_ms)
{
	struct singles_known *known = &world->singles.known[i];
	int64_t local_s = zone_local(singles_zone(), slot_ms / 1000);

	if (is_asked(known, slot_ms))
		return;
	if (slot_ms <= known->slot_ms)
		world_breaks(world, "a time was used twice",
			     singles_units[i].name);
	if (!world->singles.rough && singles_units[i].every_ms > 0 &&
	    slot_ms % singles_units[i].every_ms != 0)
		world_breaks(world, "a time that is none",
			     singles_units[i].name);
	if (i == NIGHT && local_s / DAY_S <= known->night)
		world_breaks(world, "two runs in one night",
			     singles_units[i].name);
	known->slot_ms = slot_ms;
	known->night = local_s / DAY_S;
}

/* Does an answered wish forbid it, and none since allow it? */
static bool is_forbidden(const struct singles_known *known)
{
	if (!known->acknowledged)
		return false;
	for (unsigned n = 0; n < known->count; n++)
		if (known->wishes[n].on)
			return false;
	return true;
}

/* One that is to run once did, and nobody wanted more. */
static void check_again(struct world *world, int i, uint64_t digest)
{
	const struct singles_known *known = &world->singles.known[i];

	if (i == ONCE && !known->may_again && known->before == digest &&
	    (known->how == HOW_DONE || known->how == HOW_FAILED))
		world_breaks(world, "what runs once ran again",
			     singles_units[i].name);
}

void singles_check_fork(struct world *world, unsigned slot, uint64_t token)
{
	int i = index_at(world, slot);
	struct single shown;

	if (i < 0) {
		world_breaks(world, "a singleton without a name", "");
		return;
	}
	for (unsigned other = 0; other < WORLD_SLOTS; other++)
		if (other != slot && lives(&world->workers[other]) &&
		    world->workers[other].single && index_at(world, other) == i)
			world_breaks(world, "two live ones of a singleton",
				     singles_units[i].name);
	if (is_forbidden(&world->singles.known[i]))
		world_breaks(world, "started though an operator said no",
			     singles_units[i].name);
	if (!shown_of(world, i, &shown) || shown.token != token) {
		world_breaks(world, "a singleton under a token not shown",
			     singles_units[i].name);
		return;
	}
	if (!singles_keeps(world, token))
		check_slot(world, i, shown.slot_ms);
	else
		check_again(world, i, shown.digest);
	world->singles.known[i].forked = token;
	world->singles.known[i].owed = false;
	world->singles.known[i].may_again =
		world->singles.known[i].count > 0 ||
		world->singles.loaded != world->singles.latest;
}

int64_t singles_end_ms(struct world *world, unsigned slot)
{
	if (singles_keeps(world, holding_of(world, slot)->token))
		return world->quiet
			       ? INT64_MAX
			       : world->now.ms + rng_below(&world->rng, 60000);
	return world->now.ms +
	       rng_below(&world->rng,
			 rng_once_in(&world->rng, 8) && !world->quiet ? 300000
								      : 1500);
}

enum message_how singles_outcome(struct world *world, unsigned slot)
{
	if (!world->singles.rough ||
	    !singles_keeps(world, world->workers[slot].token))
		return 0;
	return rng_once_in(&world->rng, 3) ? HOW_DONE : HOW_FAILED;
}

/* ---- operators ---- */

/* Of the first two one is stopped and started, the other disabled and enabled.
 */
static enum message_action calm_wish(struct world *world, unsigned i, bool on)
{
	if (i != 0)
		return on ? ACTION_ENABLE : ACTION_DISABLE;
	if (on && rng_once_in(&world->rng, 2))
		return ACTION_RESTART;
	return on ? ACTION_START : ACTION_STOP;
}

static enum message_action rough_wish(struct world *world, bool on)
{
	static const enum message_action on_count[] = { ACTION_START,
							ACTION_RESTART,
							ACTION_ENABLE };

	if (on)
		return on_count[rng_below(&world->rng, 3)];
	return rng_once_in(&world->rng, 2) ? ACTION_STOP : ACTION_DISABLE;
}

static void note_wish(struct singles_known *known, enum message_action action,
		      bool on)
{
	known->begins = true;
	if (!on)
		known->owed = false;
	if (action == ACTION_ENABLE)
		known->enabling = true;
	if (action != ACTION_START && action != ACTION_RESTART)
		return;
	known->starts++;
	known->may_again = true;
}

void singles_operate(struct world *world)
{
	bool rough = world->singles.rough;
	unsigned i = rng_below(&world->rng, rough ? SINGLES_COUNT : 2);
	struct singles_known *known = &world->singles.known[i];
	bool on = rng_once_in(&world->rng, 2) ||
		  (rough && rng_once_in(&world->rng, 3));
	struct message message = {
		.kind = MESSAGE_UNIT,
		.request = ++world->requests,
		.type = text_of(singles_units[i].name),
		.unit_kind = UNIT_SINGLETON,
	};

	if (known->count == SINGLES_WISHES_MAX)
		return;
	message.action =
		rough ? rough_wish(world, on) : calm_wish(world, i, on);
	known->wishes[known->count++] =
		(struct singles_wish){ message.request, message.action, on };
	note_wish(known, message.action, on);
	world_asks(world, &message);
}

/* Is there a worker of I under TOKEN? */
static bool has_worker(const struct world *world, int i, uint64_t token)
{
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
		if (world->workers[slot].state != PLAYED_NONE &&
		    world->workers[slot].single &&
		    world->workers[slot].token == token &&
		    index_at(world, slot) == i)
			return true;
	return false;
}

/* It will start, or start again: that is what the operator was told. */
static void note_promise(struct world *world, int i,
			 const struct singles_wish *wish, bool was_off)
{
	struct singles_known *known = &world->singles.known[i];
	struct single shown;
	bool runs = shown_of(world, i, &shown) && shown.held &&
		    has_worker(world, i, shown.token);

	if (!world->singles.rough || unit_of(world, i) == NULL ||
	    world->singles.loaded != world->singles.latest)
		return;
	if (wish->action == ACTION_RESTART ||
	    (wish->action == ACTION_START && (!runs || was_off)))
		known->owed = true;
	/* What was asked since may be the contrary. */
	for (unsigned n = 1; n < known->count; n++)
		if (!known->wishes[n].on)
			known->owed = false;
}

static void take_answer(struct world *world, int i, unsigned n, bool good)
{
	struct singles_known *known = &world->singles.known[i];
	struct singles_wish wish = known->wishes[n];
	bool was_off = known->acknowledged && n > 0;

	/* One that was not answered may have started it. */
	for (unsigned at = 0; at < n; at++)
		was_off = was_off && !known->wishes[at].on;
	if (!good) {
		known->count--;
		memmove(&known->wishes[n], &known->wishes[n + 1],
			(known->count - n) * sizeof(known->wishes[0]));
		return;
	}
	known->count -= n;
	memmove(known->wishes, &known->wishes[n],
		known->count * sizeof(known->wishes[0]));
	known->acknowledged = true;
	note_promise(world, i, &wish, was_off);
}

bool singles_take_reply(struct world *world, const struct message *reply)
{
	for (int i = 0; i < SINGLES_COUNT; i++) {
		struct singles_known *known = &world->singles.known[i];

		for (unsigned n = 0; n < known->count; n++) {
			if (known->wishes[n].request != reply->request)
				continue;
			take_answer(world, i, n, reply->status == 0);
			return true;
		}
	}
	return false;
}

/* ---- what is shown ---- */

static void check_register(struct world *world,
			   const struct memview_register *shown)
{
	struct singles *singles = &world->singles;
	uint64_t hash = board_hash(shown->record, shown->record_len);
	unsigned i = 0;
	int order;

	while (i < singles->keys_count &&
	       strcmp(singles->keys[i].key, shown->key) != 0)
		i++;
	if (i == singles->keys_count) {
		if (i == SINGLES_KEYS_MAX)
			return;
		singles->keys_count++;
		text_copy(text_of(shown->key), singles->keys[i].key,
			  sizeof(singles->keys[i].key));
		singles->keys[i].version = (struct version){ 0 };
	}
	order = version_compare(shown->version, singles->keys[i].version);
	if (order < 0)
		world_breaks(world, "a register went back", shown->key);
	if (order == 0 && hash != singles->keys[i].hash)
		world_breaks(world, "a register's version meant two things",
			     shown->key);
	singles->keys[i].version = shown->version;
	singles->keys[i].hash = hash;
}

/* Are TIMES not those of I any more? */
static bool has_other_times(const struct world *world, int i, uint64_t times)
{
	const struct ledger *ledger = world->ledger;

	for (unsigned at = 0; at < ledger->singles_high; at++)
		if (ledger->singles[at].used &&
		    strcmp(ledger->singles[at].name, singles_units[i].name) ==
			    0)
			return ledger->singles[at].times != times ||
			       world->singles.loaded != world->singles.latest;
	return true;
}

/* Its times begin, or may come again, for a reason. */
static void check_times(struct world *world, int i)
{
	struct singles_known *known = &world->singles.known[i];
	struct single shown;

	if (!shown_of(world, i, &shown))
		return;
	if (shown.token != known->token) {
		known->before = known->digest;
		known->how = shown.how;
	}
	known->token = shown.token;
	known->digest = shown.digest;
	/* What never began may come once more. */
	if (!shown.held && shown.token != known->ended)
		known->starts += shown.token != known->forked;
	if (known->held != 0 && shown.held && shown.token != known->held)
		known->starts += known->held != known->forked;
	known->held = shown.held ? shown.token : 0;
	known->ended = shown.held ? known->ended : shown.token;
	if (shown.since_ms != known->since_ms) {
		if (!known->begins)
			world_breaks(world, "its times begin for no reason",
				     singles_units[i].name);
		known->begins = known->count > 0 ||
				has_other_times(world, i, shown.times);
		known->since_ms = shown.since_ms;
	}
	if (shown.slot_ms < known->used_ms) {
		if (!known->enabling)
			world_breaks(world, "a used time is forgotten",
				     singles_units[i].name);
		known->slot_ms = shown.slot_ms;
		known->night =
			zone_local(singles_zone(), shown.slot_ms / 1000) /
				DAY_S -
			1;
	}
	known->used_ms = shown.slot_ms;
}

void singles_check(struct world *world)
{
	const struct memview_registers *shown = &world->view.shown_registers;

	for (size_t i = 0; i < shown->count; i++)
		check_register(world, &shown->at[i]);
	for (int i = 0; i < SINGLES_COUNT; i++)
		check_times(world, i);
}

/* Could it run now? */
static bool may_run(const struct world *world,
		    const struct ledger_single *single)
{
	return single->unit != NULL && !single->stopped && !single->is_new &&
	       ledger_single_is_enabled(single) && !single->kept.held &&
	       single->not_before_ms <= world->now.ms &&
	       world->board->drain == 0 && world->board->stopping == 0;
}

/* One that runs missed ones has none left while it could run. */
void singles_check_turn(struct world *world)
{
	const struct ledger *ledger = world->ledger;
	const struct ledger_single *late = NULL;
	int64_t begun_ms = world->now.wall_ms;
	struct single shown;

	for (unsigned i = 0; i < ledger->singles_high; i++)
		if (strcmp(ledger->singles[i].name, late_name) == 0)
			late = &ledger->singles[i];
	if (late == NULL || !shown_of(world, LATE, &shown) || shown.held ||
	    !may_run(world, late))
		return;
	begun_ms -= begun_ms % late->unit->every_ms;
	if (shown.since_ms < begun_ms && shown.slot_ms < begun_ms)
		world_breaks(world, "a missed time is not run", late_name);
}

static bool flag_is(const struct world *world, const char *what, int i,
		    const char *value)
{
	char key[RECORD_KEY_MAX + 1];

	(void)ledger_wish_key(what, "", text_of(singles_units[i].name), key);
	return strcmp(memview_register(&world->view, key), value) == 0;
}

/* Runs what should, or does it not where it should not? */
static bool is_as_it_should(const struct world *world, int i)
{
	const struct unit *unit = unit_of(world, i);
	struct single shown;
	bool runs;

	if (world->singles.known[i].owed)
		return false;
	if (!shown_of(world, i, &shown))
		shown = (struct single){ .held = false };
	runs = shown.held && has_worker(world, i, shown.token);
	if (unit == NULL || flag_is(world, "enabled", i, "0") ||
	    flag_is(world, "stopped", i, "1"))
		return !shown.held;
	if (unit_is_timed(unit))
		return !runs || !singles_keeps(world, shown.token);
	return runs ? singles_keeps(world, shown.token)
		    : !shown.held && shown.done;
}

bool singles_are_up(const struct world *world)
{
	const struct singles_known *known = &world->singles.known[0];
	struct single shown;

	if (world->singles.rough) {
		for (int i = 0; i < SINGLES_COUNT; i++)
			if (!is_as_it_should(world, i)) {
				world_says(world, "waits for",
					   singles_units[i].name,
					   world->singles.known[i].owed);
				return false;
			}
		return true;
	}
	if (shown_of(world, 0, &shown) && !shown.held && shown.done)
		return true;
	/* Who asked and was not answered can't know what holds. */
	for (unsigned n = 0; n < known->count; n++)
		if (!known->wishes[n].on)
			return true;
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
		if (world->workers[slot].state == PLAYED_RUNS &&
		    world->workers[slot].single && index_at(world, slot) == 0)
			return true;
	return false;
}
