#include "core/text.h"

size_t text_copy(struct text text, char *buf, size_t cap)
{
	struct text cut = text_cut(text, cap - 1);

	if (cut.len > 0)
		memcpy(buf, cut.at, cut.len);
	buf[cut.len] = '\0';
	return cut.len;
}

bool text_to_u64(struct text text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';

		if (digit > 9 || sum > (max - digit) / 10 || digit > max)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

struct text text_cut(struct text text, size_t max)
{
	if (text.len <= max)
		return text;
	text.len = max;
	while (text.len > 0 &&
	       ((unsigned char)text.at[text.len] & 0xc0) == 0x80)
		text.len--;
	return text;
}

/* Bytes of the well-formed sequence at S with LEFT bytes to go, 0 if none.
 * Source: table 3-7 of the Unicode standard.
 */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	unsigned low = 0x80;
	unsigned high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool text_is_utf8(struct text text)
{
	const unsigned char *s = (const unsigned char *)text.at;
	size_t at = 0;

	while (at < text.len) {
		size_t len = utf8_sequence(s + at, text.len - at);

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

struct text text_last_lines(struct text text, uint64_t lines)
{
	size_t from = text.len;

	if (lines == 0)
		return (struct text){ text.at, 0 };
	/* The feed that ends the last one begins no other. */
	if (from > 0 && text.at[from - 1] == '\n')
		from--;
	while (from > 0) {
		if (text.at[from - 1] == '\n' && --lines == 0)
			break;
		from--;
	}
	return (struct text){ text.at + from, text.len - from };
}
