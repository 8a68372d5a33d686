#include "core/overdue.h"

#include "tests/core/test.h"

#define MS INT64_C(1000)

/* L = 3000 ms, K = 500. */
static struct lease_terms terms;
static const struct lease_time stamp = { 50000 * MS, 70000 * MS };
static struct overdue overdue;

/* So long after the stamp, by each clock. */
static struct lease_time at(int64_t boot_ms, int64_t raw_ms)
{
	return (struct lease_time){ stamp.boot_us + boot_ms * MS,
				    stamp.raw_us + raw_ms * MS };
}

static void set_up(void)
{
	terms = lease_terms_for(3000, 8);
	overdue = (struct overdue){ 0 };
}

static bool is_over(bool in, bool over, int64_t boot_ms, int64_t raw_ms)
{
	struct lease_kept kept = {
		.generation = 7, .stamp = stamp, .in = in, .over = over
	};
	struct lease_time now = at(boot_ms, raw_ms);

	return overdue_is_over(&kept, &terms, &now);
}

static bool is_gap(int64_t boot_ms, int64_t raw_ms)
{
	struct lease_time now = at(boot_ms, raw_ms);

	return overdue_is_gap(&terms, &stamp, &now);
}

static bool look_at(int64_t ms, bool awake)
{
	struct lease_time now = at(ms, ms);

	return overdue_look(&overdue, &terms, &stamp, awake, &now);
}

static bool look(int64_t ms)
{
	return look_at(ms, false);
}

static int64_t next_ms(int64_t ms)
{
	struct lease_time now = at(ms, ms);

	return overdue_next_us(&overdue, &terms, &stamp, &now) / MS;
}

START_TEST(a_lease_is_over_a_kill_before_its_end_by_the_faster_clock)
{
	set_up();
	ck_assert(!is_over(true, false, 2499, 2499));
	ck_assert(is_over(true, false, 2500, 2000));
	ck_assert(is_over(true, false, 2000, 2500));
}
END_TEST

START_TEST(what_was_lost_is_over_at_once)
{
	set_up();
	ck_assert(is_over(true, true, 0, 0));
	ck_assert(is_over(false, true, 0, 0));
}
END_TEST

START_TEST(what_is_joining_is_not_over)
{
	set_up();
	ck_assert(!is_over(false, false, 9999, 9999));
}
END_TEST

START_TEST(a_common_turn_is_no_gap)
{
	set_up();
	ck_assert(!is_gap(0, 0));
	ck_assert(!is_gap(1000, 1000));
	/* Slewed as fast as it can be. */
	ck_assert(!is_gap(1100, 1000));
}
END_TEST

START_TEST(a_suspend_is_a_gap)
{
	set_up();
	ck_assert(is_gap(1600, 1000));
	ck_assert(is_gap(1000, 1600));
}
END_TEST

START_TEST(a_stop_beyond_all_that_may_have_been_held_is_a_gap)
{
	set_up();
	ck_assert(!is_gap(2499, 2499));
	ck_assert(is_gap(2500, 2500));
}
END_TEST

START_TEST(the_guardian_gives_the_supervisor_its_time)
{
	set_up();
	ck_assert(!look(0));
	ck_assert_int_eq(next_ms(0), 2625);
	ck_assert(!look(2624));
	ck_assert(!look(2625));
	ck_assert_int_eq(next_ms(2625), 125);
	ck_assert(!look(2749));
	ck_assert(look(2750));
}
END_TEST

START_TEST(one_that_is_at_it_is_given_more)
{
	set_up();
	ck_assert(!look_at(2625, true));
	ck_assert(!look_at(2750, true));
	ck_assert_int_eq(next_ms(2750), 125);
	ck_assert(!look_at(2874, true));
	ck_assert(look_at(2875, true));
	ck_assert_int_eq(next_ms(2875), 0);
}
END_TEST

START_TEST(a_guardian_that_wakes_late_lets_the_supervisor_wake_too)
{
	set_up();
	ck_assert(!look(10000));
	ck_assert(!look(10124));
	ck_assert(look(10125));
}
END_TEST

START_TEST(a_renewal_ends_the_wondering)
{
	struct lease_time renewed = at(2600, 2600);
	struct lease_time now = at(2900, 2900);

	set_up();
	ck_assert(!look(2700));
	ck_assert(!overdue_look(&overdue, &terms, &renewed, false, &now));
	ck_assert(!overdue.wonders);
}
END_TEST

START_TEST(the_guardian_acts_before_the_end_at_every_length)
{
	for (uint32_t ms = LEASE_MS_MIN; ms <= LEASE_MS_MAX; ms += 1000) {
		int64_t now_ms = 0;

		overdue = (struct overdue){ 0 };
		terms = lease_terms_for(ms, 8);
		while (!look_at(now_ms, true))
			now_ms += next_ms(now_ms) + 1;
		ck_assert_int_gt(now_ms * MS, lease_stop_us(&terms, 0));
		ck_assert_int_le(now_ms, ms - terms.kill_ms / 5);
	}
}
END_TEST

static bool may_ping(bool in, bool over, bool alive, int64_t ms)
{
	struct lease_kept kept = {
		.generation = 7, .stamp = stamp, .in = in, .over = over
	};
	struct lease_time now = at(ms, ms);

	return overdue_may_ping(&kept, alive, &terms, 2000 * MS, &now);
}

START_TEST(a_ping_never_reaches_beyond_the_lease)
{
	set_up();
	ck_assert_int_eq(overdue_watchdog_s(&terms), 2);
	ck_assert(may_ping(true, false, true, 1000));
	ck_assert(!may_ping(true, false, true, 1001));
	/* Work may be started right after it. */
	ck_assert(!may_ping(true, false, false, 1001));
}
END_TEST

START_TEST(what_is_over_is_put_off_only_when_all_is_dead)
{
	set_up();
	ck_assert(may_ping(true, false, false, 2500));
	ck_assert(!may_ping(true, false, true, 2500));
	ck_assert(may_ping(true, true, false, 100));
	ck_assert(!may_ping(true, true, true, 100));
	ck_assert(may_ping(false, false, false, 100));
}
END_TEST

START_TEST(a_lease_of_a_second_is_too_short_for_a_watchdog)
{
	terms = lease_terms_for(1000, 8);
	ck_assert_int_eq(overdue_watchdog_s(&terms), 0);
	terms = lease_terms_for(1200, 8);
	ck_assert_int_eq(overdue_watchdog_s(&terms), 1);
}
END_TEST

TEST_MAIN("overdue", a_lease_is_over_a_kill_before_its_end_by_the_faster_clock,
	  what_was_lost_is_over_at_once, what_is_joining_is_not_over,
	  a_common_turn_is_no_gap, a_suspend_is_a_gap,
	  a_stop_beyond_all_that_may_have_been_held_is_a_gap,
	  the_guardian_gives_the_supervisor_its_time,
	  one_that_is_at_it_is_given_more,
	  a_guardian_that_wakes_late_lets_the_supervisor_wake_too,
	  a_renewal_ends_the_wondering,
	  the_guardian_acts_before_the_end_at_every_length,
	  a_ping_never_reaches_beyond_the_lease,
	  what_is_over_is_put_off_only_when_all_is_dead,
	  a_lease_of_a_second_is_too_short_for_a_watchdog)
