#include "io/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/core/test.h"

static struct loop loop;
static const int signals[] = { SIGUSR1, SIGCHLD, 0 };

static void open_loop(void)
{
	ck_assert_int_eq(loop_open(&loop, signals), 0);
}

struct counter {
	int fd;
	int calls;
	int other; /* removed when this one is called, unless -1 */
};

static void count(void *arg, uint32_t events)
{
	struct counter *counter = arg;

	ck_assert(events & EPOLLIN);
	counter->calls++;
	if (counter->other != -1)
		loop_remove(&loop, counter->other);
}

START_TEST(a_deadline_in_the_past_does_not_wait)
{
	int64_t began_ms = clock_ms();

	open_loop();
	loop_wait(&loop, began_ms - 5);
	loop_wait(&loop, began_ms);
	ck_assert_int_lt(clock_ms() - began_ms, 5000);
}
END_TEST

START_TEST(a_deadline_is_waited_for)
{
	int64_t deadline_ms = clock_ms() + 20;

	open_loop();
	while (clock_ms() < deadline_ms)
		loop_wait(&loop, deadline_ms);
	ck_assert_int_ge(clock_ms(), deadline_ms);
}
END_TEST

START_TEST(a_signal_ends_the_wait_and_is_taken_once)
{
	open_loop();
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	ck_assert(!loop_took(&loop, SIGCHLD));
	ck_assert(loop_took(&loop, SIGUSR1));
	ck_assert(!loop_took(&loop, SIGUSR1));
}
END_TEST

START_TEST(a_real_time_signal_is_told_apart)
{
	int rt[] = { 0, SIGUSR1, 0 };

	rt[0] = SIGRTMIN + 3;
	ck_assert_int_eq(loop_open(&loop, rt), 0);
	ck_assert_int_eq(kill(getpid(), SIGRTMIN + 3), 0);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	ck_assert(loop_took(&loop, SIGRTMIN + 3));
	ck_assert(!loop_took(&loop, SIGUSR1));
}
END_TEST

START_TEST(a_bell_calls_its_function_until_it_is_cleared)
{
	struct counter bell = { bell_open(), 0, -1 };

	open_loop();
	ck_assert_int_eq(loop_add(&loop, bell.fd, EPOLLIN, count, &bell), 0);
	loop_wait(&loop, clock_ms());
	ck_assert_int_eq(bell.calls, 0);
	bell_ring(bell.fd);
	bell_ring(bell.fd);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	ck_assert_int_eq(bell.calls, 2);
	bell_clear(bell.fd);
	loop_wait(&loop, clock_ms());
	ck_assert_int_eq(bell.calls, 2);
}
END_TEST

START_TEST(what_is_removed_in_a_turn_is_not_called_in_it)
{
	struct counter one = { bell_open(), 0, -1 };
	struct counter two = { bell_open(), 0, one.fd };

	one.other = two.fd;
	open_loop();
	ck_assert_int_eq(loop_add(&loop, one.fd, EPOLLIN, count, &one), 0);
	ck_assert_int_eq(loop_add(&loop, two.fd, EPOLLIN, count, &two), 0);
	bell_ring(one.fd);
	bell_ring(two.fd);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	ck_assert_int_eq(one.calls + two.calls, 1);
}
END_TEST

START_TEST(a_place_is_used_again_after_removal)
{
	struct counter bell = { bell_open(), 0, -1 };

	open_loop();
	for (int i = 0; i < 3 * LOOP_FDS_MAX; i++) {
		ck_assert_int_eq(
			loop_add(&loop, bell.fd, EPOLLIN, count, &bell), 0);
		loop_remove(&loop, bell.fd);
	}
	ck_assert_int_eq(loop.watches_count, 1);
}
END_TEST

START_TEST(a_change_of_events_is_heeded)
{
	struct counter bell = { bell_open(), 0, -1 };

	open_loop();
	ck_assert_int_eq(loop_add(&loop, bell.fd, 0, count, &bell), 0);
	bell_ring(bell.fd);
	loop_wait(&loop, clock_ms());
	ck_assert_int_eq(bell.calls, 0);
	ck_assert_int_eq(loop_change(&loop, bell.fd, EPOLLIN), 0);
	loop_wait(&loop, LOOP_NO_DEADLINE);
	ck_assert_int_eq(bell.calls, 1);
	ck_assert_int_eq(loop_change(&loop, bell.fd + 1, EPOLLIN), -ENOENT);
}
END_TEST

START_TEST(a_full_bell_still_rings)
{
	int bell = bell_open();
	uint64_t most = UINT64_MAX - 1;

	ck_assert_int_eq(write(bell, &most, sizeof(most)), sizeof(most));
	bell_ring(bell);
	bell_clear(bell);
	bell_clear(bell);
}
END_TEST

TEST_MAIN("loop", a_deadline_in_the_past_does_not_wait,
	  a_deadline_is_waited_for, a_signal_ends_the_wait_and_is_taken_once,
	  a_real_time_signal_is_told_apart,
	  a_bell_calls_its_function_until_it_is_cleared,
	  what_is_removed_in_a_turn_is_not_called_in_it,
	  a_place_is_used_again_after_removal, a_change_of_events_is_heeded,
	  a_full_bell_still_rings)
