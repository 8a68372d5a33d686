/* zoneinfo - the time zones this machine knows, as core/zone.h wants them.
 *
 * Asks the C library, which knows one zone at a time: looking into another one
 * sets TZ, and sets it back before the call returns.  So never in a process
 * with threads.  What was learnt about the days around a time is remembered,
 * and mostly answers.
 */
#ifndef HOLDFAST_IO_ZONEINFO_H
#define HOLDFAST_IO_ZONEINFO_H

#include "core/text.h"
#include "core/zone.h"

#define ZONEINFO_NAME_MAX 64 /* bytes of a name */

struct zoneinfo_stretch {
	int64_t from_s;
	int64_t until_s; /* not included */
	int32_t offset_s;
};

struct zoneinfo {
	char tz[320]; /* for the C library; empty: the node's own zone */
	struct zoneinfo_stretch known[2]; /* on both sides of a change */
	unsigned oldest;
};

/* The zone called NAME ("Europe/Berlin"), NULL = the node's own.  Must stay
 * where it is while zoneinfo_zone of it is in use; holds nothing that would
 * have to be closed.  0, -ENOENT when there is no such zone, or -EINVAL when
 * this is no name of one.
 */
int zoneinfo_open(struct zoneinfo *info, const char *name);

struct zone zoneinfo_zone(struct zoneinfo *info);

/* The name nearest to NAME into BUF of CAP bytes, empty when none is near. */
void zoneinfo_nearest(struct text name, char *buf, size_t cap);

#endif
