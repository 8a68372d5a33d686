#define _GNU_SOURCE
#include "core/cron.h"

#include <errno.h>

#include "io/zoneinfo.h"
#include "tests/core/clocks.h"
#include "tests/core/test.h"
#include "tests/sim/rng.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
#define DAY_S	     INT64_C(86400)
#define YEAR_MS	     (INT64_C(31556952) * 1000)

/* ---- expressions ---- */

struct reading {
	const char *text;
	struct cron cron;
};

#define ALL_MINUTES 0xfffffffffffffffu
#define ALL_HOURS   0xffffffu
#define ALL_DAYS    0xfffffffeu
#define ALL_MONTHS  0x1ffeu
#define ALL_WEEK    0x7fu
#define B(N)	    (UINT64_C(1) << (N))

static const struct reading readings[] = {
	{ "* * * * *",
	  { ALL_MINUTES, ALL_HOURS, ALL_DAYS, ALL_MONTHS, ALL_WEEK, false } },
	{ "  15\t3 *  * * ",
	  { B(15), B(3), ALL_DAYS, ALL_MONTHS, ALL_WEEK, false } },
	{ "0,30,7-9 0 1 jan Sun",
	  { B(0) | B(30) | B(7) | B(8) | B(9), B(0), B(1), B(1), B(0), true } },
	{ "*/20 10-20/5 */10 FEB-apr 7",
	  { B(0) | B(20) | B(40), B(10) | B(15) | B(20),
	    B(1) | B(11) | B(21) | B(31), B(2) | B(3) | B(4), B(0), false } },
	{ "59 23 31 12 5-7",
	  { B(59), B(23), B(31), B(12), B(5) | B(6) | B(0), true } },
	{ "0 0 * * fri-sun",
	  { B(0), B(0), ALL_DAYS, ALL_MONTHS, B(5) | B(6) | B(0), false } },
	{ "0 0 1 * */2",
	  { B(0), B(0), B(1), ALL_MONTHS, B(0) | B(2) | B(4) | B(6), false } },
	{ "0 0 29 2 *", { B(0), B(0), B(29), B(2), ALL_WEEK, false } },
	{ "0 0 31 2 mon", { B(0), B(0), B(31), B(2), B(1), true } },
	{ "@hourly",
	  { B(0), ALL_HOURS, ALL_DAYS, ALL_MONTHS, ALL_WEEK, false } },
	{ "@Daily", { B(0), B(0), ALL_DAYS, ALL_MONTHS, ALL_WEEK, false } },
	{ " @midnight ",
	  { B(0), B(0), ALL_DAYS, ALL_MONTHS, ALL_WEEK, false } },
	{ "@weekly", { B(0), B(0), ALL_DAYS, ALL_MONTHS, B(0), false } },
	{ "@monthly", { B(0), B(0), B(1), ALL_MONTHS, ALL_WEEK, false } },
	{ "@yearly", { B(0), B(0), B(1), B(1), ALL_WEEK, false } },
	{ "@annually", { B(0), B(0), B(1), B(1), ALL_WEEK, false } },
};

START_TEST(an_expression_is_read_as_crontab_does)
{
	for (size_t i = 0; i < COUNT(readings); i++) {
		const struct cron *want = &readings[i].cron;
		struct cron_fault fault = { 0 };
		struct cron cron;

		ck_assert_msg(cron_parse(&cron, text_of(readings[i].text),
					 &fault) == 0,
			      "%s: %s", readings[i].text, fault.what);
		ck_assert_msg(cron.minutes == want->minutes &&
				      cron.hours == want->hours &&
				      cron.days == want->days &&
				      cron.months == want->months &&
				      cron.weekdays == want->weekdays &&
				      cron.either == want->either,
			      "%s", readings[i].text);
	}
}
END_TEST

struct refusal {
	const char *text;
	size_t at;
	const char *what;
};

static const struct refusal refusals[] = {
	{ "", 0, "the minute is missing: write \"minute hour day" },
	{ "   ", 3, "the minute is missing" },
	{ "0 3 * *", 7, "the weekday is missing" },
	{ "0 0 3 * * *", 10, "has more than the five fields" },
	{ "61 * * * *", 0, "minute 61 is beyond 59" },
	{ "0 24 * * *", 2, "hour 24 is beyond 23" },
	{ "0 0 0 * *", 4, "day 0 is below 1" },
	{ "0 0 32 * *", 4, "day 32 is beyond 31" },
	{ "0 0 * 13 *", 6, "month 13 is beyond 12" },
	{ "0 0 * * 8", 8, "weekday 8 is beyond 7" },
	{ "0-60 * * * *", 2, "minute 60 is beyond 59" },
	{ "0,1,99999999999999999999999 * * * *", 4, "minute 9999999999" },
	{ "30-10 * * * *", 0, "30-10 runs backwards: write two ranges" },
	{ "0 22-2 * * *", 2, "22-2 runs backwards" },
	{ "1, * * * *", 2, "a minute is missing" },
	{ "-5 * * * *", 0, "a minute is missing" },
	{ "5- * * * *", 2, "a minute is missing" },
	{ "*/0 * * * *", 2, "step 0 is below 1" },
	{ "*/60 * * * *", 2, "step 60 is beyond 59" },
	{ "* */24 * * *", 4, "step 24 is beyond 23" },
	{ "*/x * * * *", 2, "after / comes a number, the step" },
	{ "*/ * * * *", 2, "after / comes a number, the step" },
	{ "*/5/5 * * * *", 2, "after / comes a number, the step" },
	{ "5/10 * * * *", 0, "a step needs a range" },
	{ "** * * * *", 0, "\"**\" is no minute: write *, a number" },
	{ "? * * * *", 0, "\"?\" is no minute" },
	{ "0 0 * january *", 6,
	  "\"january\" is no month: write *, a number, a "
	  "name like jan" },
	{ "0 0 * * mo", 8,
	  "\"mo\" is no weekday: write *, a number, a name "
	  "like sun" },
	{ "0 0 mon * *", 4, "\"mon\" is no day: write *, a number" },
	{ "0 0 31 2 *", 4, "never comes: no such day in any of these months" },
	{ "0 0 30,31 feb *", 4, "never comes" },
	{ "0 0 31 4,6,9,11 *", 4, "never comes" },
	{ "0 0 31 2 */2", 4, "never comes" },
	{ "@reboot", 0, "@reboot is not known: write @hourly, " },
	{ "@daily 5", 7, "nothing may follow an @ name" },
	{ "\x1b[31m\xff * * * *", 0, "\"" },
};

START_TEST(what_is_wrong_is_told_where_it_is)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *row = &refusals[i];
		struct cron_fault fault = { 0 };
		struct cron cron;

		ck_assert_msg(cron_parse(&cron, text_of(row->text), &fault) ==
				      -EINVAL,
			      "%s", row->text);
		ck_assert_msg(
			strncmp(fault.what, row->what, strlen(row->what)) == 0,
			"%s: %s", row->text, fault.what);
		ck_assert_msg(fault.at == row->at, "%s: at %zu", row->text,
			      fault.at);
		ck_assert(text_is_utf8(text_of(fault.what)));
	}
}
END_TEST

/* ---- times ---- */

struct course {
	const char *text;
	const char *zone;
	const char *after;
	const char *due[3];
};

static const struct course courses[] = {
	/* the calendar */
	{ "15 3 * * *",
	  "UTC",
	  "2024-01-31T03:15",
	  { "2024-02-01T03:15", "2024-02-02T03:15" } },
	{ "0 0 13 * fri",
	  "UTC",
	  "2024-09-01T00:00",
	  { "2024-09-06T00:00", "2024-09-13T00:00", "2024-09-20T00:00" } },
	{ "0 0 */2 * mon",
	  "UTC",
	  "2024-09-01T00:00",
	  { "2024-09-09T00:00", "2024-09-23T00:00", "2024-10-07T00:00" } },
	{ "0 0 31 * *",
	  "UTC",
	  "2024-01-31T00:00",
	  { "2024-03-31T00:00", "2024-05-31T00:00" } },
	{ "0 12 29 2 *", "UTC", "2096-02-29T12:00", { "2104-02-29T12:00" } },
	{ "* * 29 2 *", "UTC", "2096-02-29T23:59", { "2104-02-29T00:00" } },
	{ "59 23 31 12 *",
	  "UTC",
	  "2024-12-31T23:58",
	  { "2024-12-31T23:59", "2025-12-31T23:59" } },
	{ "*/7 * * * *",
	  "UTC",
	  "2024-12-31T23:50",
	  { "2024-12-31T23:56", "2025-01-01T00:00", "2025-01-01T00:07" } },
	{ "0 0 1 1 *", "UTC", "1960-06-01T00:00", { "1961-01-01T00:00" } },
	/* summer begins 03-31 01:00 UTC, ends 10-27 01:00 UTC */
	{ "30 2 * * *",
	  "Europe/Berlin",
	  "2024-03-30T12:00",
	  { "2024-03-31T01:00", "2024-04-01T00:30" } },
	{ "30 2 * * *",
	  "Europe/Berlin",
	  "2024-10-26T12:00",
	  { "2024-10-27T00:30", "2024-10-28T01:30" } },
	{ "*/20 2 * * *",
	  "Europe/Berlin",
	  "2024-03-30T12:00",
	  { "2024-03-31T01:00", "2024-04-01T00:00" } },
	{ "30 2,3 * * *",
	  "Europe/Berlin",
	  "2024-03-30T12:00",
	  { "2024-03-31T01:00", "2024-03-31T01:30", "2024-04-01T00:30" } },
	{ "0 3 * * *",
	  "Europe/Berlin",
	  "2024-03-30T12:00",
	  { "2024-03-31T01:00", "2024-04-01T01:00" } },
	{ "0 * * * *",
	  "Europe/Berlin",
	  "2024-03-30T23:30",
	  { "2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T02:00" } },
	{ "0 * * * *",
	  "Europe/Berlin",
	  "2024-10-26T23:30",
	  { "2024-10-27T00:00", "2024-10-27T01:00", "2024-10-27T02:00" } },
	{ "*/30 0-23 * * *",
	  "Europe/Berlin",
	  "2024-10-27T00:00",
	  { "2024-10-27T00:30", "2024-10-27T01:00", "2024-10-27T01:30" } },
	{ "0 */2 * * *",
	  "Europe/Berlin",
	  "2024-03-30T22:30",
	  { "2024-03-30T23:00", "2024-03-31T01:00", "2024-03-31T02:00" } },
	{ "0 */2 * * *",
	  "Europe/Berlin",
	  "2024-10-26T21:00",
	  { "2024-10-26T22:00", "2024-10-27T00:00", "2024-10-27T03:00" } },
	{ "0 0 * * sun",
	  "Europe/Berlin",
	  "2024-10-27T12:00",
	  { "2024-11-02T23:00" } },
	/* summer begins 03-10 07:00 UTC, ends 11-03 06:00 UTC */
	{ "30 2 * * *",
	  "America/New_York",
	  "2024-03-10T00:00",
	  { "2024-03-10T07:00", "2024-03-11T06:30" } },
	{ "30 1 * * *",
	  "America/New_York",
	  "2024-11-03T00:00",
	  { "2024-11-03T05:30", "2024-11-04T06:30" } },
	{ "*/30 * * * *",
	  "America/New_York",
	  "2024-11-03T05:15",
	  { "2024-11-03T05:30", "2024-11-03T06:00", "2024-11-03T06:30" } },
	/* half an hour back 04-06 15:00 UTC, forward 10-05 15:30 UTC */
	{ "15 2 * * *",
	  "Australia/Lord_Howe",
	  "2024-10-05T00:00",
	  { "2024-10-05T15:30", "2024-10-06T15:15" } },
	{ "45 1 * * *",
	  "Australia/Lord_Howe",
	  "2024-04-06T00:00",
	  { "2024-04-06T14:45", "2024-04-07T15:15" } },
	{ "*/15 * * * *",
	  "Australia/Lord_Howe",
	  "2024-04-06T14:40",
	  { "2024-04-06T14:45", "2024-04-06T15:00", "2024-04-06T15:15" } },
	{ "0 * * * *",
	  "Australia/Lord_Howe",
	  "2024-04-06T13:30",
	  { "2024-04-06T14:00", "2024-04-06T15:30", "2024-04-06T16:30" } },
	/* no 2011-12-30: it would have begun, and 31 did, at 10:00 UTC */
	{ "0 12 30 12 *",
	  "Pacific/Apia",
	  "2011-12-01T00:00",
	  { "2011-12-30T10:00", "2012-12-29T22:00" } },
	{ "30 3 * * *",
	  "Pacific/Apia",
	  "2011-12-29T00:00",
	  { "2011-12-29T13:30", "2011-12-30T10:00", "2011-12-30T13:30" } },
	{ "0 * * * *",
	  "Pacific/Apia",
	  "2011-12-30T08:30",
	  { "2011-12-30T09:00", "2011-12-30T10:00", "2011-12-30T11:00" } },
	{ "0 * 30 12 *",
	  "Pacific/Apia",
	  "2011-12-01T00:00",
	  { "2012-12-29T10:00", "2012-12-29T11:00" } },
};

START_TEST(times_come_as_the_clock_of_the_place_has_them)
{
	const struct course *course = &courses[_i];
	int64_t at_ms = clocks_ms(course->after);
	struct cron_fault fault;
	struct zoneinfo info;
	struct zone zone;
	struct cron cron;

	if (zoneinfo_open(&info, course->zone) != 0)
		return;
	zone = zoneinfo_zone(&info);
	ck_assert_int_eq(cron_parse(&cron, text_of(course->text), &fault), 0);
	for (size_t i = 0; i < 3 && course->due[i] != NULL; i++) {
		ck_assert_int_eq(cron_next(&cron, &zone, at_ms, &at_ms), 0);
		ck_assert_msg(at_ms == clocks_ms(course->due[i]),
			      "%s in %s: %s instead of %s", course->text,
			      course->zone, clocks_text(at_ms), course->due[i]);
	}
}
END_TEST

START_TEST(the_next_time_is_strictly_later)
{
	int64_t noon_ms = clocks_ms("2024-01-01T12:00");
	struct cron_fault fault;
	struct cron cron;
	int64_t due_ms;

	ck_assert_int_eq(cron_parse(&cron, text_of("0 12 * * *"), &fault), 0);
	ck_assert_int_eq(cron_next(&cron, NULL, noon_ms - 1, &due_ms), 0);
	ck_assert_int_eq(due_ms, noon_ms);
	ck_assert_int_eq(cron_next(&cron, NULL, noon_ms, &due_ms), 0);
	ck_assert_int_eq(due_ms, noon_ms + DAY_S * 1000);
	ck_assert_int_eq(cron_next(&cron, NULL, INT64_MAX, &due_ms), -ERANGE);
	ck_assert_int_eq(cron_next(&cron, NULL, INT64_MIN, &due_ms), -ERANGE);
}
END_TEST

START_TEST(nothing_that_comes_is_too_far_away)
{
	int64_t at_ms = clocks_ms("1970-01-01T00:00");
	int64_t longest_ms = 0;
	struct cron_fault fault;
	struct cron cron;

	/* 29 February on a Sunday */
	ck_assert_int_eq(cron_parse(&cron, text_of("0 0 29 2 */7"), &fault), 0);
	while (at_ms < clocks_ms("2800-01-01T00:00")) {
		int64_t due_ms;

		ck_assert_int_eq(cron_next(&cron, NULL, at_ms, &due_ms), 0);
		if (due_ms - at_ms > longest_ms)
			longest_ms = due_ms - at_ms;
		at_ms = due_ms;
	}
	ck_assert_int_gt(longest_ms, 39 * YEAR_MS);
	ck_assert_int_lt(longest_ms, 41 * YEAR_MS);
}
END_TEST

START_TEST(the_last_time_is_found_far_back)
{
	int64_t until_ms = clocks_ms("2024-06-30T00:00");
	struct cron_fault fault;
	struct cron cron;
	int64_t due_ms = 0;

	ck_assert_int_eq(cron_parse(&cron, text_of("*/10 3 1 1 *"), &fault), 0);
	ck_assert_int_eq(cron_last(&cron, NULL, 0, until_ms, &due_ms), 0);
	ck_assert_int_eq(due_ms, clocks_ms("2024-01-01T03:50"));
	ck_assert_int_eq(cron_last(&cron, NULL, due_ms - 1, due_ms, &due_ms),
			 0);
	ck_assert_int_eq(due_ms, clocks_ms("2024-01-01T03:50"));
	ck_assert_int_eq(cron_last(&cron, NULL, due_ms, until_ms, &due_ms),
			 -ENOENT);
	ck_assert_int_eq(cron_last(&cron, NULL, until_ms, until_ms, &due_ms),
			 -ENOENT);
}
END_TEST

/* ---- against a walk minute by minute ---- */

static const char *const zones[] = {
	"UTC",
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe",
	"Pacific/Apia",
	"America/St_Johns",
	"Africa/Casablanca",
	"Antarctica/Troll",
	"America/Sao_Paulo",
	"Asia/Tehran",
	"Pacific/Kwajalein",
	"Europe/Dublin",
};

static int put(char *buf, size_t cap, struct rng *rng, unsigned low,
	       unsigned high)
{
	unsigned a = low + rng_below(rng, high - low + 1);
	unsigned b = a + rng_below(rng, high - a + 1);

	switch (rng_below(rng, 6)) {
	case 0:
		return snprintf(buf, cap, "%u ", a);
	case 1:
		return snprintf(buf, cap, "%u-%u ", a, b);
	case 2:
		return snprintf(buf, cap, "*/%u ", rng_below(rng, high) + 1);
	case 3:
		return snprintf(buf, cap, "%u,%u ", b, a);
	default:
		return snprintf(buf, cap, "* ");
	}
}

static void make(struct cron *cron, char *buf, size_t cap, struct rng *rng)
{
	static const unsigned limits[5][2] = {
		{ 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 }
	};
	struct cron_fault fault;

	do {
		int len = 0;

		for (size_t i = 0; i < 5; i++)
			len += put(buf + len, cap - (size_t)len, rng,
				   limits[i][0], limits[i][1]);
	} while (cron_parse(cron, text_of(buf), &fault) != 0);
}

static bool fits(const struct cron *cron, int64_t local_s)
{
	time_t time = (time_t)local_s;
	struct tm tm;
	bool day;
	bool weekday;

	gmtime_r(&time, &tm);
	day = (cron->days & B(tm.tm_mday)) != 0;
	weekday = (cron->weekdays & B(tm.tm_wday)) != 0;
	return (cron->minutes & B(tm.tm_min)) != 0 &&
	       (cron->hours & B(tm.tm_hour)) != 0 &&
	       (cron->months & B(tm.tm_mon + 1)) != 0 &&
	       (cron->either ? day || weekday : day && weekday);
}

struct walk {
	const struct cron *cron;
	int64_t utc_s;
	int64_t reached_s; /* the latest local time shown */
};

/* Is anything due at this minute?  Every minute is asked, in turn. */
static bool walk(struct walk *walk)
{
	time_t time = (time_t)walk->utc_s;
	int64_t shown_s;
	bool due = false;
	struct tm tm;

	localtime_r(&time, &tm);
	shown_s = walk->utc_s + tm.tm_gmtoff;
	if (walk->cron->hours == ALL_HOURS)
		due = fits(walk->cron, shown_s);
	while (walk->reached_s < shown_s) {
		walk->reached_s += 60;
		if (walk->cron->hours != ALL_HOURS)
			due |= fits(walk->cron, walk->reached_s);
	}
	walk->utc_s += 60;
	return due;
}

/* A time around a change, or any. */
static int64_t pick(const struct zone *zone, struct rng *rng)
{
	int64_t from_s = (6 * 365 + (int64_t)rng_below(rng, 60 * 365)) * DAY_S;
	int64_t change_s = zone_change(zone, from_s, from_s + 200 * DAY_S);

	if (change_s == ZONE_NEVER || rng_once_in(rng, 8))
		change_s = from_s;
	return change_s - change_s % DAY_S -
	       (1 + (int64_t)rng_below(rng, 9)) * DAY_S;
}

static void play(uint64_t seed)
{
	struct rng rng = { .state = seed };
	const char *name = zones[rng_below(&rng, COUNT(zones))];
	int64_t days = rng_once_in(&rng, 20) ? 800 : 14;
	struct zoneinfo info;
	struct zone zone;
	struct cron cron;
	char text[128];
	struct walk at = { .cron = &cron };
	int64_t next_ms = 0;
	int64_t end_s;

	make(&cron, text, sizeof(text), &rng);
	if (zoneinfo_open(&info, name) != 0)
		return;
	zone = zoneinfo_zone(&info);
	at.utc_s = pick(&zone, &rng);
	end_s = at.utc_s + days * DAY_S;
	setenv("TZ", name, 1);
	tzset();
	/* The first days show what was reached before. */
	at.reached_s = at.utc_s - 2 * DAY_S;
	for (int64_t start_s = at.utc_s + 3 * DAY_S; at.utc_s < start_s;)
		walk(&at);
	ck_assert_int_eq(cron_next(&cron, &zone, at.utc_s * 1000 - 1, &next_ms),
			 0);
	while (at.utc_s < end_s) {
		int64_t now_ms = at.utc_s * 1000;
		bool due = walk(&at);

		/* Each assertion costs a write: no million of them. */
		if (due != (now_ms == next_ms))
			ck_abort_msg("seed %lu: %s in %s at %s, next %s",
				     (unsigned long)seed, text, name,
				     clocks_text(now_ms), clocks_text(next_ms));
		if (due && cron_next(&cron, &zone, now_ms, &next_ms) != 0)
			ck_abort_msg("seed %lu: none after %s",
				     (unsigned long)seed, clocks_text(now_ms));
	}
}

START_TEST(times_are_those_of_a_walk_minute_by_minute)
{
	unsigned seeds = clocks_seeds(50);

	for (unsigned seed = 1; seed <= seeds; seed++)
		play(seed);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cron");
	Suite *suite = suite_create("cron");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, an_expression_is_read_as_crontab_does);
	tcase_add_test(tcase, what_is_wrong_is_told_where_it_is);
	tcase_add_loop_test(tcase,
			    times_come_as_the_clock_of_the_place_has_them, 0,
			    COUNT(courses));
	tcase_add_test(tcase, the_next_time_is_strictly_later);
	tcase_add_test(tcase, nothing_that_comes_is_too_far_away);
	tcase_add_test(tcase, the_last_time_is_found_far_back);
	tcase_add_test(tcase, times_are_those_of_a_walk_minute_by_minute);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
