/* clocks - times as text and clocks that are set, for tests. */
#ifndef HOLDFAST_TESTS_CLOCKS_H
#define HOLDFAST_TESTS_CLOCKS_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/out.h"
#include "core/zone.h"

/* "2024-03-31T01:00" in UTC. */
static inline int64_t clocks_ms(const char *text)
{
	struct tm tm = { 0 };

	if (sscanf(text, "%d-%d-%dT%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min) != 5)
		abort();
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000;
}

/* The same back, in one of four buffers. */
static inline const char *clocks_text(int64_t ms)
{
	static char bufs[4][32];
	static unsigned next;
	char *buf = bufs[next++ % 4];
	struct out out = out_init(buf, sizeof(bufs[0]));

	out_time(&out, ms);
	out_end(&out);
	return buf;
}

/* A clock that is set at the times of a table. */
struct clocks_change {
	int64_t utc_s;
	int32_t offset_s;
};

struct clocks_table {
	int32_t offset_s; /* before the first */
	const struct clocks_change *changes;
	size_t count;
};

static inline int32_t clocks_offset(void *arg, int64_t utc_s)
{
	const struct clocks_table *table = arg;
	int32_t offset_s = table->offset_s;

	for (size_t i = 0; i < table->count; i++)
		if (table->changes[i].utc_s <= utc_s)
			offset_s = table->changes[i].offset_s;
	return offset_s;
}

static inline struct zone clocks_zone(struct clocks_table *table)
{
	return (struct zone){ .offset_s = clocks_offset, .arg = table };
}

static inline unsigned clocks_seeds(unsigned fallback)
{
	const char *seeds = getenv("SEEDS");

	return seeds != NULL ? (unsigned)strtoul(seeds, NULL, 10) : fallback;
}

#endif
