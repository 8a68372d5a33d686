/* server_stale - nodes without a word for long, so that what is served of their
 * jobs is said to be old.
 *
 * A word is a datagram that counts, or a change of the slot.  Long is more than
 * two of them should take, and a second.
 */
#ifndef HOLDFAST_ROLES_SERVER_STALE_H
#define HOLDFAST_ROLES_SERVER_STALE_H

#include "core/config.h"
#include "io/board.h"

#define STALE_LOOK_MS 500 /* between two looks */

struct stale_node {
	char name[LEASE_NAME_MAX + 1];
	int64_t word_ms; /* its last one */
};

struct stale {
	int64_t looked_ms;
	unsigned count;
	struct stale_node at[LEASE_SLOTS_MAX];
};

/* Looks at the board if it is time; true when other nodes are stale than
 * before.
 */
bool stale_look(struct stale *stale, const struct board *board,
		const struct config *config, int64_t now_ms);
/* Seconds since the last word of NODE, 0 when it is not stale. */
int64_t stale_s(const struct stale *stale, struct text node, int64_t now_ms);

#endif
