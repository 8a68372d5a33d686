#include "tests/sim/singles.h"

#include "tests/sim/world.h"

#define DAY_S	  INT64_C(86400)
#define LATE_MS	  INT64_C(60000)
#define NIGHT	  3 /* index of the one that runs at 02:30 */
#define LATE	  2 /* of the one that runs missed ones, every minute */
#define CHANGES_S (3 * DAY_S)

static char command_word[] = "/bin/true";
static char *command_words[] = { command_word, NULL };
static char keeper_name[] = "keeper";
static char tick_name[] = "tick";
static char late_name[] = "late";
static char night_name[] = "night";
static char seven_name[] = "seven";
static char night_cron[] = "30 2 * * *";
static char seven_cron[] = "*/7 * * * *";

#define COMMON                                                   \
	.kind = UNIT_SINGLETON, .command = { command_words, 1 }, \
	.enabled = true, .backoff_ms = 100, .backoff_max_ms = 2000

const struct unit singles_units[SINGLES_COUNT] = {
	{ COMMON, .name = keeper_name },
	{ COMMON, .name = tick_name, .every_ms = 2000 },
	{ COMMON, .name = late_name, .every_ms = LATE_MS,
	  .missed = MISSED_RUN_ONCE },
	{ COMMON, .name = night_name, .cron = night_cron },
	{ COMMON, .name = seven_name, .cron = seven_cron,
	  .missed = MISSED_RUN_ONCE },
};

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

/* ---- when one is started ---- */

static bool lives(const struct played_worker *worker)
{
	return worker->state == PLAYED_FORKED || worker->state == PLAYED_RUNS;
}

static void check_slot(struct world *world, int i, int64_t slot_ms)
{
	struct singles_known *known = &world->singles.known[i];
	int64_t local_s = zone_local(singles_zone(), slot_ms / 1000);

	if (slot_ms <= known->slot_ms)
		world_breaks(world, "a time was used twice",
			     singles_units[i].name);
	if (singles_units[i].every_ms > 0 &&
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
	if (unit_is_timed(&singles_units[i]))
		check_slot(world, i, shown.slot_ms);
}

int64_t singles_end_ms(struct world *world, unsigned slot)
{
	int i = index_at(world, slot);

	if (i >= 0 && !unit_is_timed(&singles_units[i]))
		return world->quiet
			       ? INT64_MAX
			       : world->now.ms + rng_below(&world->rng, 60000);
	return world->now.ms +
	       rng_below(&world->rng,
			 rng_once_in(&world->rng, 8) && !world->quiet ? 300000
								      : 1500);
}

/* ---- operators: of the first two ---- */

void singles_operate(struct world *world)
{
	unsigned i = rng_below(&world->rng, 2);
	struct singles_known *known = &world->singles.known[i];
	bool on = rng_once_in(&world->rng, 2);
	struct message message = {
		.kind = MESSAGE_UNIT,
		.request = ++world->requests,
		.type = text_of(singles_units[i].name),
		.unit_kind = UNIT_SINGLETON,
	};

	if (known->count == SINGLES_WISHES_MAX)
		return;
	/* One is stopped and started, the other disabled and enabled. */
	if (i == 0)
		message.action = on ? ACTION_START : ACTION_STOP;
	else
		message.action = on ? ACTION_ENABLE : ACTION_DISABLE;
	if (i == 0 && on && rng_once_in(&world->rng, 2))
		message.action = ACTION_RESTART;
	known->wishes[known->count++] =
		(struct singles_wish){ message.request, on };
	world_asks(world, &message);
}

bool singles_take_reply(struct world *world, const struct message *reply)
{
	for (int i = 0; i < SINGLES_COUNT; i++) {
		struct singles_known *known = &world->singles.known[i];

		for (unsigned n = 0; n < known->count; n++) {
			if (known->wishes[n].request != reply->request)
				continue;
			if (reply->status != 0) {
				known->count--;
				memmove(&known->wishes[n],
					&known->wishes[n + 1],
					(known->count - n) *
						sizeof(known->wishes[0]));
				return true;
			}
			known->count -= n;
			memmove(known->wishes, &known->wishes[n],
				known->count * sizeof(known->wishes[0]));
			known->acknowledged = true;
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

void singles_check(struct world *world)
{
	const struct memview_registers *shown = &world->view.shown_registers;

	for (size_t i = 0; i < shown->count; i++)
		check_register(world, &shown->at[i]);
}

/* One that runs missed ones has none left while it could run. */
void singles_check_turn(struct world *world)
{
	const struct ledger *ledger = world->ledger;
	const struct ledger_single *late = NULL;
	int64_t begun_ms = world->now.wall_ms - world->now.wall_ms % LATE_MS;
	struct single shown;

	for (unsigned i = 0; i < ledger->singles_high; i++)
		if (strcmp(ledger->singles[i].name, late_name) == 0)
			late = &ledger->singles[i];
	if (late == NULL || !shown_of(world, LATE, &shown) || shown.held ||
	    late->kept.held || late->not_before_ms > world->now.ms)
		return;
	if (shown.since_ms < begun_ms && shown.slot_ms < begun_ms)
		world_breaks(world, "a missed time is not run", late_name);
}

bool singles_are_up(const struct world *world)
{
	const struct singles_known *known = &world->singles.known[0];
	struct single shown;

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
