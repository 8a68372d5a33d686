#include "core/datagram_layout.h"

#include <errno.h>

#define FIELD_HEADER 3	 /* bytes, see core/codec.h */
#define PART_MAX     160 /* bytes of a nested field */

static void put_part(struct enc *enc, uint8_t tag, const struct enc *part)
{
	if (part->full)
		enc->full = true;
	else
		enc_text(enc, tag,
			 (struct text){ (const char *)part->buf, part->len });
}

static void put_place(struct enc *enc, const struct datagram_place *place)
{
	uint8_t bytes[PART_MAX];
	struct enc part = enc_init(bytes, sizeof(bytes));

	if (!place->present)
		return;
	enc_some_u64(&part, PLACE_SLOT, place->slot);
	enc_some_u64(&part, PLACE_GENERATION, place->generation);
	enc_some_u64(&part, PLACE_EPOCH, place->epoch);
	enc_some_u64(&part, PLACE_SEGMENT, place->segment);
	enc_some_u64(&part, PLACE_OFFSET, place->offset);
	put_part(enc, TAG_PLACE, &part);
}

static void put_load(struct enc *enc, const struct datagram_load *load)
{
	uint8_t bytes[PART_MAX];
	struct enc part = enc_init(bytes, sizeof(bytes));

	enc_some_u64(&part, LOAD_BUSY, load->busy);
	enc_some_u64(&part, LOAD_CORES, load->cores);
	enc_some_u64(&part, LOAD_PLACES, load->places);
	enc_some_u64(&part, LOAD_RUNNING, load->running);
	enc_some_u64(&part, LOAD_PENDING, load->pending);
	enc_some_u64(&part, LOAD_SINGLETONS, load->singletons);
	put_part(enc, TAG_LOAD, &part);
}

static void put_look(struct enc *enc, const struct datagram_look *look)
{
	uint8_t bytes[PART_MAX];
	struct enc part = enc_init(bytes, sizeof(bytes));

	enc_some_u64(&part, LOOK_KIND, look->kind);
	enc_some_u64(&part, LOOK_AT, look->slot);
	enc_some_u64(&part, LOOK_NUMBER, look->number);
	put_part(enc, TAG_LOOK, &part);
}

/* As many as there is room for; how many. */
static size_t put_hears(struct enc *enc, const struct datagram *datagram)
{
	uint8_t bytes[DATAGRAM_HEARS_MAX * HEARS_BYTES];
	size_t left = enc->full ? 0 : enc->cap - enc->len;
	size_t room =
		left < FIELD_HEADER ? 0 : (left - FIELD_HEADER) / HEARS_BYTES;
	size_t count = datagram->hears_count;

	if (count > room)
		count = room;
	for (size_t i = 0; i < count; i++) {
		int64_t age = datagram->hears[i].age_ms;
		uint8_t *at = bytes + i * HEARS_BYTES;
		uint64_t units;

		if (age > DATAGRAM_AGE_MAX_MS)
			age = DATAGRAM_AGE_MAX_MS;
		units = age < 0 ? 0 : (uint64_t)age / AGE_UNIT_MS;
		le64_put(at, datagram->hears[i].incarnation);
		at[8] = (uint8_t)units;
		at[9] = (uint8_t)(units >> 8);
	}
	enc_some_text(
		enc, TAG_HEARS,
		(struct text){ (const char *)bytes, count * HEARS_BYTES });
	return count;
}

static size_t put_progresses(struct enc *enc, const struct datagram *datagram)
{
	size_t i = 0;

	while (i < datagram->progress_count &&
	       hint_put(enc, &datagram->progress[i]))
		i++;
	return i;
}

static bool is_bounded(const struct datagram *datagram)
{
	return datagram->node.len <= DATAGRAM_NODE_MAX &&
	       datagram->address.len <= DATAGRAM_ADDRESS_MAX &&
	       datagram->version.len <= DATAGRAM_VERSION_MAX &&
	       datagram->tags.len <= DATAGRAM_TAGS_MAX &&
	       datagram->hears_count <= DATAGRAM_HEARS_MAX &&
	       datagram->looks_count <= DATAGRAM_LOOKS_MAX &&
	       datagram->progress_count <= DATAGRAM_PROGRESS_MAX;
}

int datagram_encode(struct datagram *datagram, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	if (!is_bounded(datagram))
		return -EINVAL;
	enc_text(&enc, TAG_NODE, datagram->node);
	enc_u64(&enc, TAG_INCARNATION, datagram->incarnation);
	enc_u64(&enc, TAG_SEQUENCE, datagram->sequence);
	enc_i64(&enc, TAG_SENT, datagram->sent_ms);
	enc_some_u64(&enc, TAG_INTERVAL, datagram->interval_ms);
	enc_some_u64(&enc, TAG_FLAGS, datagram->flags);
	enc_some_text(&enc, TAG_ADDRESS, datagram->address);
	enc_some_text(&enc, TAG_VERSION, datagram->version);
	enc_some_text(&enc, TAG_TAGS, datagram->tags);
	put_place(&enc, &datagram->place);
	put_load(&enc, &datagram->load);
	for (size_t i = 0; i < datagram->looks_count; i++)
		put_look(&enc, &datagram->looks[i]);
	datagram->hears_count = put_hears(&enc, datagram);
	datagram->progress_count = put_progresses(&enc, datagram);
	return enc_end(&enc);
}
