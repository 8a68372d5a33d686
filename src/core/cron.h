/* cron - when does "15 3 * * *" come next?
 *
 * Pure.  Five fields, as crontab(5) has them:
 *
 *	minute		0-59
 *	hour		0-23
 *	day		1-31
 *	month		1-12, jan-dec
 *	weekday		0-7, sun-sat; 0 and 7 are Sunday
 *
 * Each is *, a number or name, a range as 8-17, a star or range with a step as
 * 10-40/10, or a list of these: 0,15,30-59/5.  Names in any case.  Or one of
 * @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
 *
 * When neither day nor weekday has a *, a date that fits either will do.
 *
 * What happens when the clock is set, for summer or winter as for any reason a
 * time zone has:
 *
 *	every hour	Where the hour field has all of them, what the clock
 *			shows counts: it comes in every hour that really
 *			passes, and so in both that show the same.
 *	certain hours	Each local time comes once: one that is left out at the
 *			moment of the change, several of them together; one
 *			that is shown twice the first time.
 *
 * In Berlin, summer time begins at 02:00 and ends at 03:00 (then 02:00):
 *
 *			spring			autumn
 *	30 2 * * *	03:00			02:30, the first
 *	0 * * * *	01:00 03:00 04:00	01:00 02:00 02:00 03:00
 *	0 0-23/2 * * *	00:00 03:00 04:00	00:00 02:00 (the first) 04:00
 */
#ifndef HOLDFAST_CORE_CRON_H
#define HOLDFAST_CORE_CRON_H

#include <stdbool.h>

#include "core/text.h"
#include "core/zone.h"

#define CRON_FAULT_MAX 96 /* bytes of what is wrong */

/* Bit N stands for N. */
struct cron {
	uint64_t minutes;
	uint32_t hours;
	uint32_t days;	  /* bits 1 to 31 */
	uint16_t months;  /* bits 1 to 12 */
	uint8_t weekdays; /* bit 0 = Sunday */
	bool either;	  /* day or weekday, not both, must fit */
};

struct cron_fault {
	size_t at; /* bytes into the text */
	char what[CRON_FAULT_MAX];
};

/* 0, or -EINVAL with FAULT filled in.  What never comes, as 31 February, is
 * one.
 */
int cron_parse(struct cron *cron, struct text text, struct cron_fault *fault);

/* The first time after AFTER_MS, strictly; both in milliseconds since 1970.
 * ZONE NULL = UTC.  -ERANGE when there is none within what a calendar can make
 * one wait (cron_next.c), or beyond the year 9999.
 */
int cron_next(const struct cron *cron, const struct zone *zone,
	      int64_t after_ms, int64_t *due_ms);

/* The last time after AFTER_MS and not after UNTIL_MS; -ENOENT when there is
 * none.
 */
int cron_last(const struct cron *cron, const struct zone *zone,
	      int64_t after_ms, int64_t until_ms, int64_t *due_ms);

#endif
