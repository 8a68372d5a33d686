#include "core/offer.h"

#include <errno.h>

#include "core/list.h"
#include "core/offer_layout.h"

/* Reads a number of at most MAX. */
static int take_number(const struct field *field, uint64_t max, uint64_t *value)
{
	*value = field_u64(field);
	return *value <= max ? 0 : -EBADMSG;
}

static int take_count(const struct field *field, uint32_t *count)
{
	uint64_t value;
	int rc = take_number(field, UINT32_MAX, &value);

	*count = (uint32_t)value;
	return rc;
}

static int take_ms(const struct field *field, int64_t *ms)
{
	uint64_t value;
	int rc = take_number(field, INT64_MAX, &value);

	*ms = rc == 0 ? (int64_t)value : 0;
	return rc;
}

/* What a later version means by a higher value is not known: 0, the default,
 * stands for it.
 */
static unsigned take_word(const struct field *field, unsigned last)
{
	uint64_t value = field_u64(field);

	return value <= last ? (unsigned)value : 0;
}

static int take_string(const struct field *field, size_t max,
		       struct text *string)
{
	*string = field->body;
	return string->len <= max &&
			       (string->len == 0 ||
				memchr(string->at, '\0', string->len) == NULL)
		       ? 0
		       : -EBADMSG;
}

static int take_list(const struct field *field, struct text *list)
{
	*list = field->body;
	return list->len <= OFFER_TEXT_MAX && list_is(*list) ? 0 : -EBADMSG;
}

static int take_field(struct offer_unit *unit, const struct field *field)
{
	switch (field->tag) {
	case OFFER_UNIT_KIND:
		unit->kind = (enum unit_kind)take_word(field, UNIT_JOB);
		return 0;
	case OFFER_UNIT_NAME:
		return take_string(field, OFFER_NAME_MAX, &unit->name);
	case OFFER_UNIT_DIGEST:
		unit->digest = field_u64(field);
		return 0;
	case OFFER_UNIT_DISABLED:
		unit->enabled = field_u64(field) == 0;
		return 0;
	case OFFER_UNIT_EVERY:
		return take_ms(field, &unit->every_ms);
	case OFFER_UNIT_CRON:
		return take_string(field, OFFER_TEXT_MAX, &unit->cron);
	case OFFER_UNIT_ZONE:
		return take_string(field, OFFER_TEXT_MAX, &unit->time_zone);
	case OFFER_UNIT_MISSED:
		unit->missed =
			(enum unit_missed)take_word(field, MISSED_RUN_ONCE);
		return 0;
	case OFFER_UNIT_BACKOFF:
		return take_ms(field, &unit->backoff_ms);
	case OFFER_UNIT_BACKOFF_MAX:
		return take_ms(field, &unit->backoff_max_ms);
	case OFFER_UNIT_RESTART:
		unit->restart =
			(enum unit_restart)take_word(field, RESTART_TEMPORARY);
		return 0;
	case OFFER_UNIT_ESSENTIAL:
		unit->essential = field_u64(field) != 0;
		return 0;
	case OFFER_UNIT_REBALANCE:
		unit->rebalance =
			(enum unit_rebalance)take_word(field, REBALANCE_JOIN);
		return 0;
	case OFFER_UNIT_MIN_NODES:
		return take_count(field, &unit->min_nodes);
	case OFFER_UNIT_PREFER:
		return take_list(field, &unit->prefer);
	case OFFER_UNIT_REQUIRE:
		return take_list(field, &unit->require);
	case OFFER_UNIT_PER_NODE:
		return take_count(field, &unit->per_node);
	case OFFER_UNIT_MAX_RUNNING:
		return take_count(field, &unit->max_running);
	default:
		return 0;
	}
}

static int unit_decode(struct offer_each *each, struct text body,
		       struct offer_unit *unit)
{
	struct dec dec = dec_init(body.at, body.len);
	struct field field;
	int rc = 0;

	*unit = (struct offer_unit){
		.kind = UNIT_SERVICE,
		.enabled = true,
		.min_nodes = 1,
		.time_zone = each->time_zone,
		.prefer = each->prefer,
		.require = each->require,
	};
	while (rc == 0 && dec_next(&dec, &field))
		rc = take_field(unit, &field);
	if (rc == 0)
		rc = dec_end(&dec);
	if (rc != 0 || unit->name.len == 0)
		return -EBADMSG;
	each->time_zone = unit->time_zone;
	each->prefer = unit->prefer;
	each->require = unit->require;
	return 0;
}

struct offer_each offer_each(const struct offer *offer)
{
	return (struct offer_each){
		.dec = dec_init(offer->value.at, offer->value.len),
	};
}

/* 1 for a unit, 0 at the end, or -EBADMSG. */
static int next_unit(struct offer_each *each, struct offer_unit *unit)
{
	struct field field;
	int rc;

	while (dec_next(&each->dec, &field)) {
		if (field.tag != OFFER_UNIT)
			continue;
		rc = unit_decode(each, field.body, unit);
		if (rc != 0)
			return rc;
		if (unit->kind != UNIT_SERVICE)
			return 1;
	}
	return dec_end(&each->dec);
}

bool offer_next(struct offer_each *each, struct offer_unit *unit)
{
	return next_unit(each, unit) == 1;
}

static int take(struct offer *offer, const struct field *field)
{
	switch (field->tag) {
	case OFFER_GENERATION:
		offer->generation = field_u64(field);
		return 0;
	case OFFER_DRAINING:
		offer->draining = field_u64(field) != 0;
		return 0;
	case OFFER_CORES:
		return take_count(field, &offer->cores);
	case OFFER_TAGS:
		return take_list(field, &offer->tags);
	default:
		return 0;
	}
}

int offer_decode(struct offer *offer, const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct offer_each each;
	struct offer_unit unit;
	struct field field;
	int rc = 0;

	*offer = (struct offer){ .version = record->version,
				 .value = record->value };
	while (rc == 0 && dec_next(&dec, &field))
		rc = take(offer, &field);
	each = offer_each(offer);
	while (rc == 0 && (rc = next_unit(&each, &unit)) == 1) {
		rc = offer->count < OFFER_UNITS_MAX ? 0 : -EBADMSG;
		offer->count++;
	}
	return rc;
}
