/* line - a line for a terminal, which knows its columns.
 *
 * What others say is shown without its control characters, and cut to the room
 * there is.
 */
#ifndef HOLDFAST_CLI_LINE_H
#define HOLDFAST_CLI_LINE_H

#include "core/out.h"

struct line_look {
	unsigned width; /* columns there are */
	bool unicode;
	bool color;
};

struct line {
	struct out out;
	const struct line_look *look;
	unsigned used; /* columns */
	unsigned room;
};

/* Columns of TEXT as line_text would show it. */
unsigned line_columns(const char *text);
/* TEXT in at most MAX columns, cut where it must. */
void line_text(struct line *line, const char *text, unsigned max);
void line_gap(struct line *line, unsigned columns);
/* An escape sequence, if colors are wanted. */
void line_color(struct line *line, const char *color);

#endif
