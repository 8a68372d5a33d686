/* birth - the first steps of every process after its fork.
 *
 * Signals stay blocked as in the parent until the role opens its own loop, so
 * that one sent early waits instead of killing.
 */
#ifndef HOLDFAST_ROLES_BIRTH_H
#define HOLDFAST_ROLES_BIRTH_H

#include "roles/heritage.h"

struct loop;

/* In a child of the supervisor PARENT: becomes the user IDENTITY (NULL: stays
 * who it is), dies with its parent, answers to NAME, and lets go of what is
 * the supervisor's alone.  Does not return when any of it fails.
 */
void birth_below_supervisor(struct heritage *heritage,
			    struct loop *parents_loop, pid_t parent,
			    const struct identity *identity, const char *name);

/* Shields this process from the out-of-memory killer, where it may. */
void birth_shield(void);
/* Undoes that, for what is forked from a shielded process. */
void birth_unshield(void);

#endif
