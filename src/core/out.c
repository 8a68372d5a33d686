#include "core/out.h"

#include <errno.h>

struct out out_init(char *buf, size_t cap)
{
	return (struct out){ .buf = buf, .cap = cap };
}

void out_char(struct out *out, char c)
{
	out_text(out, (struct text){ &c, 1 });
}

void out_text(struct out *out, struct text text)
{
	if (out->full || text.len >= out->cap - out->len) {
		out->full = true;
		return;
	}
	if (text.len > 0)
		memcpy(out->buf + out->len, text.at, text.len);
	out->len += text.len;
}

void out_string(struct out *out, const char *string)
{
	out_text(out, text_of(string));
}

void out_u64(struct out *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	out_text(out, (struct text){ digits + at, sizeof(digits) - at });
}

void out_i64(struct out *out, int64_t value)
{
	if (value < 0)
		out_char(out, '-');
	out_u64(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void out_hex(struct out *out, uint64_t value, unsigned width)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (at > 0 && (value > 0 || sizeof(digits) - at < width));
	out_text(out, (struct text){ digits + at, sizeof(digits) - at });
}

void out_hundredths(struct out *out, int64_t hundredths)
{
	uint64_t size =
		hundredths < 0 ? -(uint64_t)hundredths : (uint64_t)hundredths;

	if (hundredths < 0)
		out_char(out, '-');
	out_u64(out, size / 100);
	if (size % 100 == 0)
		return;
	out_char(out, '.');
	out_char(out, (char)('0' + size % 100 / 10));
	if (size % 10 != 0)
		out_char(out, (char)('0' + size % 10));
}

static void out_json_byte(struct out *out, unsigned char c)
{
	switch (c) {
	case '"':
		out_string(out, "\\\"");
		break;
	case '\\':
		out_string(out, "\\\\");
		break;
	case '\n':
		out_string(out, "\\n");
		break;
	case '\t':
		out_string(out, "\\t");
		break;
	case '\r':
		out_string(out, "\\r");
		break;
	default:
		out_string(out, "\\u");
		out_hex(out, c, 4);
	}
}

/* Length of the run at the front of S that needs no escape. */
static size_t json_plain(struct text s)
{
	size_t len = 0;

	while (len < s.len) {
		unsigned char c = (unsigned char)s.at[len];

		if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f)
			break;
		len++;
	}
	return len;
}

void out_json(struct out *out, struct text s)
{
	out_char(out, '"');
	while (s.len > 0) {
		size_t len = json_plain(s);
		unsigned char c;

		if (len == 0) {
			c = (unsigned char)s.at[0];
			len = 1;
			if (c < 0x80) {
				out_json_byte(out, c);
			} else {
				while (len < 4 && len < s.len &&
				       ((unsigned char)s.at[len] & 0xc0) ==
					       0x80)
					len++;
				while (len > 1 && !text_is_utf8((struct text){
							  s.at, len }))
					len--;
				if (len > 1)
					out_text(out,
						 (struct text){ s.at, len });
				else
					out_string(out, "\\ufffd");
			}
		} else {
			out_text(out, (struct text){ s.at, len });
		}
		s.at += len;
		s.len -= len;
	}
	out_char(out, '"');
}

static void out_padded(struct out *out, uint64_t value, uint64_t least)
{
	for (; least > 1 && value < least; least /= 10)
		out_char(out, '0');
	out_u64(out, value);
}

/* Source: Howard Hinnant, "chrono-compatible low-level date algorithms",
 * civil_from_days: days are counted in eras of 400 years from 1 March 0000.
 */
static void out_date(struct out *out, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	uint64_t doe = (uint64_t)(z - era * 146097);
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;
	uint64_t day = doy - (153 * mp + 2) / 5 + 1;
	uint64_t month = mp < 10 ? mp + 3 : mp - 9;

	out_padded(out, yoe + (uint64_t)(era * 400) + (month <= 2), 1000);
	out_char(out, '-');
	out_padded(out, month, 10);
	out_char(out, '-');
	out_padded(out, day, 10);
}

void out_time(struct out *out, int64_t unix_ms)
{
	int64_t days = unix_ms / 86400000;
	int64_t rest = unix_ms % 86400000;
	uint64_t ms;

	if (rest < 0) {
		rest += 86400000;
		days--;
	}
	ms = (uint64_t)rest;
	out_date(out, days);
	out_char(out, 'T');
	out_padded(out, ms / 3600000, 10);
	out_char(out, ':');
	out_padded(out, ms / 60000 % 60, 10);
	out_char(out, ':');
	out_padded(out, ms / 1000 % 60, 10);
	out_char(out, '.');
	out_padded(out, ms % 1000, 100);
	out_char(out, 'Z');
}

void out_json_time(struct out *out, int64_t unix_ms)
{
	if (unix_ms == 0) {
		out_string(out, "null");
		return;
	}
	out_char(out, '"');
	out_time(out, unix_ms);
	out_char(out, '"');
}

int out_end(struct out *out)
{
	out->buf[out->len] = '\0';
	return out->full ? -ENOSPC : 0;
}
