#include "core/codec.h"

#include <errno.h>

#define FIELD_HEADER 3 /* bytes: tag, length */

struct enc enc_init(void *buf, size_t cap)
{
	return (struct enc){ .buf = buf, .cap = cap };
}

void enc_text(struct enc *enc, uint8_t tag, struct text body)
{
	uint8_t *at = enc->buf + enc->len;

	if (enc->full || body.len > CODEC_FIELD_MAX ||
	    enc->cap - enc->len < FIELD_HEADER + body.len) {
		enc->full = true;
		return;
	}
	at[0] = tag;
	at[1] = (uint8_t)body.len;
	at[2] = (uint8_t)(body.len >> 8);
	if (body.len > 0)
		memcpy(at + FIELD_HEADER, body.at, body.len);
	enc->len += FIELD_HEADER + body.len;
}

void enc_u64(struct enc *enc, uint8_t tag, uint64_t value)
{
	uint8_t bytes[8];
	size_t len = sizeof(bytes);

	le64_put(bytes, value);
	while (len > 0 && bytes[len - 1] == 0)
		len--;
	enc_text(enc, tag, (struct text){ (const char *)bytes, len });
}

void enc_some_text(struct enc *enc, uint8_t tag, struct text body)
{
	if (body.len > 0)
		enc_text(enc, tag, body);
}

void enc_some_u64(struct enc *enc, uint8_t tag, uint64_t value)
{
	if (value != 0)
		enc_u64(enc, tag, value);
}

void enc_i64(struct enc *enc, uint8_t tag, int64_t value)
{
	uint64_t sign = value < 0 ? UINT64_MAX : 0;

	enc_u64(enc, tag, (uint64_t)value << 1 ^ sign);
}

int enc_end(const struct enc *enc)
{
	return enc->full ? -ENOSPC : (int)enc->len;
}

struct dec dec_init(const void *buf, size_t len)
{
	return (struct dec){ .at = buf, .left = len };
}

bool dec_next(struct dec *dec, struct field *field)
{
	size_t len;

	if (dec->left == 0 || dec->bad)
		return false;
	if (dec->left < FIELD_HEADER) {
		dec->bad = true;
		return false;
	}
	len = (size_t)dec->at[1] | (size_t)dec->at[2] << 8;
	if (dec->left - FIELD_HEADER < len) {
		dec->bad = true;
		return false;
	}
	field->tag = dec->at[0];
	field->body =
		(struct text){ (const char *)dec->at + FIELD_HEADER, len };
	dec->at += FIELD_HEADER + len;
	dec->left -= FIELD_HEADER + len;
	return true;
}

int dec_end(const struct dec *dec)
{
	return dec->bad ? -EBADMSG : 0;
}

uint64_t field_u64(const struct field *field)
{
	uint64_t value = 0;

	if (field->body.len > 8)
		return UINT64_MAX;
	for (size_t i = field->body.len; i > 0; i--)
		value = value << 8 | (uint8_t)field->body.at[i - 1];
	return value;
}

int64_t field_i64(const struct field *field)
{
	uint64_t value = field_u64(field);

	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}
