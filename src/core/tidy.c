#include "core/tidy.h"

/* Bytes of the terminal escape at the front of S: ECMA-48 control sequences
 * (ESC [ … final byte); of anything else the ESC alone.
 */
static size_t escape_len(struct text s)
{
	size_t len = 2;

	if (s.len < 2 || s.at[1] != '[')
		return 1;
	while (len < s.len && s.at[len] >= 0x20 && s.at[len] < 0x40)
		len++;
	return len < s.len && s.at[len] >= 0x40 ? len + 1 : len;
}

/* Bytes of the character of two bytes or more at the front of S, 0 if it is
 * not UTF-8.
 */
static size_t character_len(struct text s)
{
	for (size_t len = 2; len <= 4 && len <= s.len; len++)
		if (text_is_utf8((struct text){ s.at, len }))
			return len;
	return 0;
}

size_t tidy_copy(struct text line, char *buf, size_t cap)
{
	size_t len = 0;
	bool blank = false; /* owed before the next character */

	while (line.len > 0) {
		unsigned char c = (unsigned char)line.at[0];
		struct text shown = { line.at, 1 };
		size_t taken = 1;

		if (c == 0x1b) {
			taken = escape_len(line);
			shown.len = 0;
		} else if (c <= ' ' || c == 0x7f) {
			blank = len > 0;
			shown.len = 0;
		} else if (c >= 0x80) {
			taken = character_len(line);
			shown.len = taken;
			if (taken == 0) {
				shown = text_of("\xef\xbf\xbd");
				taken = 1;
			}
		}
		line.at += taken;
		line.len -= taken;
		if (shown.len == 0)
			continue;
		if (blank + shown.len >= cap - len)
			break;
		if (blank)
			buf[len++] = ' ';
		blank = false;
		memcpy(buf + len, shown.at, shown.len);
		len += shown.len;
	}
	buf[len] = '\0';
	return len;
}
