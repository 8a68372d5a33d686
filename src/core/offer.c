#include "core/offer.h"

#include <errno.h>

#include "core/list.h"
#include "core/offer_layout.h"
#include "core/out.h"

struct text offer_key(struct text node, char *key)
{
	struct out out = out_init(key, RECORD_KEY_MAX + 1);

	out_string(&out, "offer/");
	out_text(&out, node);
	if (out_end(&out) != 0)
		return text_of("");
	return (struct text){ key, out.len };
}

void offer_begin(struct offer_writer *writer, void *buf, size_t cap,
		 const struct offer *offer)
{
	*writer = (struct offer_writer){
		.enc = enc_init(buf, cap < OFFER_MAX ? cap : OFFER_MAX),
	};
	enc_u64(&writer->enc, OFFER_GENERATION, offer->generation);
	enc_u64(&writer->enc, OFFER_DRAINING, offer->draining);
	enc_u64(&writer->enc, OFFER_CORES, offer->cores);
	enc_text(&writer->enc, OFFER_TAGS, offer->tags);
}

/* Writes TEXT unless it is what the unit before had, which lies at *AT. */
static void put_changed(struct offer_writer *writer, uint8_t tag,
			struct text text, size_t *at, size_t *len)
{
	struct enc *enc = &writer->enc;
	struct text before = { (const char *)enc->buf + *at, *len };

	if (text_equal(text, before))
		return;
	enc_text(enc, tag, text);
	if (enc->full)
		return;
	*at = enc->len - text.len;
	*len = text.len;
}

static void put_singleton(struct offer_writer *writer,
			  const struct offer_unit *unit)
{
	struct enc *enc = &writer->enc;

	enc_some_u64(enc, OFFER_UNIT_DISABLED, !unit->enabled);
	enc_some_u64(enc, OFFER_UNIT_EVERY, (uint64_t)unit->every_ms);
	if (unit->cron.len > 0)
		enc_text(enc, OFFER_UNIT_CRON, unit->cron);
	enc_some_u64(enc, OFFER_UNIT_MISSED, unit->missed);
	enc_some_u64(enc, OFFER_UNIT_BACKOFF, (uint64_t)unit->backoff_ms);
	enc_some_u64(enc, OFFER_UNIT_BACKOFF_MAX,
		     (uint64_t)unit->backoff_max_ms);
	enc_some_u64(enc, OFFER_UNIT_RESTART, unit->restart);
	enc_some_u64(enc, OFFER_UNIT_ESSENTIAL, unit->essential);
	enc_some_u64(enc, OFFER_UNIT_REBALANCE, unit->rebalance);
	if (unit->min_nodes != 1)
		enc_u64(enc, OFFER_UNIT_MIN_NODES, unit->min_nodes);
	put_changed(writer, OFFER_UNIT_ZONE, unit->time_zone, &writer->zone,
		    &writer->zone_len);
	put_changed(writer, OFFER_UNIT_PREFER, unit->prefer, &writer->prefer,
		    &writer->prefer_len);
	put_changed(writer, OFFER_UNIT_REQUIRE, unit->require, &writer->require,
		    &writer->require_len);
}

void offer_put(struct offer_writer *writer, const struct offer_unit *unit)
{
	struct enc *enc = &writer->enc;
	size_t front = enc->len;
	size_t len;

	writer->count++;
	if (unit->name.len > OFFER_NAME_MAX ||
	    unit->cron.len > OFFER_TEXT_MAX ||
	    unit->time_zone.len > OFFER_TEXT_MAX ||
	    unit->prefer.len > OFFER_TEXT_MAX ||
	    unit->require.len > OFFER_TEXT_MAX)
		enc->full = true;
	/* the header of the field, whose length comes last */
	enc_text(enc, OFFER_UNIT, text_of(""));
	enc_some_u64(enc, OFFER_UNIT_KIND, unit->kind);
	enc_text(enc, OFFER_UNIT_NAME, unit->name);
	enc_u64(enc, OFFER_UNIT_DIGEST, unit->digest);
	if (unit->kind == UNIT_SINGLETON)
		put_singleton(writer, unit);
	enc_some_u64(enc, OFFER_UNIT_PER_NODE, unit->per_node);
	enc_some_u64(enc, OFFER_UNIT_MAX_RUNNING, unit->max_running);
	if (enc->full)
		return;
	len = enc->len - front - 3;
	enc->buf[front + 1] = (uint8_t)len;
	enc->buf[front + 2] = (uint8_t)(len >> 8);
}

int offer_end(const struct offer_writer *writer)
{
	return writer->count > OFFER_UNITS_MAX ? -ENOSPC
					       : enc_end(&writer->enc);
}

int offer_unit_of(struct offer_unit *into, const struct unit *unit,
		  uint64_t digest, char *lists, size_t cap)
{
	int rc;

	*into = (struct offer_unit){
		.kind = unit->kind,
		.name = text_of(unit->name),
		.digest = digest,
	};
	if (unit->kind != UNIT_SINGLETON) {
		into->per_node = unit->per_node;
		into->max_running = unit->max_running;
		return 0;
	}
	into->enabled = unit->enabled;
	into->every_ms = unit->every_ms;
	into->cron = text_of(unit->cron);
	into->time_zone = text_of(unit->time_zone);
	into->missed = unit->missed;
	into->backoff_ms = unit->backoff_ms;
	into->backoff_max_ms = unit->backoff_max_ms;
	into->restart = unit->restart;
	into->essential = unit->essential;
	into->rebalance = unit->rebalance;
	into->min_nodes = unit->min_nodes;
	rc = list_of(&into->prefer, &unit->prefer, lists, cap);
	if (rc == 0)
		rc = list_of(&into->require, &unit->require,
			     lists + into->prefer.len, cap - into->prefer.len);
	return rc;
}
