/* crew - the roles below the supervisor: journal, control, http; in a cluster
 * also lease and heartbeat; sweeper when there is something for it to do.
 *
 * Keeps them running: one that ends is started again at once, or after a
 * growing pause when it ends again and again, but never given up.
 */
#ifndef HOLDFAST_ROLES_CREW_H
#define HOLDFAST_ROLES_CREW_H

#include "core/restart.h"
#include "roles/heritage.h"

struct loop;

struct crew_member {
	pid_t pid; /* 0 = not running */
	bool wanted;
	int64_t start_ms; /* when to start it, while it is wanted */
	struct restart restart;
};

struct crew {
	struct heritage *heritage;
	struct loop *loop; /* the supervisor's, to be closed in children */
	struct crew_member members[ROLE_MAX];
};

void crew_init(struct crew *crew, struct heritage *heritage, struct loop *loop);
/* Starts what is wanted, not running, and due. */
void crew_step(struct crew *crew, int64_t now_ms);
/* When crew_step has something to do next. */
int64_t crew_next(const struct crew *crew);
/* A process ended: true if it was one of the crew. */
bool crew_took(struct crew *crew, pid_t pid, int status, int64_t now_ms);
bool crew_has(const struct crew *crew, pid_t pid);

/* Asks the roles FIRST to LAST to end with SIGNAL and starts them no more. */
void crew_dismiss(struct crew *crew, enum role first, enum role last,
		  int signal);
/* Does none of FIRST to LAST run? */
bool crew_is_gone(const struct crew *crew, enum role first, enum role last);

#endif
