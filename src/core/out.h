/* out - writes text into a buffer the caller owns.
 *
 * Pure.  Remembers the first overflow, so callers write a straight line and
 * look once, at out_end().  Nothing is ever written past CAP.
 */
#ifndef HOLDFAST_CORE_OUT_H
#define HOLDFAST_CORE_OUT_H

#include "core/text.h"

struct out {
	char *buf;
	size_t cap; /* bytes, room for the terminator included */
	size_t len; /* bytes written */
	bool full;  /* something did not fit */
};

struct out out_init(char *buf, size_t cap);
void out_char(struct out *out, char c);
void out_text(struct out *out, struct text text);
void out_string(struct out *out, const char *string);
void out_u64(struct out *out, uint64_t value);
void out_i64(struct out *out, int64_t value);
/* VALUE in hexadecimal, lower case, at least WIDTH digits. */
void out_hex(struct out *out, uint64_t value, unsigned width);
/* HUNDREDTHS as a decimal number with no needless zeros: 4217 -> 42.17 */
void out_hundredths(struct out *out, int64_t hundredths);
/* TEXT as a JSON string with its quotes.  Bytes that are not UTF-8 come out
 * as U+FFFD, so the result is always valid JSON.
 */
void out_json(struct out *out, struct text text);
/* Milliseconds since 1970 as RFC 3339 in UTC: 2026-11-21T01:02:03.004Z */
void out_time(struct out *out, int64_t unix_ms);
/* The same as a JSON string, 0 as null. */
void out_json_time(struct out *out, int64_t unix_ms);

/* Terminates the text.  0, or -ENOSPC when something did not fit. */
int out_end(struct out *out);

#endif
