/* codec - tagged, bounded fields: the one layout of all we store and send.
 *
 * Pure.  A message is a run of fields; a field is one byte of tag, two bytes
 * of length (little endian), then that many bytes.  Numbers are little endian
 * with their leading zero bytes cut off, so that 0 has length 0.  A reader
 * skips tags it does not know; a writer never reuses a tag that was retired.
 * To change a layout: give the new field a new tag, keep reading the old one
 * for one release, and add golden bytes for both.
 */
#ifndef HOLDFAST_CORE_CODEC_H
#define HOLDFAST_CORE_CODEC_H

#include "core/text.h"

#define CODEC_FIELD_MAX 65535 /* bytes in one field */

struct enc {
	uint8_t *buf;
	size_t cap; /* bytes */
	size_t len; /* bytes written */
	bool full;  /* something did not fit */
};

struct dec {
	const uint8_t *at;
	size_t left; /* bytes */
	bool bad;    /* a field ran past the end */
};

struct field {
	uint8_t tag;
	struct text body; /* borrowed from the decoded buffer */
};

struct enc enc_init(void *buf, size_t cap);
void enc_text(struct enc *enc, uint8_t tag, struct text body);
void enc_u64(struct enc *enc, uint8_t tag, uint64_t value);
/* The same, but what is empty, or 0, is left out. */
void enc_some_text(struct enc *enc, uint8_t tag, struct text body);
void enc_some_u64(struct enc *enc, uint8_t tag, uint64_t value);
/* Zigzag, so that small negative numbers stay short. */
void enc_i64(struct enc *enc, uint8_t tag, int64_t value);
/* Bytes written, or -ENOSPC when something did not fit. */
int enc_end(const struct enc *enc);

struct dec dec_init(const void *buf, size_t len);
/* Takes the next field; false at the end or when the rest is damaged. */
bool dec_next(struct dec *dec, struct field *field);
/* 0, or -EBADMSG when a field ran past the end. */
int dec_end(const struct dec *dec);

/* A number of more than eight bytes reads as the largest there is. */
uint64_t field_u64(const struct field *field);
int64_t field_i64(const struct field *field);

/* Fixed-width little endian, for headers that are not fields. */
static inline void le32_put(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static inline void le64_put(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static inline uint32_t le32_get(const uint8_t *at)
{
	uint32_t value = 0;

	for (int i = 3; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

static inline uint64_t le64_get(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

#endif
