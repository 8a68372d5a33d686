/* overdue - when leased work must be dead, for those who watch over it.
 *
 * Pure.  What a node holds is good until its stamp + L, by the faster of two
 * clocks.  Two processes see to it that all is dead by then, each by its own
 * look at the clocks, whatever became of the others (T2, T13).  K = the time
 * from SIGKILL to reaped:
 *
 *   stamp            L-K          L-3K/4       L-K/2       L-K/4       L
 *   |----------------|------------|------------|-----------|-----------|
 *                    supervisor   guardian     kills all,  or if it    dead
 *                    kills it     wonders      asleep      is awake
 *
 * The guardian wonders for K/4 before it acts, so that after a stop of the
 * whole node the supervisor, waking with it, comes first; and for as long
 * again while the supervisor shows that it is at it.
 */
#ifndef HOLDFAST_CORE_OVERDUE_H
#define HOLDFAST_CORE_OVERDUE_H

#include "core/lease.h"

/* Is what is KEPT over, so that none of its work may be alive?  What has not
 * come to be in is not, nor does it allow any.
 */
bool overdue_is_over(const struct lease_kept *kept,
		     const struct lease_terms *terms,
		     const struct lease_time *now);

/* Was the process stopped between two turns for so long that nothing it knew
 * of the lease holds, or did one clock run away from the other?  Then it kills
 * first (S26).
 */
bool overdue_is_gap(const struct lease_terms *terms,
		    const struct lease_time *before,
		    const struct lease_time *now);

/* The guardian's watch.  Zeroed: nothing is alive. */
struct overdue {
	bool wonders;
	struct lease_time since;
};

/* Work is alive under a lease stamped at STAMP.  Must it be killed, since the
 * supervisor, which is AWAKE or not, did not?
 */
bool overdue_look(struct overdue *overdue, const struct lease_terms *terms,
		  const struct lease_time *stamp, bool awake,
		  const struct lease_time *now);
/* May the machine's watchdog be put off for TIMEOUT_US?  Never beyond the end
 * of the lease under which work is, or may soon be, alive (K4).
 */
bool overdue_may_ping(const struct lease_kept *kept, bool alive,
		      const struct lease_terms *terms, int64_t timeout_us,
		      const struct lease_time *now);
/* Seconds after a ping in which that works: at most L - r; 0 for a lease too
 * short.
 */
int overdue_watchdog_s(const struct lease_terms *terms);

/* Microseconds until the next look. */
int64_t overdue_next_us(const struct overdue *overdue,
			const struct lease_terms *terms,
			const struct lease_time *stamp,
			const struct lease_time *now);

#endif
