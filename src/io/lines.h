/* lines - cuts a stream of bytes into lines, in bounded memory.
 *
 * A line ends at a line feed or a carriage return, so that every step of a
 * bar drawn on a terminal counts as one.  Of a line longer than
 * LINES_LEN_MAX the front is kept, the rest dropped.
 */
#ifndef HOLDFAST_IO_LINES_H
#define HOLDFAST_IO_LINES_H

#include "core/text.h"

#define LINES_LEN_MAX 2048 /* bytes */

struct lines {
	char part[LINES_LEN_MAX]; /* of a line that has not ended yet */
	size_t len;		  /* bytes */
};

/* LINE comes without its end, is never empty, and lives as long as the call.
 */
typedef void lines_fn(void *arg, struct text line);

void lines_feed(struct lines *lines, struct text data, lines_fn *fn, void *arg);
/* The stream ended: what is left is a line too. */
void lines_end(struct lines *lines, lines_fn *fn, void *arg);

#endif
