#include "core/record.h"

#include <errno.h>

enum { TAG_KEY = 1, TAG_TOKEN = 2, TAG_STEP = 3 };

int record_encode(const struct record *record, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	enc_text(&enc, TAG_KEY, record->key);
	enc_u64(&enc, TAG_TOKEN, record->version.token);
	enc_u64(&enc, TAG_STEP, record->version.step);
	if (enc.full || cap - enc.len < record->value.len)
		return -ENOSPC;
	if (record->value.len > 0)
		memcpy(enc.buf + enc.len, record->value.at, record->value.len);
	return (int)(enc.len + record->value.len);
}

int record_decode(struct record *record, const void *buf, size_t len)
{
	struct dec dec = dec_init(buf, len);
	struct field field;

	*record = (struct record){ 0 };
	while (dec.left > 0 && dec.at[0] < RECORD_VALUE_TAG &&
	       dec_next(&dec, &field)) {
		if (field.tag == TAG_KEY)
			record->key = field.body;
		else if (field.tag == TAG_TOKEN)
			record->version.token = field_u64(&field);
		else if (field.tag == TAG_STEP)
			record->version.step = (uint32_t)field_u64(&field);
	}
	record->value = (struct text){ (const char *)dec.at, dec.left };
	if (dec.bad || record->key.len == 0 ||
	    record->key.len > RECORD_KEY_MAX || record->version.token == 0)
		return -EBADMSG;
	return 0;
}
