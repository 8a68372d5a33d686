#include "core/lease_record.h"

#include <errno.h>

#include "core/codec.h"
#include "core/crc32c.h"

#define FIELDS_AT 16
#define CRC_AT	  (LEASE_RECORD - 4)

static const char header_magic[8] = "hfleaseh";
static const char record_magic[8] = "hfleases";

/* Tags are of the header or of a record; a retired one is not used again. */
enum tag {
	TAG_FILE_ID = 1,
	TAG_SLOTS = 2,
	TAG_LEASE_MS = 3,
	TAG_KILL_MS = 4,
	TAG_DRIFT_PPM = 5,
	TAG_SLOT = 6,
	TAG_FLAGS = 7,
	TAG_NUMBER = 8,
	TAG_GENERATION = 9,
	TAG_INCARNATION = 10,
	TAG_SEQUENCE = 11,
	TAG_EPOCH = 12,
	TAG_END_SEGMENT = 13,
	TAG_END_OFFSET = 14,
	TAG_BOOT_ID = 15,
	TAG_NAME = 16,
};

static struct enc begin(uint8_t *bytes)
{
	memset(bytes, 0, LEASE_RECORD);
	return enc_init(bytes + FIELDS_AT, CRC_AT - FIELDS_AT);
}

static void seal(uint8_t *bytes, const char magic[8], const struct enc *enc)
{
	memcpy(bytes, magic, 8);
	le32_put(bytes + 8, LEASE_FORMAT);
	le32_put(bytes + 12, (uint32_t)enc->len);
	le32_put(bytes + CRC_AT, crc32c(0, bytes, CRC_AT));
}

/* 0, -ENODATA, -EBADMSG or -EPROTONOSUPPORT. */
static int unseal(struct dec *dec, const uint8_t *bytes, const char magic[8])
{
	static const uint8_t zeros[LEASE_RECORD];
	uint32_t len = le32_get(bytes + 12);

	if (memcmp(bytes, zeros, LEASE_RECORD) == 0)
		return -ENODATA;
	if (crc32c(0, bytes, CRC_AT) != le32_get(bytes + CRC_AT) ||
	    memcmp(bytes, magic, 8) != 0)
		return -EBADMSG;
	if (le32_get(bytes + 8) != LEASE_FORMAT)
		return -EPROTONOSUPPORT;
	if (len > CRC_AT - FIELDS_AT)
		return -EBADMSG;
	*dec = dec_init(bytes + FIELDS_AT, len);
	return 0;
}

/* A number too large for its place reads as the largest. */
static uint32_t field_u32(const struct field *field)
{
	uint64_t value = field_u64(field);

	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

void lease_header_encode(const struct lease_header *header, uint8_t *bytes)
{
	struct enc enc = begin(bytes);

	enc_u64(&enc, TAG_FILE_ID, header->file_id);
	enc_u64(&enc, TAG_SLOTS, header->terms.slots);
	enc_u64(&enc, TAG_LEASE_MS, header->terms.lease_ms);
	enc_u64(&enc, TAG_KILL_MS, header->terms.kill_ms);
	enc_u64(&enc, TAG_DRIFT_PPM, header->terms.drift_ppm);
	seal(bytes, header_magic, &enc);
}

int lease_header_decode(struct lease_header *header, const uint8_t *bytes)
{
	struct dec dec;
	struct field field;
	int rc = unseal(&dec, bytes, header_magic);

	*header = (struct lease_header){ 0 };
	if (rc != 0)
		return rc;
	while (dec_next(&dec, &field)) {
		if (field.tag == TAG_FILE_ID)
			header->file_id = field_u64(&field);
		else if (field.tag == TAG_SLOTS)
			header->terms.slots = field_u32(&field);
		else if (field.tag == TAG_LEASE_MS)
			header->terms.lease_ms = field_u32(&field);
		else if (field.tag == TAG_KILL_MS)
			header->terms.kill_ms = field_u32(&field);
		else if (field.tag == TAG_DRIFT_PPM)
			header->terms.drift_ppm = field_u32(&field);
	}
	if (dec_end(&dec) != 0 || !lease_terms_ok(&header->terms))
		return -EBADMSG;
	return 0;
}

void lease_record_encode(const struct lease_record *record, uint8_t *bytes)
{
	struct enc enc = begin(bytes);

	enc_u64(&enc, TAG_FILE_ID, record->file_id);
	enc_u64(&enc, TAG_SLOT, record->slot);
	enc_u64(&enc, TAG_FLAGS, record->flags);
	enc_u64(&enc, TAG_NUMBER, record->number);
	enc_u64(&enc, TAG_GENERATION, record->generation);
	enc_u64(&enc, TAG_INCARNATION, record->incarnation);
	enc_u64(&enc, TAG_SEQUENCE, record->sequence);
	enc_u64(&enc, TAG_EPOCH, record->epoch);
	enc_u64(&enc, TAG_END_SEGMENT, record->end.segment);
	enc_u64(&enc, TAG_END_OFFSET, record->end.offset);
	enc_u64(&enc, TAG_LEASE_MS, record->lease_ms);
	enc_text(&enc, TAG_BOOT_ID,
		 (struct text){ (const char *)record->boot_id, LEASE_BOOT_ID });
	enc_text(&enc, TAG_NAME, text_of(record->name));
	seal(bytes, record_magic, &enc);
}

static void record_take(struct lease_record *record, const struct field *field)
{
	switch (field->tag) {
	case TAG_FILE_ID:
		record->file_id = field_u64(field);
		break;
	case TAG_SLOT:
		record->slot = field_u32(field);
		break;
	case TAG_FLAGS:
		record->flags = field_u32(field);
		break;
	case TAG_NUMBER:
		record->number = field_u64(field);
		break;
	case TAG_GENERATION:
		record->generation = field_u64(field);
		break;
	case TAG_INCARNATION:
		record->incarnation = field_u64(field);
		break;
	case TAG_SEQUENCE:
		record->sequence = field_u64(field);
		break;
	case TAG_EPOCH:
		record->epoch = field_u64(field);
		break;
	case TAG_END_SEGMENT:
		record->end.segment = field_u64(field);
		break;
	case TAG_END_OFFSET:
		record->end.offset = field_u64(field);
		break;
	case TAG_LEASE_MS:
		record->lease_ms = field_u32(field);
		break;
	case TAG_BOOT_ID:
		if (field->body.len == LEASE_BOOT_ID)
			memcpy(record->boot_id, field->body.at, LEASE_BOOT_ID);
		break;
	case TAG_NAME:
		text_copy(field->body, record->name, sizeof(record->name));
		break;
	default:
		break;
	}
}

enum lease_block lease_record_decode(struct lease_record *record,
				     const uint8_t *bytes, uint64_t file_id,
				     uint32_t slot, unsigned block)
{
	struct dec dec;
	struct field field;
	int rc = unseal(&dec, bytes, record_magic);
	bool tomb;

	*record = (struct lease_record){ 0 };
	if (rc == -ENODATA)
		return LEASE_BLOCK_EMPTY;
	if (rc == -EPROTONOSUPPORT)
		return LEASE_BLOCK_NEWER;
	if (rc != 0)
		return LEASE_BLOCK_DAMAGED;
	while (dec_next(&dec, &field))
		record_take(record, &field);
	if (dec_end(&dec) != 0 || record->generation == 0 ||
	    record->generation > record->number || record->epoch > UINT32_MAX)
		return LEASE_BLOCK_DAMAGED;
	tomb = (record->flags & LEASE_TOMB) != 0;
	if (record->file_id != file_id || record->slot != slot ||
	    (lease_block_of(record->number) == block) == tomb)
		return LEASE_BLOCK_FOREIGN;
	return LEASE_BLOCK_VALID;
}

/* The CRC of bytes that end in their own is the same for all of them: so what
 * is covered and what covers it, side by side.
 */
static uint64_t print_of(const uint8_t *block)
{
	return (uint64_t)crc32c(0, block, CRC_AT) << 32 |
	       le32_get(block + CRC_AT);
}

static bool is_tomb(const struct lease_record *record)
{
	return (record->flags & LEASE_TOMB) != 0;
}

/* Of two blocks that could be read, or one and zeros: which record is true?
 * Only one beside its own tombstone; else a late write has landed on either,
 * or a start is not through.
 */
static void choose(struct lease_slot *slot, const struct lease_record *a,
		   const struct lease_record *b)
{
	bool pair = a->number == b->number &&
		    a->incarnation == b->incarnation &&
		    is_tomb(a) != is_tomb(b);
	const struct lease_record *latest =
		a->number > b->number || (a->number == b->number && is_tomb(b))
			? a
			: b;

	slot->has_record = true;
	slot->record = *latest;
	slot->record.flags &= ~(uint32_t)LEASE_TOMB;
	slot->state = pair ? LEASE_SLOT_SHOWN : LEASE_SLOT_UNSURE;
}

void lease_slot_decode(struct lease_slot *slot, const uint8_t *block0,
		       const uint8_t *block1, uint64_t file_id, uint32_t number)
{
	struct lease_record a;
	struct lease_record b;

	*slot = (struct lease_slot){ .state = LEASE_SLOT_UNSURE };
	slot->blocks[0] = lease_record_decode(&a, block0, file_id, number, 0);
	slot->blocks[1] = lease_record_decode(&b, block1, file_id, number, 1);
	slot->prints[0] = print_of(block0);
	slot->prints[1] = print_of(block1);
	if (slot->blocks[0] == LEASE_BLOCK_EMPTY &&
	    slot->blocks[1] == LEASE_BLOCK_EMPTY) {
		slot->state = LEASE_SLOT_FREE;
		return;
	}
	if (slot->blocks[0] != LEASE_BLOCK_VALID)
		a = (struct lease_record){ 0 };
	if (slot->blocks[1] != LEASE_BLOCK_VALID)
		b = (struct lease_record){ 0 };
	slot->epoch_max = a.epoch > b.epoch ? a.epoch : b.epoch;
	if (a.number != 0 || b.number != 0)
		choose(slot, &a, &b);
	if (slot->blocks[0] > LEASE_BLOCK_VALID ||
	    slot->blocks[1] > LEASE_BLOCK_VALID)
		slot->state = LEASE_SLOT_UNSURE;
}
