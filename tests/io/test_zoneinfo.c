#define _GNU_SOURCE
#include "io/zoneinfo.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "tests/core/clocks.h"
#include "tests/core/test.h"

static struct zoneinfo info;

/* False where the machine has no zones. */
static bool has_zones(void)
{
	return zoneinfo_open(&info, "Europe/Berlin") == 0;
}

START_TEST(a_zone_knows_summer_and_winter)
{
	struct zone zone;
	int64_t summer_s = clocks_ms("2024-03-31T01:00") / 1000;

	if (!has_zones())
		return;
	zone = zoneinfo_zone(&info);
	ck_assert_int_eq(zone_local(&zone, summer_s - 1), summer_s - 1 + 3600);
	ck_assert_int_eq(zone_local(&zone, summer_s), summer_s + 7200);
	ck_assert_int_eq(zone_change(&zone, summer_s - 86400, summer_s + 86400),
			 summer_s);
	/* Long after the last change in the files. */
	ck_assert_int_eq(
		zone_local(&zone, clocks_ms("2150-07-01T12:00") / 1000),
		clocks_ms("2150-07-01T14:00") / 1000);
}
END_TEST

START_TEST(looking_into_a_zone_leaves_the_nodes_own)
{
	struct zone zone;
	struct zoneinfo own;
	struct zone own_zone;
	time_t noon = clocks_ms("2024-07-01T12:00") / 1000;
	struct tm tm;

	if (!has_zones())
		return;
	zone = zoneinfo_zone(&info);
	setenv("TZ", "XXX-5", 1);
	tzset();
	ck_assert_int_eq(zone_local(&zone, noon) - noon, 7200);
	ck_assert_str_eq(getenv("TZ"), "XXX-5");
	localtime_r(&noon, &tm);
	ck_assert_int_eq(tm.tm_hour, 17);
	ck_assert_int_eq(zoneinfo_open(&own, NULL), 0);
	own_zone = zoneinfo_zone(&own);
	ck_assert_int_eq(zone_local(&own_zone, noon) - noon, 5 * 3600);
	unsetenv("TZ");
	noon += 200 * INT64_C(86400); /* where nothing was learnt yet */
	ck_assert_int_eq(zone_local(&zone, noon) - noon, 3600);
	ck_assert_ptr_null(getenv("TZ"));
}
END_TEST

START_TEST(what_is_no_zone_is_refused)
{
	char longest[ZONEINFO_NAME_MAX + 2] = "";
	static const char *const bad[] = {
		"",
		"/etc/localtime",
		"../zoneinfo/Europe/Berlin",
		"Europe/Berlin ",
		"Europe",
		"right/Europe/Berlin",
		"zone.tab",
		"CET-1CEST",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(zoneinfo_open(&info, bad[i]) != 0, "%s", bad[i]);
	memset(longest, 'A', sizeof(longest) - 1);
	ck_assert_int_ne(zoneinfo_open(&info, longest), 0);
	ck_assert_int_eq(zoneinfo_open(&info, "Europe/Berlni"), -ENOENT);
}
END_TEST

START_TEST(utc_is_known_where_there_are_no_files)
{
	struct zone zone;

	setenv("TZDIR", "/nonexistent", 1);
	ck_assert_int_eq(zoneinfo_open(&info, "Europe/Berlin"), -ENOENT);
	ck_assert_int_eq(zoneinfo_open(&info, "UTC"), 0);
	zone = zoneinfo_zone(&info);
	ck_assert_int_eq(zone_local(&zone, 1720000000), 1720000000);
	unsetenv("TZDIR");
}
END_TEST

START_TEST(the_nearest_zone_is_named)
{
	static const char *const rows[][2] = {
		{ "Europe/Berlni", "Europe/Berlin" },
		{ "europe/berlin", "Europe/Berlin" },
		{ "berlin", "Europe/Berlin" },
		{ "Lord_Howe", "Australia/Lord_Howe" },
		{ "Salta", "America/Argentina/Salta" },
		{ "xyzzyxyzzy", "" },
		{ "", "" },
	};
	char name[ZONEINFO_NAME_MAX + 1];

	if (!has_zones())
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		zoneinfo_nearest(text_of(rows[i][0]), name, sizeof(name));
		ck_assert_str_eq(name, rows[i][1]);
	}
}
END_TEST

TEST_MAIN("zoneinfo", a_zone_knows_summer_and_winter,
	  looking_into_a_zone_leaves_the_nodes_own, what_is_no_zone_is_refused,
	  utc_is_known_where_there_are_no_files, the_nearest_zone_is_named)
