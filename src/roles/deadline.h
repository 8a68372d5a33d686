/* deadline - leased work dies in time by the clocks of supervisor and
 * guardian, whatever hangs.
 *
 * Both look at what the lease role last put on the board and at both clocks,
 * at every turn and when a timer says so that counts suspends too.  No disk,
 * no allocation, no lock.  What is a service is not touched by the supervisor;
 * the guardian, who comes after it, can only end all.
 */
#ifndef HOLDFAST_ROLES_DEADLINE_H
#define HOLDFAST_ROLES_DEADLINE_H

#include "core/overdue.h"
#include "roles/heritage.h"

struct loop;
struct reconcile;

struct deadline {
	struct heritage *heritage;
	int timer; /* timerfd, -1 on a node without a cluster */
	bool has_seen;
	struct lease_time seen; /* the turn before */
	uint64_t ended;		/* up to this generation all is to die */
	bool kills;		/* some of it, which was told */
	struct overdue overdue; /* guardian */
};

/* 0 or a negative errno. */
int deadline_open(struct deadline *deadline, struct heritage *heritage,
		  struct loop *loop);

/* Supervisor, first in each turn: kills all leased work if it must. */
void deadline_step(struct deadline *deadline, struct reconcile *work);
/* Supervisor, last in each turn: says which work may be alive, and which
 * generation is dead; sets the timer.
 */
void deadline_settle(struct deadline *deadline, const struct reconcile *work);

/* Guardian, in each turn, while there is a supervisor: has it missed what it
 * had to kill?  Sets the timer.
 */
bool deadline_is_missed(struct deadline *deadline);

/* Guardian, in each turn: puts the machine's watchdog off, if one is used and
 * it may.  Milliseconds until the next turn for it, at most.
 */
int64_t deadline_ping(const struct heritage *heritage);
/* The rest is proven dead: the watchdog need not see to it. */
void deadline_disarm(const struct heritage *heritage);

/* Nothing of ours is left but who calls: says that the generation is dead if
 * it is over, and in any case with FOR_GOOD, when nothing will be started any
 * more.
 */
void deadline_all_dead(const struct heritage *heritage, bool for_good);

#endif
