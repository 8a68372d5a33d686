/* lease - the role that renews this node's lease and watches the others'.
 *
 * The one process that touches the lease file, and may hang with it: the
 * deadline is the supervisor's and the guardian's to watch (LEASE T13).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "io/urgent.h"
#include "roles/lease_role.h"
#include "roles/news.h"

#define RETRY_MS 1000
#define LOOK_US	 50000 /* while work is being proven dead */

/* ---- reading and writing ---- */

static void look(struct lease_role *role, uint32_t slots)
{
	struct board_cluster *cluster = role->cluster;
	struct lease *lease = &role->lease;
	struct lease_look look = { .submitted = clock_lease() };
	int rc = leasefile_read(&role->file, slots);

	look.returned = clock_lease();
	atomic_fetch_add(&cluster->reads, 1);
	if (rc == 0) {
		atomic_fetch_add(&cluster->looks, 1);
		atomic_fetch_add(&cluster->read_bytes,
				 (uint64_t)slots * 2 * LEASE_STRIDE);
		for (uint32_t i = 0; i < slots; i++)
			lease_took(lease, i, leasefile_block(&role->file, i, 0),
				   leasefile_block(&role->file, i, 1), &look);
	}
	lease_read_done(lease, &look, rc);
	lease_role_trouble(role, rc);
	if (rc == 0)
		lease_role_show_peers(role);
}

static void put(struct lease_role *role, bool tomb)
{
	struct lease *lease = &role->lease;
	uint8_t bytes[LEASE_RECORD];
	struct lease_time now = clock_lease();
	unsigned block = lease_block_of(lease->setup.number);
	int rc;

	if (lease->phase != LEASE_PHASE_OUT &&
	    leasefile_is_replaced(&role->file, role->heritage->config->shared,
				  lease->setup.slot, block)) {
		lease_replaced(lease);
		return;
	}
	lease_compose(lease, &now, bytes);
	lease_role_show(role); /* before it can be seen by others */
	rc = leasefile_write(&role->file, lease->setup.slot,
			     tomb ? block ^ 1 : block, bytes);
	now = clock_lease();
	atomic_fetch_add(&role->cluster->writes, 1);
	lease_written(lease, &now, rc);
	lease_role_trouble(role, rc);
}

/* ---- waiting ---- */

static void hear_bell(void *arg, uint32_t events)
{
	(void)events;
	bell_clear(*(const int *)arg);
}

static void hear_timer(void *arg, uint32_t events)
{
	uint64_t times;

	(void)events;
	(void)!read(*(const int *)arg, &times, sizeof(times));
}

/* By the clock that counts suspends, so that it is not late after one. */
static void wait_us(struct lease_role *role, int64_t us)
{
	struct itimerspec at = { 0 };

	if (us <= 0)
		us = 1;
	at.it_value.tv_sec = us / 1000000;
	at.it_value.tv_nsec = us % 1000000 * 1000;
	(void)timerfd_settime(role->timer, 0, &at, NULL);
	loop_wait(&role->loop, LOOP_NO_DEADLINE);
}

/* ---- the end of a start ---- */

static bool is_leaving(const struct lease_role *role)
{
	return atomic_load(&role->cluster->leaving) != 0;
}

/* One that could not come in holds up whoever wants to lead while it tries: it
 * tries ever more seldom.
 */
static int64_t pause_ms(struct lease_role *role)
{
	if (role->lease.kept.in) {
		role->failed = 0;
		return 0;
	}
	if (role->failed < LEASE_ROLE_PATIENCE)
		role->failed++;
	return INT64_C(1) * RETRY_MS << (role->failed - 1);
}

static void stop_running(struct lease_role *role, int64_t pause_ms)
{
	role->running = false;
	role->retry_ms = clock_ms() + pause_ms;
	if (is_leaving(role))
		role->left = true;
}

/* A write failed and may land at any time: goes on under another number,
 * unless that would be the third within a lease.
 */
static bool goes_on(const struct lease_role *role)
{
	const struct lease *lease = &role->lease;
	struct lease_time now = clock_lease();

	return lease->reason == LEASE_REASON_DOUBT && !lease->kept.over &&
	       !is_leaving(role) &&
	       lease_may_start(&lease->setup.terms, &role->began, &now);
}

/* What never came to be in is told once for each reason. */
static void tell_lost(struct lease_role *role)
{
	const struct lease *lease = &role->lease;
	const char *why = lease->reason == LEASE_REASON_RELEASED
				  ? "all its work was killed, it is given back"
				  : lease_reason_name(lease->reason);

	atomic_fetch_add(&role->cluster->lost, 1);
	if (!lease->kept.in && lease->reason == role->lost_for)
		return;
	role->lost_for = lease->kept.in ? LEASE_REASON_NONE : lease->reason;
	log_err(0, "lease: lost generation=%" PRIu64 ": %s",
		lease->kept.generation, why);
	events_add(role->heritage->board, EVENT_LEASE_LOST, lease->setup.name,
		   "%s", why);
}

static void tell_end(struct lease_role *role)
{
	struct lease *lease = &role->lease;

	role->ending = true;
	lease->kept.over = true;
	lease->kept.standing = LEASE_FOLLOWS;
	atomic_store(&role->cluster->reason, lease->reason);
	if (lease->reason != LEASE_REASON_RELEASED ||
	    (lease->kept.in && !is_leaving(role))) {
		tell_lost(role);
	} else {
		log_info("lease: released generation=%" PRIu64,
			 lease->kept.generation);
		events_add(role->heritage->board, EVENT_LEASE_RELEASED,
			   lease->setup.name, "in order");
	}
	lease_role_show(role);
	news_tell(role->heritage);
}

/* The generation is over: first all its work is to be proven dead, then it is
 * given back where that may be done (O7, K6).
 */
static void end(struct lease_role *role)
{
	struct lease *lease = &role->lease;

	if (goes_on(role)) {
		log_warn(0, "lease: a write failed, goes on with another "
			    "number");
		stop_running(role, 0);
		return;
	}
	if (!role->ending)
		tell_end(role);
	if (lease->reason == LEASE_REASON_RELEASED) {
		atomic_store(&role->cluster->reason, lease->reason);
		stop_running(role, pause_ms(role));
		return;
	}
	if (lease->kept.in &&
	    atomic_load(&role->cluster->dead) < lease->kept.generation) {
		wait_us(role, LOOK_US);
		return;
	}
	if (!role->gave_back) {
		role->gave_back = true;
		lease_release(lease);
		if (lease->releasing)
			return;
	}
	stop_running(role, RETRY_MS);
}

/* ---- the loop ---- */

static void step(struct lease_role *role)
{
	struct lease_time now;
	struct lease_act act;

	lease_role_take(role);
	now = clock_lease();
	act = lease_next(&role->lease, &now);
	lease_role_show(role);
	switch (act.what) {
	case LEASE_READ:
		look(role, act.slots);
		break;
	case LEASE_WRITE:
	case LEASE_BURY:
		put(role, act.what == LEASE_BURY);
		break;
	case LEASE_WAIT:
		wait_us(role, act.wait_us);
		return;
	case LEASE_STOP:
		end(role);
		break;
	}
	if (role->running)
		lease_role_show(role);
}

static void begin(struct lease_role *role)
{
	int64_t left_ms = role->retry_ms - clock_ms();
	int rc;

	if (left_ms > 0 && !is_leaving(role)) {
		wait_us(role, left_ms * 1000);
		return;
	}
	rc = lease_role_begin(role);
	if (rc == 0) {
		role->told = 0;
		lease_role_trouble(role, 0);
		return;
	}
	if (is_leaving(role)) {
		role->left = true;
		return;
	}
	if (rc != -EBUSY) {
		lease_role_trouble(role, rc);
		role->told = rc;
	}
	role->retry_ms =
		clock_ms() + (rc == -EBUSY ? LOOK_US / 1000 : RETRY_MS);
}

static int open_role(struct lease_role *role)
{
	static const int signals[] = { SIGTERM, 0 };
	int *bell = &role->heritage->bells[ROLE_LEASE];
	int rc;

	role->file.fd = -1;
	role->timer =
		timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (role->timer == -1)
		return -errno;
	rc = loop_open(&role->loop, signals);
	if (rc == 0)
		rc = loop_add(&role->loop, *bell, EPOLLIN, hear_bell, bell);
	if (rc == 0)
		rc = loop_add(&role->loop, role->timer, EPOLLIN, hear_timer,
			      &role->timer);
	lease_role_find_boot(role);
	role->hint = atomic_load(&role->cluster->hint);
	(void)cluster_lease(role->cluster, &role->shown);
	return rc;
}

int lease_main(struct heritage *heritage)
{
	static struct lease_role role;
	struct board_role *self = &heritage->board->roles[ROLE_LEASE];
	int rc;

	role.heritage = heritage;
	role.cluster = &heritage->board->cluster;
	urgent_lock();
	rc = open_role(&role);
	if (rc != 0) {
		log_err(rc, "lease: cannot start");
		return EXIT_FAILURE;
	}
	while (!role.left && !loop_took(&role.loop, SIGTERM)) {
		atomic_store(&self->beat_ms, clock_ms());
		if (role.running)
			step(&role);
		else
			begin(&role);
	}
	return role.left ? EXIT_SUCCESS : EXIT_FAILURE;
}
