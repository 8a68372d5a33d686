#define _GNU_SOURCE
#include "roles/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/watchdog.h"
#include "roles/reconcile.h"

static struct board_cluster *cluster_of(const struct deadline *deadline)
{
	return &deadline->heritage->board->cluster;
}

static void hear_timer(void *arg, uint32_t events)
{
	uint64_t times;

	(void)events;
	(void)!read(*(const int *)arg, &times, sizeof(times));
}

int deadline_open(struct deadline *deadline, struct heritage *heritage,
		  struct loop *loop)
{
	*deadline = (struct deadline){ .heritage = heritage, .timer = -1 };
	if (!heritage->board->cluster.present)
		return 0;
	deadline->timer =
		timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (deadline->timer == -1)
		return -errno;
	return loop_add(loop, deadline->timer, EPOLLIN, hear_timer,
			&deadline->timer);
}

static void set_timer(const struct deadline *deadline, int64_t us)
{
	struct itimerspec at = { 0 };

	if (us <= 0)
		us = 1;
	at.it_value.tv_sec = us / 1000000;
	at.it_value.tv_nsec = us % 1000000 * 1000;
	(void)timerfd_settime(deadline->timer, 0, &at, NULL);
}

/* ---- the supervisor's ---- */

/* A generation is over for us as soon as we have seen it so: no later word of
 * the lease role brings it back.
 */
static void end_generation(struct deadline *deadline, uint64_t generation,
			   const char *why)
{
	if (deadline->ended >= generation)
		return;
	deadline->ended = generation;
	deadline->kills = atomic_load(&cluster_of(deadline)->alive) != 0;
	if (deadline->kills)
		log_err(0,
			"deadline: killing all leased work generation=%" PRIu64
			": %s",
			generation, why);
}

static void judge(struct deadline *deadline, const struct lease_kept *kept,
		  const struct lease_time *now)
{
	const struct lease_terms *terms = &cluster_of(deadline)->terms;

	if (kept->in && deadline->has_seen &&
	    overdue_is_gap(terms, &deadline->seen, now))
		end_generation(deadline, kept->generation,
			       "we were stopped, or a clock jumped");
	else if (overdue_is_over(kept, terms, now))
		end_generation(deadline, kept->generation,
			       kept->over ? "the lease is lost or given back"
					  : "the lease ran out");
	else if (kept->generation > 0 &&
		 atomic_load(&cluster_of(deadline)->ended) == kept->generation)
		end_generation(deadline, kept->generation,
			       "the others have counted it dead");
	/* What runs is of the generation before: none of it may. */
	if (kept->generation > 0)
		end_generation(deadline, kept->generation - 1,
			       "a new generation has begun");
}

void deadline_step(struct deadline *deadline, struct reconcile *work)
{
	struct board_cluster *cluster = cluster_of(deadline);
	struct lease_time now = clock_lease();
	struct cluster_lease lease;
	uint64_t alive = atomic_load(&cluster->alive);

	if (!cluster->present)
		return;
	if (cluster_lease(cluster, &lease))
		judge(deadline, &lease.kept, &now);
	deadline->seen = now;
	deadline->has_seen = true;
	work->ended = deadline->ended;
	if (alive != 0 && alive <= deadline->ended)
		reconcile_kill_leased(work);
}

static void tell_dead(const struct heritage *heritage, uint64_t generation)
{
	struct board_cluster *cluster = &heritage->board->cluster;

	if (atomic_load(&cluster->dead) >= generation)
		return;
	atomic_store(&cluster->dead, generation);
	bell_ring(heritage->bells[ROLE_LEASE]);
	bell_ring(heritage->bells[ROLE_JOURNAL]);
}

void deadline_settle(struct deadline *deadline, const struct reconcile *work)
{
	struct board_cluster *cluster = cluster_of(deadline);
	const struct lease_terms *terms = &cluster->terms;
	int64_t us = lease_length_us(terms) / 3;
	struct lease_time now = clock_lease();
	struct cluster_lease lease;
	int64_t left_us;

	if (!cluster->present)
		return;
	atomic_store(&cluster->alive, work->leased);
	if (work->leased == 0 && deadline->ended != 0)
		tell_dead(deadline->heritage, deadline->ended);
	if (work->leased == 0 && deadline->kills) {
		deadline->kills = false;
		log_info(
			"deadline: all leased work is dead generation=%" PRIu64,
			deadline->ended);
	}
	if (cluster_lease(cluster, &lease) && lease.kept.in &&
	    deadline->ended < lease.kept.generation) {
		left_us = lease_stop_us(terms, 0) -
			  lease_elapsed_max(&lease.kept.stamp, &now);
		if (left_us < us)
			us = left_us;
	}
	set_timer(deadline, us);
	/* How long a turn takes is no gap. */
	deadline->seen = now;
}

/* ---- the guardian's ---- */

/* When the lease was stamped under which work is alive, or may be soon.  A
 * generation that is no more shown was over long ago.
 */
static bool find_stamp(const struct board_cluster *cluster, uint64_t alive,
		       struct lease_time *stamp)
{
	struct cluster_lease lease;

	*stamp = (struct lease_time){ 0 };
	if (!cluster_lease(cluster, &lease))
		return false;
	if (alive == 0 || lease.kept.generation == alive)
		*stamp = lease.kept.stamp;
	return lease.kept.in;
}

/* Has it begun a turn, or killed something, lately? */
static bool is_awake(const struct board *board)
{
	return clock_ms() - atomic_load(&board->supervisor_beat_ms) <
	       board->cluster.terms.kill_ms / 2;
}

bool deadline_is_missed(struct deadline *deadline)
{
	struct board_cluster *cluster = cluster_of(deadline);
	const struct lease_terms *terms = &cluster->terms;
	uint64_t alive = atomic_load(&cluster->alive);
	int64_t us = lease_renewal_us(terms);
	struct lease_time now = clock_lease();
	struct lease_time stamp;
	bool missed = false;

	if (!cluster->present)
		return false;
	if (find_stamp(cluster, alive, &stamp) || alive != 0) {
		missed =
			overdue_look(&deadline->overdue, terms, &stamp,
				     is_awake(deadline->heritage->board), &now);
		if (alive == 0 && deadline->overdue.wonders) {
			deadline->overdue.wonders = false;
			missed = false;
		} else {
			us = overdue_next_us(&deadline->overdue, terms, &stamp,
					     &now);
		}
	}
	set_timer(deadline, us);
	return missed;
}

int64_t deadline_ping(const struct heritage *heritage)
{
	const struct board_cluster *cluster = &heritage->board->cluster;
	const struct lease_terms *terms = &cluster->terms;
	struct cluster_lease lease = { 0 };
	struct lease_time now = clock_lease();
	int64_t timeout_us = overdue_watchdog_s(terms) * INT64_C(1000000);

	if (heritage->watchdog == -1)
		return INT64_MAX / 2;
	(void)cluster_lease(cluster, &lease);
	/* It is soon to work: at once when all work is dead after all. */
	if (!overdue_may_ping(&lease.kept, atomic_load(&cluster->alive) != 0,
			      terms, timeout_us, &now))
		return lease_renewal_us(terms) / 20000;
	watchdog_ping(heritage->watchdog);
	/* Twice between two renewals, since a ping counts from the last. */
	return lease_renewal_us(terms) / 2000;
}

void deadline_disarm(const struct heritage *heritage)
{
	if (heritage->watchdog != -1)
		watchdog_disarm(heritage->watchdog);
}

void deadline_all_dead(const struct heritage *heritage, bool for_good)
{
	struct board_cluster *cluster = &heritage->board->cluster;
	struct lease_time now = clock_lease();
	struct cluster_lease lease;

	if (!cluster->present)
		return;
	atomic_store(&cluster->alive, 0);
	if (cluster_lease(cluster, &lease) && lease.kept.generation != 0 &&
	    (for_good || overdue_is_over(&lease.kept, &cluster->terms, &now)))
		tell_dead(heritage, lease.kept.generation);
}
