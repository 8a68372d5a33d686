#define _GNU_SOURCE
#include "core/zone.h"

#include "tests/core/clocks.h"
#include "tests/core/test.h"

#define HOUR INT64_C(3600)

/* Half an hour forward at 100 h, an hour back at 200 h. */
static const struct clocks_change changes[] = { { 100 * HOUR, 1800 },
						{ 200 * HOUR, -1800 } };
static struct clocks_table table = { 0, changes, 2 };

START_TEST(without_a_zone_it_is_utc)
{
	ck_assert_int_eq(zone_local(NULL, 17), 17);
	ck_assert_int_eq(zone_reached(NULL, 17), 17);
	ck_assert_int_eq(zone_reach(NULL, 17), 17);
	ck_assert_int_eq(zone_change(NULL, 0, HOUR), ZONE_NEVER);
}
END_TEST

START_TEST(a_change_is_found_to_the_second)
{
	struct zone zone = clocks_zone(&table);

	ck_assert_int_eq(zone_change(&zone, 0, 300 * HOUR), 100 * HOUR);
	ck_assert_int_eq(zone_change(&zone, 0, 100 * HOUR), 100 * HOUR);
	ck_assert_int_eq(zone_change(&zone, 0, 100 * HOUR - 1), ZONE_NEVER);
	ck_assert_int_eq(zone_change(&zone, 100 * HOUR, 300 * HOUR),
			 200 * HOUR);
	ck_assert_int_eq(zone_change(&zone, 200 * HOUR, 300 * HOUR),
			 ZONE_NEVER);
}
END_TEST

START_TEST(a_time_left_out_is_reached_at_the_change)
{
	struct zone zone = clocks_zone(&table);

	ck_assert_int_eq(zone_reach(&zone, 100 * HOUR - 1), 100 * HOUR - 1);
	ck_assert_int_eq(zone_reach(&zone, 100 * HOUR), 100 * HOUR);
	ck_assert_int_eq(zone_reach(&zone, 100 * HOUR + 900), 100 * HOUR);
	ck_assert_int_eq(zone_reach(&zone, 100 * HOUR + 1801), 100 * HOUR + 1);
}
END_TEST

START_TEST(a_time_shown_twice_is_reached_the_first_time)
{
	struct zone zone = clocks_zone(&table);
	int64_t before = 200 * HOUR + 1799; /* the last one shown */

	ck_assert_int_eq(zone_reach(&zone, before - 900), 200 * HOUR - 901);
	ck_assert_int_eq(zone_reach(&zone, before), 200 * HOUR - 1);
	ck_assert_int_eq(zone_reach(&zone, before + 1), 201 * HOUR);
	ck_assert_int_eq(zone_reached(&zone, 200 * HOUR - 1), before);
	ck_assert_int_eq(zone_reached(&zone, 200 * HOUR), before);
	ck_assert_int_eq(zone_reached(&zone, 201 * HOUR - 1), before);
	ck_assert_int_eq(zone_reached(&zone, 201 * HOUR), before + 1);
}
END_TEST

TEST_MAIN("zone", without_a_zone_it_is_utc, a_change_is_found_to_the_second,
	  a_time_left_out_is_reached_at_the_change,
	  a_time_shown_twice_is_reached_the_first_time)
