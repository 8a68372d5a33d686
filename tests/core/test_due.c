#define _GNU_SOURCE
#include "core/due.h"

#include <string.h>

#include "io/zoneinfo.h"
#include "tests/core/clocks.h"
#include "tests/core/test.h"
#include "tests/sim/rng.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static struct cron cron;

static struct due_policy every(int64_t every_ms, enum unit_missed missed)
{
	return (struct due_policy){ .every_ms = every_ms, .missed = missed };
}

static struct due_policy by_cron(const char *text, enum unit_missed missed)
{
	struct cron_fault fault;

	ck_assert_int_eq(cron_parse(&cron, text_of(text), &fault), 0);
	return (struct due_policy){ .cron = &cron, .missed = missed };
}

/* ---- courses ---- */

/* One step: time, a run lasts, what is expected; a slot is claimed at once. */
struct step {
	const char *now;
	bool running;
	const char *slot; /* NULL = none */
	unsigned missed;
	const char *last_missed;
	const char *next;
};

static void follow(struct due *due, const struct due_policy *policy,
		   const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &steps[i];
		int64_t now_ms = clocks_ms(step->now);
		struct due_verdict verdict =
			due_judge(due, policy, step->running, now_ms);

		ck_assert_msg(
			verdict.slot_ms == (step->slot != NULL
						    ? clocks_ms(step->slot)
						    : 0),
			"%s: slot %s", step->now, clocks_text(verdict.slot_ms));
		ck_assert_msg(verdict.missed == step->missed, "%s: missed %u",
			      step->now, verdict.missed);
		ck_assert_msg(verdict.missed_ms ==
				      (step->last_missed != NULL
					       ? clocks_ms(step->last_missed)
					       : 0),
			      "%s: missed %s", step->now,
			      clocks_text(verdict.missed_ms));
		ck_assert_msg(verdict.next_ms == clocks_ms(step->next),
			      "%s: next %s", step->now,
			      clocks_text(verdict.next_ms));
		ck_assert_int_eq(verdict.busy,
				 step->missed > 0 && step->running);
		due_claim(due, verdict.slot_ms);
	}
}

#define FOLLOW(DUE, POLICY, ...)                                            \
	do {                                                                \
		const struct step steps[] = { __VA_ARGS__ };                \
		follow(DUE, POLICY, steps, sizeof(steps) / sizeof(*steps)); \
	} while (0)

START_TEST(every_runs_at_once_the_first_time_then_on_its_grid)
{
	struct due_policy policy = every(HOUR, MISSED_SKIP);
	struct due due = { .from_ms = clocks_ms("2024-01-01T10:20") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T10:20", false, "2024-01-01T10:00", 0, NULL,
		 "2024-01-01T11:00" },
	       { "2024-01-01T10:59", false, NULL, 0, NULL, "2024-01-01T11:00" },
	       { "2024-01-01T11:00", false, "2024-01-01T11:00", 0, NULL,
		 "2024-01-01T12:00" },
	       { "2024-01-01T11:00", false, NULL, 0, NULL,
		 "2024-01-01T12:00" });
}
END_TEST

START_TEST(cron_waits_for_its_first_time)
{
	struct due_policy policy = by_cron("0 * * * *", MISSED_RUN_ONCE);
	struct due due = { .from_ms = clocks_ms("2024-01-01T10:20") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T10:20", false, NULL, 0, NULL, "2024-01-01T11:00" },
	       { "2024-01-01T11:00", false, "2024-01-01T11:00", 0, NULL,
		 "2024-01-01T12:00" });
}
END_TEST

START_TEST(what_a_restart_missed_is_skipped)
{
	struct due_policy policy = every(HOUR, MISSED_SKIP);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T13:20", false, NULL, 3, "2024-01-01T13:00",
		 "2024-01-01T14:00" },
	       { "2024-01-01T13:21", false, NULL, 0, NULL, "2024-01-01T14:00" },
	       { "2024-01-01T14:00", false, "2024-01-01T14:00", 0, NULL,
		 "2024-01-01T15:00" });
}
END_TEST

START_TEST(what_a_restart_missed_runs_once)
{
	struct due_policy policy = by_cron("0 * * * *", MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T13:20", false, "2024-01-01T13:00", 2,
		 "2024-01-01T12:00", "2024-01-01T14:00" },
	       { "2024-01-01T13:21", false, NULL, 0, NULL, "2024-01-01T14:00" },
	       { "2024-01-01T14:00", false, "2024-01-01T14:00", 0, NULL,
		 "2024-01-01T15:00" });
}
END_TEST

START_TEST(a_slot_within_the_grace_is_not_missed)
{
	struct due_policy policy = by_cron("0 * * * *", MISSED_SKIP);
	int64_t slot_ms = clocks_ms("2024-01-01T11:00");
	struct due due = { .slot_ms = slot_ms - HOUR };
	struct due late = due;
	struct due_verdict verdict =
		due_judge(&due, &policy, false, slot_ms + DUE_GRACE_MAX_MS);

	ck_assert_int_eq(verdict.slot_ms, slot_ms);
	verdict = due_judge(&late, &policy, false,
			    slot_ms + DUE_GRACE_MAX_MS + 1);
	ck_assert_int_eq(verdict.slot_ms, 0);
	ck_assert_uint_eq(verdict.missed, 1);
}
END_TEST

START_TEST(the_grace_of_every_is_half_of_it_within_limits)
{
	static const int64_t rows[][2] = { { 100, 99 },
					   { 1000, 999 },
					   { 4000, 2000 },
					   { MINUTE, 30000 },
					   { HOUR, 30000 } };

	for (size_t i = 0; i < 5; i++) {
		struct due_policy policy = every(rows[i][0], MISSED_SKIP);
		struct due due = { .slot_ms = 100 * HOUR };
		int64_t slot_ms = 100 * HOUR + rows[i][0];
		struct due_verdict verdict =
			due_judge(&due, &policy, false, slot_ms + rows[i][1]);

		ck_assert_int_eq(verdict.slot_ms, slot_ms);
	}
}
END_TEST

START_TEST(while_a_run_lasts_slots_are_passed_over)
{
	struct due_policy policy = every(HOUR, MISSED_SKIP);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T10:30", true, NULL, 0, NULL, "2024-01-01T11:00" },
	       { "2024-01-01T11:00", true, NULL, 1, "2024-01-01T11:00",
		 "2024-01-01T12:00" },
	       /* ends within the grace of what was passed over */
	       { "2024-01-01T11:00", false, NULL, 0, NULL, "2024-01-01T12:00" },
	       { "2024-01-01T12:00", false, "2024-01-01T12:00", 0, NULL,
		 "2024-01-01T13:00" });
}
END_TEST

START_TEST(after_a_run_that_lasted_too_long_comes_one)
{
	struct due_policy policy = every(HOUR, MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T11:00", true, NULL, 0, NULL, "2024-01-01T12:00" },
	       { "2024-01-01T12:00", true, NULL, 0, NULL, "2024-01-01T13:00" },
	       { "2024-01-01T12:20", false, "2024-01-01T12:00", 1,
		 "2024-01-01T11:00", "2024-01-01T13:00" },
	       { "2024-01-01T12:20", true, NULL, 0, NULL, "2024-01-01T13:00" },
	       { "2024-01-01T12:40", false, NULL, 0, NULL,
		 "2024-01-01T13:00" });
}
END_TEST

START_TEST(a_clock_set_back_repeats_nothing)
{
	struct due_policy policy = every(HOUR, MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T14:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T10:30", false, NULL, 0, NULL, "2024-01-01T15:00" },
	       { "2024-01-01T14:00", false, NULL, 0, NULL, "2024-01-01T15:00" },
	       { "2024-01-01T15:00", false, "2024-01-01T15:00", 0, NULL,
		 "2024-01-01T16:00" });
	ck_assert_int_eq(due_ahead_ms(&due, clocks_ms("2024-01-01T10:30")),
			 4 * HOUR + HOUR / 2);
	ck_assert_int_eq(due_ahead_ms(&due, clocks_ms("2024-01-01T15:30")), 0);
}
END_TEST

START_TEST(a_clock_set_back_keeps_what_was_never_claimed)
{
	struct due_policy policy = every(HOUR, MISSED_SKIP);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T09:00") };

	FOLLOW(&due, &policy,
	       { "2024-01-01T14:10", false, NULL, 5, "2024-01-01T14:00",
		 "2024-01-01T15:00" },
	       { "2024-01-01T10:30", false, NULL, 0, NULL, "2024-01-01T11:00" },
	       { "2024-01-01T11:00", false, "2024-01-01T11:00", 0, NULL,
		 "2024-01-01T12:00" });
}
END_TEST

START_TEST(a_verdict_stands_until_its_slot_is_claimed)
{
	struct due_policy policy = every(HOUR, MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00") };
	int64_t now_ms = clocks_ms("2024-01-01T13:20");
	struct due_verdict verdict = due_judge(&due, &policy, false, now_ms);

	ck_assert_int_eq(verdict.slot_ms, clocks_ms("2024-01-01T13:00"));
	ck_assert_uint_eq(verdict.missed, 2);
	verdict = due_judge(&due, &policy, false, now_ms + SECOND);
	ck_assert_int_eq(verdict.slot_ms, clocks_ms("2024-01-01T13:00"));
	ck_assert_uint_eq(verdict.missed, 0); /* told before */
}
END_TEST

START_TEST(what_was_disabled_missed_nothing)
{
	struct due_policy policy = by_cron("0 * * * *", MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2024-01-01T10:00"),
			   .from_ms = clocks_ms("2024-01-03T10:20") };

	FOLLOW(&due, &policy,
	       { "2024-01-03T10:20", false, NULL, 0, NULL,
		 "2024-01-03T11:00" });
}
END_TEST

START_TEST(years_without_a_run_are_told_at_once)
{
	struct due_policy policy = by_cron("* * * * *", MISSED_RUN_ONCE);
	struct due due = { .slot_ms = clocks_ms("2004-01-01T10:00") };
	struct due_verdict verdict = due_judge(
		&due, &policy, false, clocks_ms("2024-01-01T10:00") + SECOND);

	ck_assert_int_eq(verdict.slot_ms, clocks_ms("2024-01-01T10:00"));
	ck_assert_uint_eq(verdict.missed, DUE_MISSED_MAX);
	policy = every(100, MISSED_RUN_ONCE);
	verdict =
		due_judge(&due, &policy, false, clocks_ms("2034-01-01T10:00"));
	ck_assert_uint_eq(verdict.missed, DUE_MISSED_MAX);
}
END_TEST

START_TEST(a_clock_that_begins_in_1970_is_no_trouble)
{
	struct due_policy policy = every(HOUR, MISSED_RUN_ONCE);
	struct due due = { 0 };

	FOLLOW(&due, &policy,
	       { "1970-01-01T00:00", false, NULL, 0, NULL, "1970-01-01T01:00" },
	       { "1970-01-01T01:00", false, "1970-01-01T01:00", 0, NULL,
		 "1970-01-01T02:00" });
	ck_assert_int_eq(due_judge(&due, &policy, false, -HOUR).slot_ms, 0);
}
END_TEST

START_TEST(a_time_never_to_come_is_looked_for_now_and_then)
{
	struct due_policy policy = by_cron("0 0 29 2 *", MISSED_SKIP);
	int64_t end_ms = clocks_ms("9999-12-31T23:59") + 2 * MINUTE;
	struct due due = { .slot_ms = end_ms };
	struct due_verdict verdict = due_judge(&due, &policy, false, end_ms);

	ck_assert_int_eq(verdict.next_ms, DUE_NEVER);
	ck_assert_int_eq(verdict.look_ms, end_ms + DUE_LOOK_MAX_MS);
}
END_TEST

/* ---- a long time, with all that happens ---- */

static const char *const times[] = {
	"* * * * *",	"*/7 * * * *",	   "30 2 * * *",   "0 */2 * * *",
	"15 1-4 * * *", "0 0 * * mon,fri", "5,35 * * * *",
};

static const char *const places[] = { "UTC", "Europe/Berlin",
				      "Australia/Lord_Howe", "Pacific/Apia" };

static const int64_t lengths[] = { 700,		5 * SECOND, MINUTE,
				   90 * SECOND, HOUR,	    25 * HOUR };

struct world {
	uint64_t seed;
	struct rng rng;
	struct due_policy policy;
	struct zoneinfo info;
	struct zone zone;
	struct due due;
	int64_t wall_ms;
	int64_t run_ends_ms; /* by a clock nobody sets; 0 = nothing runs */
	int64_t real_ms;
	int64_t told_ms; /* everything up to here was run or told */
	bool disturbed;	 /* since the last look: late on purpose */
	unsigned runs;
};

#define FAIL(WORLD, TEXT)                                                      \
	ck_abort_msg("seed %lu: %s at %s", (unsigned long)(WORLD)->seed, TEXT, \
		     clocks_text((WORLD)->wall_ms))

/* The slots in (FROM, UNTIL], counted without due. */
static unsigned count_slots(const struct world *world, int64_t from_ms,
			    int64_t until_ms)
{
	const struct due_policy *policy = &world->policy;
	unsigned count = 0;

	if (from_ms >= until_ms)
		return 0;
	if (policy->every_ms > 0)
		return (unsigned)(until_ms / policy->every_ms -
				  from_ms / policy->every_ms);
	while (cron_next(policy->cron, policy->zone, from_ms, &from_ms) == 0 &&
	       from_ms <= until_ms && count <= DUE_MISSED_MAX)
		count++;
	return count;
}

static bool is_slot(const struct world *world, int64_t ms)
{
	return count_slots(world, ms - 1, ms) == 1;
}

static int64_t grace_of(const struct world *world)
{
	int64_t half_ms = world->policy.every_ms / 2;

	if (world->policy.every_ms == 0 || half_ms > 30 * SECOND)
		return 30 * SECOND;
	return half_ms < SECOND ? SECOND : half_ms;
}

static void check_claim(struct world *world, int64_t slot_ms)
{
	if (world->run_ends_ms != 0)
		FAIL(world, "overlap");
	if (slot_ms <= world->due.slot_ms)
		FAIL(world, "a slot ran twice");
	if (slot_ms > world->wall_ms)
		FAIL(world, "too soon");
	if (!is_slot(world, slot_ms))
		FAIL(world, "no slot");
	if (count_slots(world, slot_ms, world->wall_ms) != 0)
		FAIL(world, "not the latest");
	if (world->policy.missed == MISSED_SKIP && world->due.slot_ms != 0 &&
	    world->wall_ms - slot_ms > grace_of(world))
		FAIL(world, "what was missed ran");
}

/* Each slot is run or told once, no other. */
static void check_account(struct world *world,
			  const struct due_verdict *verdict)
{
	unsigned told = verdict->missed + (verdict->slot_ms != 0 ? 1 : 0);
	int64_t until_ms = world->wall_ms;
	unsigned came;

	/* It is known that a run comes, not yet which are missed. */
	if (world->policy.missed == MISSED_RUN_ONCE && world->run_ends_ms != 0)
		until_ms = world->told_ms;
	came = count_slots(world, world->told_ms, until_ms);
	if (came > DUE_MISSED_MAX ? told < DUE_MISSED_MAX : told != came)
		FAIL(world, "slots are not accounted for");
	if (verdict->missed > 0 && (!is_slot(world, verdict->missed_ms) ||
				    verdict->missed_ms > world->wall_ms))
		FAIL(world, "no slot was missed then");
	if (world->policy.missed == MISSED_SKIP && !world->disturbed &&
	    world->run_ends_ms == 0 && verdict->missed > 0)
		FAIL(world, "missed for no reason");
	if (until_ms > world->told_ms)
		world->told_ms = until_ms;
}

static void look(struct world *world)
{
	bool running = world->run_ends_ms != 0;
	bool first = world->due.slot_ms == 0 && world->policy.every_ms > 0;
	struct due_verdict verdict;

	verdict =
		due_judge(&world->due, &world->policy, running, world->wall_ms);
	if (verdict.look_ms <= world->wall_ms ||
	    verdict.look_ms > world->wall_ms + DUE_LOOK_MAX_MS ||
	    verdict.next_ms < verdict.look_ms)
		FAIL(world, "looks at no time");
	if (verdict.slot_ms != 0)
		check_claim(world, verdict.slot_ms);
	if (first)
		world->told_ms = world->wall_ms;
	else
		check_account(world, &verdict);
	world->disturbed = false;
	if (verdict.slot_ms == 0)
		return;
	due_claim(&world->due, verdict.slot_ms);
	world->runs++;
	world->run_ends_ms =
		world->real_ms + 1 + (int64_t)rng_below(&world->rng, 20000);
	if (rng_once_in(&world->rng, 6))
		world->run_ends_ms +=
			(int64_t)rng_below(&world->rng, 4 * 3600) * SECOND;
}

static void restart(struct world *world)
{
	int64_t down_ms = (int64_t)rng_below(&world->rng, 7200) * SECOND;

	if (rng_once_in(&world->rng, 10))
		down_ms *= 20;
	world->wall_ms += down_ms;
	world->real_ms += down_ms;
	world->run_ends_ms = 0;
	/* What was told is forgotten, what was claimed is not. */
	world->due.from_ms = world->due.slot_ms != 0 ? 0 : world->wall_ms;
	world->told_ms =
		world->due.slot_ms != 0 ? world->due.slot_ms : world->wall_ms;
	world->disturbed = true;
}

static void set_clock(struct world *world)
{
	int64_t step_ms = (int64_t)rng_below(&world->rng, 7200000) - 3600000;

	if (rng_once_in(&world->rng, 5))
		step_ms *= 48;
	world->wall_ms += step_ms;
	if (world->wall_ms < DAY)
		world->wall_ms = DAY;
	if (world->told_ms > world->wall_ms)
		world->told_ms = world->wall_ms;
	if (world->told_ms < world->due.slot_ms)
		world->told_ms = world->due.slot_ms;
	world->disturbed = true;
}

/* Sleeps as long as the verdict says, or until the run ends. */
static void pass(struct world *world)
{
	struct due_verdict verdict;
	struct due due = world->due;
	int64_t sleep_ms;

	verdict = due_judge(&due, &world->policy, world->run_ends_ms != 0,
			    world->wall_ms);
	sleep_ms = verdict.look_ms - world->wall_ms +
		   (int64_t)rng_below(&world->rng, 200);
	/* Nobody looks when there is nothing to see: saves a minute's walk. */
	if (verdict.next_ms - world->wall_ms > 5 * MINUTE &&
	    world->run_ends_ms == 0)
		sleep_ms = verdict.next_ms - world->wall_ms +
			   (int64_t)rng_below(&world->rng, 200);
	if (rng_once_in(&world->rng, 50)) {
		sleep_ms += rng_below(&world->rng, 120000);
		world->disturbed = true;
	}
	if (world->run_ends_ms != 0 &&
	    world->run_ends_ms - world->real_ms <= sleep_ms) {
		sleep_ms = world->run_ends_ms - world->real_ms;
		world->run_ends_ms = 0;
	}
	world->wall_ms += sleep_ms;
	world->real_ms += sleep_ms;
}

static void setup(struct world *world, uint64_t seed)
{
	struct rng *rng = &world->rng;
	struct due_policy *policy = &world->policy;

	*world = (struct world){ .seed = seed, .rng = { seed } };
	world->wall_ms = clocks_ms("2011-01-01T00:00") +
			 (int64_t)rng_below(rng, 14 * 365) * DAY +
			 rng_below(rng, 86400000);
	if (rng_once_in(rng, 2)) {
		*policy = every(lengths[rng_below(rng, 6)], MISSED_SKIP);
	} else {
		*policy = by_cron(times[rng_below(rng, 7)], MISSED_SKIP);
		if (zoneinfo_open(&world->info, places[rng_below(rng, 4)]) ==
		    0) {
			world->zone = zoneinfo_zone(&world->info);
			policy->zone = &world->zone;
		}
	}
	if (rng_once_in(rng, 2))
		policy->missed = MISSED_RUN_ONCE;
	world->due.from_ms = world->told_ms = world->wall_ms;
}

/* A year, or 3000 things that happen. */
static void play(uint64_t seed)
{
	static struct world world;

	setup(&world, seed);
	for (unsigned i = 0; i < 3000 && world.real_ms < 365 * DAY; i++) {
		look(&world);
		pass(&world);
		if (rng_once_in(&world.rng, 60))
			restart(&world);
		if (rng_once_in(&world.rng, 80))
			set_clock(&world);
	}
	if (world.runs == 0)
		FAIL(&world, "nothing ever ran");
}

START_TEST(whatever_happens_each_slot_runs_at_most_once_or_as_missed_says)
{
	unsigned seeds = clocks_seeds(30);

	for (unsigned seed = 1; seed <= seeds; seed++)
		play(seed);
}
END_TEST

TEST_MAIN("due", every_runs_at_once_the_first_time_then_on_its_grid,
	  cron_waits_for_its_first_time, what_a_restart_missed_is_skipped,
	  what_a_restart_missed_runs_once,
	  a_slot_within_the_grace_is_not_missed,
	  the_grace_of_every_is_half_of_it_within_limits,
	  while_a_run_lasts_slots_are_passed_over,
	  after_a_run_that_lasted_too_long_comes_one,
	  a_clock_set_back_repeats_nothing,
	  a_clock_set_back_keeps_what_was_never_claimed,
	  a_verdict_stands_until_its_slot_is_claimed,
	  what_was_disabled_missed_nothing,
	  years_without_a_run_are_told_at_once,
	  a_clock_that_begins_in_1970_is_no_trouble,
	  a_time_never_to_come_is_looked_for_now_and_then,
	  whatever_happens_each_slot_runs_at_most_once_or_as_missed_says)
