/* ledger_found - keys that were found, each once, in the order in which they
 * were: 100,000 as fast as a few.
 */
#ifndef HOLDFAST_ROLES_LEDGER_FOUND_H
#define HOLDFAST_ROLES_LEDGER_FOUND_H

#include "core/record.h"

/* All 0 = empty. */
struct ledger_found {
	char (*keys)[RECORD_KEY_MAX + 1];
	uint32_t count;
	uint32_t room;
	/* Twice as many places as there is room for keys: one more than the
	 * index of a key, 0 = free. */
	uint32_t *table;
};

/* KEY was found, perhaps again; 0 or -ENOMEM. */
int ledger_found_add(struct ledger_found *found, struct text key);
void ledger_found_free(struct ledger_found *found);

#endif
