/* suggest - which known word did somebody mean?
 *
 * Pure.  The distance counts a letter added, left out or changed and two
 * neighbours swapped as one mistake each.
 */
#ifndef HOLDFAST_CORE_SUGGEST_H
#define HOLDFAST_CORE_SUGGEST_H

#include "core/text.h"

#define SUGGEST_MAX 64 /* bytes; longer words are never near */

/* Mistakes between A and B; SUGGEST_MAX when one is too long to tell. */
size_t suggest_distance(struct text a, struct text b);

/* Keeps the nearest of the words shown to it. */
struct suggest {
	struct text word;
	struct text nearest; /* empty when none is near */
	size_t distance;
};

struct suggest suggest_init(struct text word);
/* KNOWN is borrowed as long as `nearest` is used. */
void suggest_offer(struct suggest *suggest, struct text known);

#endif
