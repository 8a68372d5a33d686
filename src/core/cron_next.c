/* When an expression comes: no walk by minutes, only by days that fit.
 *
 * How long can one wait?  What needs 29 February waits 8 years over the turn
 * of a century that has none; what needs it on a certain weekday, 40: from 2072
 * to 2112, say.  Nothing waits longer, since in 400 years, after which calendar
 * and weekdays begin anew, that day falls on each weekday.
 */
#include <errno.h>
#include <stddef.h>

#include "core/cron.h"

#define DAY_MINUTES   1440
#define DAY_S	      INT64_C(86400)
#define WAIT_DAYS_MAX (41 * 366)
#define AFTER_MS_MAX  INT64_C(253402300799999) /* the year 9999 */
#define ALL_HOURS     0xffffffu
#define TURNS_MAX     10000 /* far more than a clock is set in all that time */
#define NONE	      (-1)

struct date {
	unsigned day;
	unsigned month;
	unsigned weekday;    /* 0 = Sunday */
	unsigned month_left; /* days until the next one begins */
};

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0 ? 1 : 0);
}

static unsigned month_length(unsigned month, int64_t year)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
			       ? 29
			       : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Source: Howard Hinnant, "chrono-compatible low-level date algorithms",
 * civil_from_days: days are counted in eras of 400 years from 1 March 0000.
 */
static struct date date_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
			       day_of_era / 36524 - day_of_era / 146096) /
			      365;
	int64_t day_of_year =
		day_of_era -
		(365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;
	struct date date;

	date.day = (unsigned)(day_of_year - (153 * march_month + 2) / 5 + 1);
	date.month = (unsigned)(march_month < 10 ? march_month + 3
						 : march_month - 9);
	date.weekday = (unsigned)(days + 4 - 7 * floor_div(days + 4, 7));
	date.month_left =
		month_length(date.month, year_of_era + 400 * era +
						 (date.month <= 2 ? 1 : 0)) -
		date.day + 1;
	return date;
}

static bool date_fits(const struct cron *cron, const struct date *date)
{
	bool day = (cron->days >> date->day & 1) != 0;
	bool weekday = (cron->weekdays >> date->weekday & 1) != 0;

	if ((cron->months >> date->month & 1) == 0)
		return false;
	return cron->either ? day || weekday : day && weekday;
}

/* The first minute of a day that fits, not before MINUTE; NONE if none is. */
static int minute_of_day(const struct cron *cron, int minute)
{
	for (; minute < DAY_MINUTES; minute++) {
		if ((cron->hours >> (minute / 60) & 1) == 0)
			minute += 59 - minute % 60;
		else if ((cron->minutes >> (minute % 60) & 1) != 0)
			return minute;
	}
	return NONE;
}

/* The first local time that fits, not before LOCAL_S; ZONE_NEVER if it is too
 * far away.
 */
static int64_t local_next(const struct cron *cron, int64_t local_s)
{
	int64_t from = floor_div(local_s + 59, 60);
	int64_t day = floor_div(from, DAY_MINUTES);
	int64_t last = day + WAIT_DAYS_MAX;
	int minute = (int)(from - day * DAY_MINUTES);

	while (day <= last) {
		struct date date = date_of(day);
		int found = NONE;

		if (date_fits(cron, &date))
			found = minute_of_day(cron, minute);
		if (found != NONE)
			return day * DAY_S + found * INT64_C(60);
		minute = 0;
		if ((cron->months >> date.month & 1) == 0)
			day += date.month_left;
		else
			day++;
	}
	return ZONE_NEVER;
}

/* Certain hours: each local time once, when it is reached. */
static int64_t next_reached(const struct cron *cron, const struct zone *zone,
			    int64_t from_s)
{
	int64_t local_s = local_next(cron, zone_reached(zone, from_s - 1) + 1);

	return local_s == ZONE_NEVER ? ZONE_NEVER : zone_reach(zone, local_s);
}

/* Every hour: whenever the clock shows what fits, not before FROM_S. */
static int64_t next_shown(const struct cron *cron, const struct zone *zone,
			  int64_t from_s)
{
	/* Later it shows more than now, however it is set. */
	const int64_t near_s = 2 * ZONE_OFFSET_MAX_S;

	for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
		int64_t shown_s = zone_local(zone, from_s);
		int64_t local_s = local_next(cron, shown_s);
		int64_t due_s;
		int64_t until_s;
		int64_t change_s;

		if (local_s == ZONE_NEVER)
			break;
		due_s = local_s - (shown_s - from_s);
		until_s = due_s < from_s + near_s ? due_s : from_s + near_s;
		change_s = zone_change(zone, from_s, until_s);
		if (change_s != ZONE_NEVER)
			from_s = change_s;
		else if (until_s == due_s)
			return due_s;
		else if (local_s - ZONE_OFFSET_MAX_S > until_s)
			from_s = local_s - ZONE_OFFSET_MAX_S;
		else
			from_s = until_s;
	}
	return ZONE_NEVER;
}

int cron_next(const struct cron *cron, const struct zone *zone,
	      int64_t after_ms, int64_t *due_ms)
{
	int64_t from_s = floor_div(after_ms, 1000) + 1;
	int64_t due_s;

	if (after_ms > AFTER_MS_MAX || after_ms < -AFTER_MS_MAX)
		return -ERANGE;
	due_s = cron->hours == ALL_HOURS ? next_shown(cron, zone, from_s)
					 : next_reached(cron, zone, from_s);
	if (due_s == ZONE_NEVER)
		return -ERANGE;
	*due_ms = due_s * 1000;
	return 0;
}

int cron_last(const struct cron *cron, const struct zone *zone,
	      int64_t after_ms, int64_t until_ms, int64_t *due_ms)
{
	int64_t none_after_ms = until_ms;
	int64_t found_ms;
	int rc = -ENOENT;

	while (after_ms < none_after_ms) {
		int64_t middle_ms = after_ms + (none_after_ms - after_ms) / 2;

		if (cron_next(cron, zone, middle_ms, &found_ms) == 0 &&
		    found_ms <= until_ms) {
			after_ms = *due_ms = found_ms;
			rc = 0;
		} else {
			none_after_ms = middle_ms;
		}
	}
	return rc;
}
