/* birth - the first steps of every process after its fork.
 *
 * Signals stay blocked as in the parent until the role opens its own loop, so
 * that one sent early waits instead of killing.
 */
#ifndef HOLDFAST_ROLES_BIRTH_H
#define HOLDFAST_ROLES_BIRTH_H

#include "roles/heritage.h"

struct loop;

struct birth {
	struct heritage *heritage;
	struct loop *parents_loop;
	pid_t parent;
	const struct identity *identity; /* NULL: stays who it is */
	const char *name;
	int death_signal; /* comes when the parent dies */
	bool urgent;	  /* stays before others, as its parent */
};

/* In a child of the supervisor: takes on its identity, its tie to the parent
 * and its name, and lets go of what is the supervisor's alone.  Does not
 * return when any of it fails.
 */
void birth_below_supervisor(const struct birth *birth);

/* Shields this process from the out-of-memory killer, where it may. */
void birth_shield(void);
/* Undoes that, for what is forked from a shielded process. */
void birth_unshield(void);

#endif
