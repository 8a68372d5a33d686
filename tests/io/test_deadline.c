#define _GNU_SOURCE
#include "roles/deadline.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/loop.h"
#include "io/proc.h"
#include "roles/reconcile.h"
#include "tests/core/test.h"

#define PATIENCE_MS 30000
#define SERVICE	    3
#define LEASED	    (BOARD_LEADER_FIRST + 3)
#define GENERATION  5

static struct config config;
static struct heritage heritage;
static struct board_cluster *cluster;
static struct loop loop;
static struct crew crew;
static struct reconcile work;
static struct deadline deadline;
static _Atomic int32_t *grandchildren; /* by slot, on the board */

/* A worker whose work has left its session and heeds no signal but one. */
int worker_main(struct heritage *given, unsigned slot)
{
	pid_t pid;

	given->board->holdings[slot].phase = PHASE_RUNNING;
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		setsid();
		grandchildren[slot] = getpid();
		for (;;)
			pause();
	}
	for (;;)
		pause();
}

/* What the lease role would show. */
static void show(uint64_t generation, int64_t age_ms, bool in, bool over)
{
	struct cluster_lease lease = { .kept = { .generation = generation,
						 .in = in,
						 .over = over,
						 .stamp = clock_lease() } };

	lease.kept.stamp.boot_us -= age_ms * 1000;
	lease.kept.stamp.raw_us -= age_ms * 1000;
	cluster_set_lease(cluster, &lease);
}

static void set_up(void)
{
	static const int signals[] = { SIGCHLD, 0 };
	struct board *board = board_new();

	ck_assert_ptr_nonnull(board);
	heritage = (struct heritage){ .board = board,
				      .config = &config,
				      .guardian_alive = { -1, -1 },
				      .supervisor_alive = { -1, -1 },
				      .cgroup = -1 };
	for (int role = 0; role < ROLE_MAX; role++)
		heritage.bells[role] = bell_open();
	cluster = &board->cluster;
	cluster->present = true;
	/* Long, so that a busy machine changes nothing. */
	cluster->terms = lease_terms_for(60000, 8);
	board->workers = 100;
	/* Any room on the board that nobody else uses here. */
	grandchildren = (_Atomic int32_t *)board->changes;
	ck_assert_int_eq(proc_adopt_orphans(), 0);
	ck_assert_int_eq(loop_open(&loop, signals), 0);
	crew.heritage = &heritage;
	reconcile_init(&work, &heritage, &loop, &crew);
	ck_assert_int_eq(deadline_open(&deadline, &heritage, &loop), 0);
}

static void hold(unsigned slot, uint64_t token, uint64_t generation)
{
	struct holding *holding = &heritage.board->holdings[slot];

	holding->kind = UNIT_SINGLETON;
	holding->wanted = WANTED_RUN;
	holding->generation = generation;
	holding->token = token;
}

static void took(void *arg, pid_t pid, int status)
{
	(void)arg;
	reconcile_took(&work, pid, status);
}

/* A turn of the supervisor. */
static void turn(void)
{
	deadline_step(&deadline, &work);
	proc_reap(took, NULL);
	reconcile_step(&work, false, clock_ms());
	deadline_settle(&deadline, &work);
}

static void turn_until(bool (*is_so)(void))
{
	int64_t end_ms = clock_ms() + PATIENCE_MS;

	while (turn(), !is_so()) {
		ck_assert_int_lt(clock_ms(), end_ms);
		poll(NULL, 0, 5);
	}
}

static bool is_leased_running(void)
{
	return grandchildren[LEASED] != 0;
}

static bool is_service_running(void)
{
	return grandchildren[SERVICE] != 0;
}

static bool is_dead(void)
{
	return cluster->dead == GENERATION;
}

static uint32_t phase(unsigned slot)
{
	return heritage.board->holdings[slot].phase;
}

static void begin_both(void)
{
	set_up();
	show(GENERATION, 0, true, false);
	hold(LEASED, 77, GENERATION);
	hold(SERVICE, BOARD_SERVICE_TOKEN | 1, 0);
	turn_until(is_leased_running);
	turn_until(is_service_running);
}

static void tear_down(void)
{
	ck_assert_int_eq(proc_end_all(PATIENCE_MS, NULL, NULL), 0);
}

static void ck_only_service_lives(void)
{
	ck_assert(!proc_is_alive(grandchildren[LEASED]));
	ck_assert_uint_eq(phase(LEASED), PHASE_LOST);
	ck_assert_uint_eq(cluster->alive, 0);
	ck_assert(proc_is_alive(grandchildren[SERVICE]));
	ck_assert_uint_eq(phase(SERVICE), PHASE_RUNNING);
}

START_TEST(work_that_may_be_alive_is_named_while_its_lease_holds)
{
	begin_both();
	ck_assert_uint_eq(cluster->alive, GENERATION);
	ck_assert_uint_lt(cluster->dead, GENERATION);
	ck_assert(!deadline_is_missed(&deadline));
	tear_down();
}
END_TEST

START_TEST(when_the_lease_runs_out_only_leased_work_dies)
{
	begin_both();
	show(GENERATION, 59600, true, false);
	turn_until(is_dead);
	ck_only_service_lives();
	tear_down();
}
END_TEST

START_TEST(when_the_lease_is_lost_leased_work_dies_at_once)
{
	begin_both();
	show(GENERATION, 0, true, true);
	turn_until(is_dead);
	ck_only_service_lives();
	tear_down();
}
END_TEST

START_TEST(after_a_gap_leased_work_dies_though_the_lease_is_renewed)
{
	begin_both();
	deadline.seen.boot_us -= 11000000;
	turn_until(is_dead);
	ck_only_service_lives();
	tear_down();
}
END_TEST

START_TEST(a_renewal_that_comes_too_late_revives_nothing)
{
	begin_both();
	show(GENERATION, 59600, true, false);
	turn();
	show(GENERATION, 0, true, false);
	turn_until(is_dead);
	ck_only_service_lives();
	hold(LEASED + 1, 78, GENERATION);
	turn();
	ck_assert_uint_eq(phase(LEASED + 1), PHASE_LOST);
	tear_down();
}
END_TEST

START_TEST(what_is_held_under_another_generation_is_not_started)
{
	set_up();
	show(GENERATION, 0, true, false);
	hold(LEASED, 77, GENERATION + 1);
	hold(LEASED + 1, 78, 0);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(phase(LEASED), PHASE_IDLE);
	ck_assert_uint_eq(phase(LEASED + 1), PHASE_IDLE);
	ck_assert_uint_eq(cluster->alive, 0);
	tear_down();
}
END_TEST

START_TEST(what_was_held_under_an_older_generation_is_lost)
{
	set_up();
	show(GENERATION, 0, true, false);
	hold(LEASED, 77, GENERATION - 1);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(phase(LEASED), PHASE_LOST);
	tear_down();
}
END_TEST

START_TEST(a_generation_that_joins_is_not_dead)
{
	set_up();
	show(GENERATION, 99000, false, false);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_lt(cluster->dead, GENERATION);
	tear_down();
}
END_TEST

START_TEST(the_guardian_finds_what_a_supervisor_has_missed)
{
	set_up();
	show(GENERATION, 59999, true, false);
	cluster->alive = GENERATION;
	ck_assert(!deadline_is_missed(&deadline));
	deadline.overdue.since.boot_us -= 1000000;
	ck_assert(deadline_is_missed(&deadline));
	cluster->alive = 0;
	ck_assert(!deadline_is_missed(&deadline));
	tear_down();
}
END_TEST

START_TEST(a_timer_wakes_the_guardian_to_look)
{
	struct pollfd poll_fd = { .events = POLLIN };

	set_up();
	cluster->terms = lease_terms_for(1000, 8);
	show(GENERATION, 900, true, false);
	cluster->alive = GENERATION;
	ck_assert(!deadline_is_missed(&deadline));
	poll_fd.fd = deadline.timer;
	ck_assert_int_eq(poll(&poll_fd, 1, PATIENCE_MS), 1);
	tear_down();
}
END_TEST

TEST_MAIN("deadline", work_that_may_be_alive_is_named_while_its_lease_holds,
	  when_the_lease_runs_out_only_leased_work_dies,
	  when_the_lease_is_lost_leased_work_dies_at_once,
	  after_a_gap_leased_work_dies_though_the_lease_is_renewed,
	  a_renewal_that_comes_too_late_revives_nothing,
	  what_is_held_under_another_generation_is_not_started,
	  what_was_held_under_an_older_generation_is_lost,
	  a_generation_that_joins_is_not_dead,
	  the_guardian_finds_what_a_supervisor_has_missed,
	  a_timer_wakes_the_guardian_to_look)
