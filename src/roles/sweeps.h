/* sweeps - what the journal role has the sweeper do.
 *
 * Files are removed by a process of its own: that takes as long as the storage
 * likes, and the journal role has a lease to keep.  An order is a hint, given
 * once what it follows from is durable; one that is lost costs the storage
 * room until all directories are looked at again, which who leads has done
 * soon after it began, and every hour.
 */
#ifndef HOLDFAST_ROLES_SWEEPS_H
#define HOLDFAST_ROLES_SWEEPS_H

#include "core/job.h"
#include "roles/heritage.h"

/* From the journal role, or a worker, to the sweeper, in one packet. */
struct sweep_order {
	char id[JOB_ID_LEN + 1]; /* empty: look at all there is */
	uint64_t below;		 /* see struct ledger_ops */
	int64_t since_ms; /* of all: what ended before was seen to, by the wall
			     clock */
};

struct sweeps {
	struct heritage *heritage;
	int64_t next_ms;  /* when all is looked at next, 0 = we do not lead */
	int64_t began_ms; /* the latest such look, by the wall clock */
	unsigned looks;	  /* since we lead */
	bool missed;	  /* an order could not be given */
};

/* Gives one order.  False: the sweeper has as many as it can hold. */
bool sweeps_order(const struct heritage *heritage,
		  const struct sweep_order *order);

/* Files of job ID may go; NULL: of several jobs. */
void sweeps_tell(struct sweeps *sweeps, const char *id, uint64_t below);
/* Has all looked at when it is time.  LEADS: this node leads. */
void sweeps_turn(struct sweeps *sweeps, bool leads);

#endif
