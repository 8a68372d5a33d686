/* manager - what the service manager that started us hears of the node.
 *
 * By sd_notify(3): when it is ready, that it lives, what it does, and when a
 * reload or a stop begins and ends.  Never waits; without a manager it does
 * nothing.
 */
#ifndef HOLDFAST_ROLES_MANAGER_H
#define HOLDFAST_ROLES_MANAGER_H

#include "io/board.h"
#include "io/notify_send.h"

#define MANAGER_STATUS_MAX 256

struct manager {
	struct notify_sender sender;
	bool ready;
	bool refused; /* the latest reload */
	int64_t alive_ms;
	int64_t patience_ms;
	char status[MANAGER_STATUS_MAX]; /* as last told */
};

/* Reads the environment and clears it: it is for this process alone. */
void manager_open(struct manager *manager);
/* At every turn, at least as often as manager_deadline() says. */
void manager_turn(struct manager *manager, const struct board *board,
		  int64_t now_ms);
int64_t manager_deadline(const struct manager *manager);
void manager_ready(struct manager *manager);
void manager_reloading(struct manager *manager);
void manager_reloaded(struct manager *manager, bool good);
void manager_stopping(struct manager *manager);

#endif
