/* after - is what a unit starts after ready?  As the board shows it.
 *
 * For what is stopped, disabled or done nobody waits, nor for singletons that
 * have times: they are not to stay up.
 */
#ifndef HOLDFAST_ROLES_AFTER_H
#define HOLDFAST_ROLES_AFTER_H

#include "core/config.h"
#include "io/board.h"

/* Are all that UNIT names in `after` ready, and is nothing left of a unit of
 * its name that was of the other kind?
 */
bool after_is_ready(const struct board *board, const struct config *config,
		    const struct unit *unit);

/* The slot of the service NAME among the holdings, or -1. */
int after_service(const struct board *board, const char *name);
/* The singleton NAME among the board's, or -1. */
int after_single(const struct board *board, const char *name);

#endif
