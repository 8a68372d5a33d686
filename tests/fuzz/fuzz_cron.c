/* fuzz_cron - whatever is written as an expression, and however a clock is
 * set: a fault lies within the text and can be shown; what is understood comes
 * soon found, later than asked, when the clock shows or passes it, and nothing
 * comes in between.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "core/cron.h"
#include "tests/core/clocks.h"

#define CHANGES_MAX 8
#define ALL_HOURS   0xffffffu

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const uint8_t *at;
	size_t len;
};

static uint32_t take(struct input *input, size_t bytes)
{
	uint32_t value = 0;

	for (; bytes > 0 && input->len > 0; bytes--, input->len--)
		value = value << 8 | *input->at++;
	return value;
}

/* Quarters of an hour, up to a day and one. */
static int32_t take_offset(struct input *input)
{
	return (int32_t)(take(input, 1) % 201 * 900) - 90000;
}

static void check(const struct cron *cron, const struct zone *zone,
		  int64_t after_ms)
{
	int64_t due_ms;
	int64_t again_ms;
	int64_t shown_s;
	int64_t passed_ms;

	if (cron_next(cron, zone, after_ms, &due_ms) != 0)
		abort();
	if (due_ms <= after_ms || due_ms % 1000 != 0)
		abort();
	if (cron_next(cron, zone, due_ms - 1, &again_ms) != 0 ||
	    again_ms != due_ms)
		abort();
	if (cron_last(cron, zone, after_ms, due_ms, &again_ms) != 0 ||
	    again_ms != due_ms)
		abort();
	shown_s = zone_local(zone, due_ms / 1000);
	if (cron_next(cron, NULL, shown_s * 1000 - 1, &again_ms) == 0 &&
	    again_ms == shown_s * 1000)
		return;
	if (cron->hours == ALL_HOURS)
		abort();
	if (cron_next(cron, NULL, zone_reached(zone, due_ms / 1000 - 1) * 1000,
		      &passed_ms) != 0 ||
	    passed_ms > shown_s * 1000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input input = { data, len };
	int64_t after_ms = (int64_t)take(&input, 4) * 1500;
	size_t count = take(&input, 1) % (CHANGES_MAX + 1);
	struct clocks_change changes[CHANGES_MAX];
	struct clocks_table table = { take_offset(&input), changes, count };
	struct zone zone = clocks_zone(&table);
	int64_t at_s = after_ms / 1000 - 200000;
	struct cron_fault fault;
	struct cron cron;
	struct text text;

	for (size_t i = 0; i < count; i++) {
		at_s += ZONE_CALM_S + take(&input, 3) % 2000000;
		changes[i].utc_s = at_s;
		changes[i].offset_s = take_offset(&input);
	}
	text = (struct text){ (const char *)input.at, input.len };
	memset(&fault, 0xff, sizeof(fault));
	if (cron_parse(&cron, text, &fault) == 0)
		check(&cron, &zone, after_ms);
	else if (fault.at > text.len ||
		 memchr(fault.what, '\0', sizeof(fault.what)) == NULL ||
		 !text_is_utf8(text_of(fault.what)))
		abort();
	return 0;
}
