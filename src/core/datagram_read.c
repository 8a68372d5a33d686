/* The reader of core/datagram.h. */
#include <errno.h>

#include "core/datagram_layout.h"

/* A number of at most 32 bits; what is larger reads as the largest. */
static uint32_t field_u32(const struct field *field)
{
	uint64_t value = field_u64(field);

	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static struct dec part_of(const struct field *field)
{
	return dec_init(field->body.at, field->body.len);
}

static int take_place(struct datagram_place *place, const struct field *field)
{
	struct dec dec = part_of(field);
	struct field part;

	place->present = true;
	while (dec_next(&dec, &part)) {
		if (part.tag == PLACE_SLOT)
			place->slot = field_u32(&part);
		else if (part.tag == PLACE_GENERATION)
			place->generation = field_u64(&part);
		else if (part.tag == PLACE_EPOCH)
			place->epoch = field_u32(&part);
		else if (part.tag == PLACE_SEGMENT)
			place->segment = field_u64(&part);
		else if (part.tag == PLACE_OFFSET)
			place->offset = field_u64(&part);
	}
	return dec_end(&dec);
}

static int take_load(struct datagram_load *load, const struct field *field)
{
	struct dec dec = part_of(field);
	struct field part;

	while (dec_next(&dec, &part)) {
		if (part.tag == LOAD_BUSY)
			load->busy = field_u32(&part);
		else if (part.tag == LOAD_CORES)
			load->cores = field_u32(&part);
		else if (part.tag == LOAD_PLACES)
			load->places = field_u32(&part);
		else if (part.tag == LOAD_RUNNING)
			load->running = field_u32(&part);
		else if (part.tag == LOAD_PENDING)
			load->pending = field_u32(&part);
		else if (part.tag == LOAD_SINGLETONS)
			load->singletons = field_u32(&part);
	}
	return dec_end(&dec);
}

static int take_hears(struct datagram *datagram, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)field->body.at;
	size_t count = field->body.len / HEARS_BYTES;

	if (field->body.len % HEARS_BYTES != 0)
		return -EBADMSG;
	if (count > DATAGRAM_HEARS_MAX)
		count = DATAGRAM_HEARS_MAX;
	datagram->hears_count = count;
	for (size_t i = 0; i < count; i++, at += HEARS_BYTES) {
		datagram->hears[i].incarnation = le64_get(at);
		datagram->hears[i].age_ms =
			(int64_t)(at[8] | (unsigned)at[9] << 8) * AGE_UNIT_MS;
	}
	return 0;
}

static int take_look(struct datagram *datagram, const struct field *field)
{
	struct dec dec = part_of(field);
	struct datagram_look look = { 0 };
	struct field part;

	while (dec_next(&dec, &part)) {
		if (part.tag == LOOK_KIND)
			look.kind = field_u32(&part);
		else if (part.tag == LOOK_AT)
			look.slot = field_u32(&part);
		else if (part.tag == LOOK_NUMBER)
			look.number = field_u64(&part);
	}
	if (datagram->looks_count < DATAGRAM_LOOKS_MAX)
		datagram->looks[datagram->looks_count++] = look;
	return dec_end(&dec);
}

static int take_progress(struct datagram *datagram, const struct field *field)
{
	struct hint hint;
	int rc = hint_take(&hint, field);

	if (rc == 0 && datagram->progress_count < DATAGRAM_PROGRESS_MAX)
		datagram->progress[datagram->progress_count++] = hint;
	return rc;
}

/* Printable ASCII, as names, addresses and versions are. */
static int take_text(struct text *text, const struct field *field, size_t max)
{
	for (size_t i = 0; i < field->body.len; i++)
		if (field->body.at[i] <= ' ' || field->body.at[i] > '~')
			return -EBADMSG;
	*text = field->body;
	return field->body.len <= max ? 0 : -EBADMSG;
}

static int take_tags(struct text *tags, const struct field *field)
{
	*tags = field->body;
	if (tags->len > DATAGRAM_TAGS_MAX || !text_is_utf8(*tags))
		return -EBADMSG;
	return tags->len == 0 || tags->at[tags->len - 1] == '\0' ? 0 : -EBADMSG;
}

static int take_list(struct datagram *datagram, const struct field *field)
{
	switch (field->tag) {
	case TAG_PLACE:
		return take_place(&datagram->place, field);
	case TAG_LOAD:
		return take_load(&datagram->load, field);
	case TAG_HEARS:
		return take_hears(datagram, field);
	case TAG_LOOK:
		return take_look(datagram, field);
	case TAG_PROGRESS:
		return take_progress(datagram, field);
	default:
		return 0;
	}
}

static int take(struct datagram *datagram, const struct field *field)
{
	switch (field->tag) {
	case TAG_NODE:
		return take_text(&datagram->node, field, DATAGRAM_NODE_MAX);
	case TAG_INCARNATION:
		datagram->incarnation = field_u64(field);
		return 0;
	case TAG_SEQUENCE:
		datagram->sequence = field_u64(field);
		return 0;
	case TAG_SENT:
		datagram->sent_ms = field_i64(field);
		return 0;
	case TAG_INTERVAL:
		datagram->interval_ms = field_u32(field);
		return 0;
	case TAG_FLAGS:
		datagram->flags = field_u32(field);
		return 0;
	case TAG_ADDRESS:
		return take_text(&datagram->address, field,
				 DATAGRAM_ADDRESS_MAX);
	case TAG_VERSION:
		return take_text(&datagram->version, field,
				 DATAGRAM_VERSION_MAX);
	case TAG_TAGS:
		return take_tags(&datagram->tags, field);
	default:
		return take_list(datagram, field);
	}
}

int datagram_decode(struct datagram *datagram, const void *buf, size_t len)
{
	struct dec dec = dec_init(buf, len);
	struct field field;
	int rc = 0;

	*datagram = (struct datagram){ 0 };
	while (rc == 0 && dec_next(&dec, &field))
		rc = take(datagram, &field);
	if (rc == 0)
		rc = dec_end(&dec);
	if (rc == 0 && (datagram->node.len == 0 || datagram->incarnation == 0 ||
			datagram->sequence == 0))
		rc = -EBADMSG;
	return rc;
}
