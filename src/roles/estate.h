/* estate - makes and dissolves the heritage.
 *
 * What the guardian owns for as long as the node lives: the lock on STATE,
 * the sockets, the board, bells and links, the tree of control groups.
 */
#ifndef HOLDFAST_ROLES_ESTATE_H
#define HOLDFAST_ROLES_ESTATE_H

#include "roles/heritage.h"

/* 0 or a negative errno; whoever knows the reason has logged it. */
int estate_open(struct heritage *heritage, const struct config *config,
		const char *config_path);
/* Before each fork of a supervisor: a new life, new pipes between the two. */
int estate_renew(struct heritage *heritage);
/* In the guardian after that fork: lets go of the supervisor's ends. */
void estate_handed_over(struct heritage *heritage);
/* Once nothing of the node runs any more. */
void estate_close(struct heritage *heritage);

#endif
