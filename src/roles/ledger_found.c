#include "roles/ledger_found.h"

#include <errno.h>
#include <stdlib.h>

#include "io/board.h"

#define ROOM_MIN 1024 /* a power of two, as all room is */

static uint32_t *place_of(const struct ledger_found *found, struct text key)
{
	uint32_t mask = 2 * found->room - 1;
	uint32_t at = (uint32_t)board_hash(key.at, key.len) & mask;

	while (found->table[at] != 0 &&
	       !text_is(key, found->keys[found->table[at] - 1]))
		at = (at + 1) & mask;
	return &found->table[at];
}

static int grow(struct ledger_found *found)
{
	uint32_t room = found->room != 0 ? 2 * found->room : ROOM_MIN;
	void *keys = realloc(found->keys, room * sizeof(*found->keys));
	uint32_t *table = calloc(2 * (size_t)room, sizeof(*table));

	if (keys != NULL)
		found->keys = keys;
	if (keys == NULL || table == NULL) {
		free(table);
		return -ENOMEM;
	}
	free(found->table);
	found->table = table;
	found->room = room;
	for (uint32_t i = 0; i < found->count; i++)
		*place_of(found, text_of(found->keys[i])) = i + 1;
	return 0;
}

int ledger_found_add(struct ledger_found *found, struct text key)
{
	uint32_t *place;
	int rc = found->count == found->room ? grow(found) : 0;

	if (rc != 0)
		return rc;
	place = place_of(found, key);
	if (*place != 0)
		return 0;
	text_copy(key, found->keys[found->count++], RECORD_KEY_MAX + 1);
	*place = found->count;
	return 0;
}

void ledger_found_free(struct ledger_found *found)
{
	free(found->keys);
	free(found->table);
	*found = (struct ledger_found){ 0 };
}
