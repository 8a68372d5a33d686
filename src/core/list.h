/* list - strings one behind the other in a text, each of them terminated.
 *
 * Pure.  How lists of names and tags are stored and sent.
 */
#ifndef HOLDFAST_CORE_LIST_H
#define HOLDFAST_CORE_LIST_H

#include "core/config.h"
#include "core/text.h"

/* The list of STRINGS, in BUF of CAP bytes; 0 or -ENOSPC. */
int list_of(struct text *list, const struct strings *strings, char *buf,
	    size_t cap);
/* Is it one: empty, or terminated at its end? */
bool list_is(struct text text);
/* Takes the first of LIST off; false at its end. */
bool list_next(struct text *list, struct text *item);
/* At which place in LIST, counted from 0, ITEM is; -1 = nowhere. */
int list_find(struct text list, struct text item);

#endif
