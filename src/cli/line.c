#include "cli/line.h"

/* Reads one character of well-formed UTF-8; what is not comes as U+FFFD. */
static const char *utf8_next(const char *at, uint32_t *c)
{
	const unsigned char *s = (const unsigned char *)at;
	unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc2;

	*c = s[0];
	if (s[0] < 0x80)
		return at + 1;
	*c = more == 0 ? 0xfffd : s[0] & (0x3fu >> more);
	for (unsigned i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*c = 0xfffd;
			return at + i;
		}
		*c = *c << 6 | (s[i] & 0x3f);
	}
	return at + 1 + more;
}

/* Columns of a character.  Near enough without a locale: East Asian and
 * pictographs take two, marks that combine none.
 */
static unsigned width_of(uint32_t c)
{
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff)
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
	    (c >= 0x20000 && c <= 0x3fffd))
		return 2;
	return 1;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

unsigned line_columns(const char *text)
{
	unsigned width = 0;
	uint32_t c;

	while (*text != '\0') {
		text = utf8_next(text, &c);
		if (!is_control(c))
			width += width_of(c);
	}
	return width;
}

void line_text(struct line *line, const char *text, unsigned max)
{
	bool cut;

	if (max > line->room)
		max = line->room;
	cut = line_columns(text) > max;
	if (cut && max == 0)
		return;
	max -= cut;
	while (*text != '\0') {
		const char *from = text;
		uint32_t c;

		text = utf8_next(text, &c);
		if (is_control(c))
			continue;
		if (width_of(c) > max)
			break;
		if (c < 0x80 || (line->look->unicode && c != 0xfffd))
			out_text(&line->out,
				 (struct text){ from, (size_t)(text - from) });
		else
			out_char(&line->out, '?');
		max -= width_of(c);
		line->used += width_of(c);
		line->room -= width_of(c);
	}
	if (cut) {
		out_string(&line->out, line->look->unicode ? "\u2026" : "~");
		line->used++;
		line->room--;
	}
}

void line_gap(struct line *line, unsigned columns)
{
	while (columns-- > 0 && line->room > 0) {
		out_char(&line->out, ' ');
		line->used++;
		line->room--;
	}
}

void line_color(struct line *line, const char *color)
{
	if (line->look->color)
		out_string(&line->out, color);
}
