#define _GNU_SOURCE
#include "io/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/core/test.h"

#define LIFE_S 60 /* of what a test that failed leaves behind */

static void wait_long(void)
{
	sleep(LIFE_S);
	_exit(0);
}

/* Forks a process that does nothing until it is killed. */
static pid_t fork_sleeper(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		wait_long();
	return pid;
}

/* Forks a process that leaves GENERATIONS behind, each in a session of its
 * own, and waits until the last one runs.  Returns the last one's pid.
 */
static pid_t fork_escaping(int generations)
{
	int ends[2];
	pid_t last = 0;
	pid_t first;

	ck_assert_int_eq(pipe(ends), 0);
	first = fork();
	ck_assert_int_ge(first, 0);
	if (first == 0) {
		for (int i = 0; i < generations; i++) {
			if (fork() != 0)
				_exit(0);
			setsid();
		}
		signal(SIGTERM, SIG_IGN);
		last = getpid();
		if (write(ends[1], &last, sizeof(last)) != sizeof(last))
			_exit(1);
		wait_long();
	}
	ck_assert_int_eq(read(ends[0], &last, sizeof(last)), sizeof(last));
	close(ends[0]);
	close(ends[1]);
	return last;
}

static void remember(void *arg, pid_t pid)
{
	*(pid_t *)arg = pid;
}

static bool is_this(void *arg, pid_t pid)
{
	return pid == *(pid_t *)arg;
}

static void count_reaped(void *arg, pid_t pid, int status)
{
	(void)pid;
	(void)status;
	++*(int *)arg;
}

START_TEST(every_child_is_listed)
{
	pid_t one = fork_sleeper();
	pid_t seen = 0;

	ck_assert_int_eq(proc_each_child(getpid(), remember, &seen), 1);
	ck_assert_int_eq(seen, one);
	fork_sleeper();
	ck_assert_int_eq(proc_each_child(getpid(), remember, &seen), 2);
	ck_assert_int_eq(proc_end_all(5000, NULL, NULL), 0);
}
END_TEST

START_TEST(children_of_another_process_are_listed)
{
	pid_t parent = fork();
	pid_t seen = 0;

	if (parent == 0) {
		fork_sleeper();
		wait_long();
	}
	while (proc_each_child(parent, remember, &seen) == 0)
		usleep(1000);
	ck_assert_int_eq(proc_each_child(parent, remember, &seen), 1);
	ck_assert_int_eq(proc_adopt_orphans(), 0);
	ck_assert_int_eq(proc_end_all(5000, NULL, NULL), 0);
	ck_assert_int_eq(kill(seen, 0), -1);
}
END_TEST

START_TEST(what_escaped_into_other_sessions_is_ended)
{
	int reaped = 0;
	pid_t last;

	ck_assert_int_eq(proc_adopt_orphans(), 0);
	last = fork_escaping(4);
	ck_assert_int_eq(kill(last, 0), 0);
	ck_assert_int_eq(proc_end_all(5000, count_reaped, &reaped), 0);
	ck_assert_int_eq(kill(last, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(reaped, 5);
}
END_TEST

START_TEST(what_is_kept_lives_on)
{
	pid_t kept = fork_sleeper();
	pid_t other = fork_sleeper();

	ck_assert_int_eq(proc_kill_children(is_this, &kept), 1);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_int_eq(proc_kill_children(is_this, &kept), 0);
	ck_assert_int_eq(kill(kept, 0), 0);
	ck_assert_int_eq(proc_end_all(5000, NULL, NULL), 0);
}
END_TEST

START_TEST(many_children_are_listed_across_reads)
{
	int reaped = 0;
	pid_t seen;

	for (int i = 0; i < 900; i++)
		fork_sleeper();
	ck_assert_int_eq(proc_each_child(getpid(), remember, &seen), 900);
	ck_assert_int_eq(proc_end_all(20000, count_reaped, &reaped), 0);
	ck_assert_int_eq(reaped, 900);
}
END_TEST

START_TEST(what_hops_from_fork_to_fork_is_ended)
{
	time_t end = time(NULL) + LIFE_S;

	ck_assert_int_eq(proc_adopt_orphans(), 0);
	if (fork() == 0) {
		while (time(NULL) < end) {
			if (fork() != 0)
				_exit(0);
			setsid();
		}
		_exit(0);
	}
	usleep(10000);
	ck_assert_int_eq(proc_end_all(20000, NULL, NULL), 0);
}
END_TEST

/* Forks whenever it may, as long as fewer than LIMIT live in all.  Who is
 * reaped by another than its parent counts for ever, so it ends at last.
 */
static void breed(atomic_int *alive, int limit)
{
	time_t end = time(NULL) + LIFE_S;

	while (time(NULL) < end) {
		pid_t pid = -1;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			atomic_fetch_sub(alive, 1);
		if (atomic_fetch_add(alive, 1) < limit)
			pid = fork();
		if (pid == 0)
			setsid();
		else if (pid == -1)
			atomic_fetch_sub(alive, 1);
	}
	_exit(0);
}

START_TEST(what_breeds_is_ended)
{
	atomic_int *alive = mmap(NULL, sizeof(*alive), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_int_eq(proc_adopt_orphans(), 0);
	if (fork() == 0)
		breed(alive, 16);
	while (atomic_load(alive) < 12)
		usleep(1000);
	/* The budget is for a busy machine. */
	ck_assert_int_eq(proc_end_all(20000, NULL, NULL), 0);
}
END_TEST

START_TEST(without_children_there_is_nothing_to_end)
{
	ck_assert(!proc_reap(NULL, NULL));
	ck_assert_int_eq(proc_kill_children(NULL, NULL), 0);
	ck_assert_int_eq(proc_end_all(0, NULL, NULL), 0);
}
END_TEST

TEST_MAIN("proc", every_child_is_listed, children_of_another_process_are_listed,
	  what_escaped_into_other_sessions_is_ended, what_is_kept_lives_on,
	  many_children_are_listed_across_reads,
	  what_hops_from_fork_to_fork_is_ended, what_breeds_is_ended,
	  without_children_there_is_nothing_to_end)
