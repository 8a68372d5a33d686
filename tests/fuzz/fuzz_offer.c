/* fuzz_offer - whatever an offer holds: it is refused, or its units can be
 * gone over, found, and written to what reads the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "core/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(struct text text, size_t max)
{
	if (text.len > max ||
	    (text.len > 0 && memchr(text.at, '\0', text.len) != NULL))
		abort();
}

static void check_list(struct text list)
{
	struct text item;
	size_t len = 0;

	while (list_next(&list, &item)) {
		check_text(item, OFFER_TEXT_MAX);
		len += item.len + 1;
	}
	if (len > OFFER_TEXT_MAX)
		abort();
}

static void check(const struct offer_unit *unit)
{
	if ((unit->kind != UNIT_SINGLETON && unit->kind != UNIT_JOB) ||
	    unit->name.len == 0 || unit->every_ms < 0 || unit->backoff_ms < 0 ||
	    unit->backoff_max_ms < 0 || unit->restart > RESTART_TEMPORARY ||
	    unit->missed > MISSED_RUN_ONCE || unit->rebalance > REBALANCE_JOIN)
		abort();
	check_text(unit->name, OFFER_NAME_MAX);
	check_text(unit->cron, OFFER_TEXT_MAX);
	check_text(unit->time_zone, OFFER_TEXT_MAX);
	check_list(unit->prefer);
	check_list(unit->require);
}

static void compare(const struct offer_unit *a, const struct offer_unit *b)
{
	if (a->kind != b->kind || !text_equal(a->name, b->name) ||
	    a->digest != b->digest)
		abort();
	if (a->kind != UNIT_SINGLETON)
		return;
	if (a->enabled != b->enabled || a->every_ms != b->every_ms ||
	    !text_equal(a->cron, b->cron) ||
	    !text_equal(a->time_zone, b->time_zone) || a->missed != b->missed ||
	    a->backoff_ms != b->backoff_ms ||
	    a->backoff_max_ms != b->backoff_max_ms ||
	    a->restart != b->restart || a->essential != b->essential ||
	    a->rebalance != b->rebalance || a->min_nodes != b->min_nodes ||
	    !text_equal(a->prefer, b->prefer) ||
	    !text_equal(a->require, b->require))
		abort();
}

/* Writes all of OFFER again; bytes or -ENOSPC. */
static int write_again(const struct offer *offer, uint8_t *buf, size_t cap)
{
	struct offer_each each = offer_each(offer);
	struct offer_writer writer;
	struct offer_unit unit;
	uint32_t count = 0;

	offer_begin(&writer, buf, cap, offer);
	while (offer_next(&each, &unit)) {
		check(&unit);
		offer_put(&writer, &unit);
		count++;
	}
	if (count != offer->count || count > OFFER_UNITS_MAX)
		abort();
	return offer_end(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t buf[OFFER_MAX];
	struct record record = { .key = text_of("offer/n"),
				 .version = { 1, 0 },
				 .value = { (const char *)data, len } };
	struct offer offer;
	struct offer again;
	struct offer_each each;
	struct offer_each each_again;
	struct offer_unit unit;
	struct offer_unit unit_again;
	int bytes;

	if (offer_decode(&offer, &record) != 0)
		return 0;
	check_list(offer.tags);
	bytes = write_again(&offer, buf, sizeof(buf));
	if (bytes < 0)
		return 0;
	record.value = (struct text){ (const char *)buf, (size_t)bytes };
	if (offer_decode(&again, &record) != 0 || again.count != offer.count ||
	    again.generation != offer.generation ||
	    again.draining != offer.draining || again.cores != offer.cores ||
	    !text_equal(again.tags, offer.tags))
		abort();
	each = offer_each(&offer);
	each_again = offer_each(&again);
	while (offer_next(&each, &unit)) {
		if (!offer_next(&each_again, &unit_again))
			abort();
		compare(&unit, &unit_again);
	}
	return 0;
}
