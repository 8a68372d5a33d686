/* text - a borrowed run of bytes, not terminated.
 *
 * Pure.  Whoever hands out a text says how long what it points at lives.
 */
#ifndef HOLDFAST_CORE_TEXT_H
#define HOLDFAST_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *at; /* may be NULL when len is 0 */
	size_t len;	/* bytes */
};

/* The text of a terminated string; NULL gives the empty text. */
static inline struct text text_of(const char *string)
{
	return (struct text){ string, string != NULL ? strlen(string) : 0 };
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool text_is(struct text a, const char *string)
{
	return text_equal(a, text_of(string));
}

/* Copies TEXT, terminated, into BUF of CAP bytes (CAP > 0).  Cuts what does
 * not fit, never inside a UTF-8 sequence.  Returns the bytes copied.
 */
size_t text_copy(struct text text, char *buf, size_t cap);

/* Reads all of TEXT as an unsigned decimal number.  False when empty, not
 * digits only, or above MAX.
 */
bool text_to_u64(struct text text, uint64_t max, uint64_t *value);

/* The longest prefix of TEXT of at most MAX bytes that does not end inside a
 * UTF-8 sequence.
 */
struct text text_cut(struct text text, size_t max);

/* Is every byte of TEXT part of well-formed UTF-8? */
bool text_is_utf8(struct text text);

/* The last LINES lines of TEXT. */
struct text text_last_lines(struct text text, uint64_t lines);

#endif
