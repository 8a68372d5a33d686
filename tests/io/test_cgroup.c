#define _GNU_SOURCE
#include "io/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/core/test.h"

#define BUDGET_MS 5000

static char name[64];

/* A tree, or -1 where none may be made: then there is nothing to test. */
static int open_tree(void)
{
	int tree;

	snprintf(name, sizeof(name), "holdfast-test-%d", (int)getpid());
	tree = cgroup_tree_open(name, BUDGET_MS);
	return tree < 0 ? -1 : tree;
}

/* A process in GROUP that ignores TERM, with a child in another session. */
static pid_t fork_into(int group)
{
	int ends[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		if (cgroup_enter(group, getpid()) != 0)
			_exit(1);
		if (fork() == 0)
			setsid();
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], &c, 1), 1);
	ck_assert_int_eq(read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

START_TEST(a_group_ends_with_all_that_escaped_in_it)
{
	int tree = open_tree();
	int slot;
	pid_t pid;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 3);
	ck_assert_int_ge(slot, 0);
	ck_assert_int_eq(cgroup_is_populated(slot), 0);
	pid = fork_into(slot);
	ck_assert_int_eq(cgroup_is_populated(slot), 1);
	ck_assert_int_eq(cgroup_is_populated(tree), 1);
	ck_assert_int_eq(cgroup_end_all(slot, BUDGET_MS), 0);
	ck_assert_int_eq(cgroup_is_populated(slot), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(slot);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(a_slot_is_made_once_and_used_again)
{
	int tree = open_tree();
	int first;
	int second;
	struct stat one;
	struct stat two;

	if (tree == -1)
		return;
	first = cgroup_slot_open(tree, 0);
	second = cgroup_slot_open(tree, 0);
	ck_assert_int_eq(fstat(first, &one), 0);
	ck_assert_int_eq(fstat(second, &two), 0);
	ck_assert_int_eq(one.st_ino, two.st_ino);
	close(first);
	close(second);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

/* How a process born into GROUP ends: its exit code, or minus a signal. */
static int be_born_in(int group)
{
	uint64_t arguments[11] = { UINT64_C(0x200000000), 0, 0, 0, SIGCHLD };
	int status;
	long pid;

	arguments[10] = (uint64_t)group;
	pid = syscall(435, arguments, sizeof(arguments)); /* clone3 */
	if (pid == 0)
		_exit(7);
	if (pid == -1)
		return 7; /* a kernel that can't: nothing to see */
	ck_assert_int_eq(waitpid((pid_t)pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

START_TEST(a_killed_slot_is_made_anew_for_the_next)
{
	int tree = open_tree();
	int slot;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 0);
	ck_assert_int_eq(be_born_in(slot), 7);
	ck_assert_int_eq(cgroup_kill(slot), 0);
	close(slot);
	slot = cgroup_slot_open(tree, 0);
	ck_assert_int_ge(slot, 0);
	ck_assert_int_eq(be_born_in(slot), 7);
	close(slot);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(a_killed_tree_is_of_use_after_emptying_it)
{
	int tree = open_tree();
	int slot;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 0);
	close(slot);
	ck_assert_int_eq(cgroup_kill(tree), 0);
	ck_assert_int_eq(cgroup_tree_empty(tree, BUDGET_MS), 0);
	slot = cgroup_slot_open(tree, 0);
	ck_assert_int_ge(slot, 0);
	ck_assert_int_eq(be_born_in(slot), 7);
	close(slot);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(a_slot_in_use_is_not_made_anew)
{
	int tree = open_tree();
	int slot;
	pid_t pid;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 0);
	pid = fork_into(slot);
	ck_assert_int_eq(fchmod(slot, S_ISVTX | 0755), 0);
	ck_assert_int_eq(cgroup_slot_open(tree, 0), -EBUSY);
	close(slot);
	slot = cgroup_slot_find(tree, 0);
	ck_assert_int_eq(cgroup_end_all(slot, BUDGET_MS), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(slot);
	ck_assert_int_eq(cgroup_slot_find(tree, 1), -ENOENT);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(a_tree_left_behind_is_emptied_and_taken_over)
{
	int tree = open_tree();
	int slot;
	pid_t pid;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 1);
	pid = fork_into(slot);
	close(slot);
	close(tree);
	tree = cgroup_tree_open(name, BUDGET_MS);
	ck_assert_int_ge(tree, 0);
	ck_assert_int_eq(cgroup_is_populated(tree), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(removal_takes_groups_the_work_made)
{
	int tree = open_tree();
	int slot;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 1);
	ck_assert_int_eq(mkdirat(slot, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(slot, "a/b", 0755), 0);
	cgroup_tree_remove(tree, name, BUDGET_MS);
	ck_assert_int_eq(mkdirat(slot, "c", 0755), -1);
	ck_assert_int_eq(errno, ENOENT);
	close(slot);
}
END_TEST

/* Below GROUP, which is our own and delegated to us: 0, or what is wrong. */
static int open_below(int group)
{
	char members[64];
	int file;

	if (cgroup_enter(group, 0) != 0 ||
	    fsetxattr(group, "user.delegate", "1", 1, 0) != 0)
		return 0; /* not to be had here */
	if (cgroup_tree_open("below", BUDGET_MS) < 0 ||
	    faccessat(group, "below", F_OK, 0) != 0)
		return 1;
	file = openat(group, "cgroup.procs", O_RDONLY);
	if (read(file, members, sizeof(members)) != 0)
		return 2;
	file = openat(group, "node/cgroup.procs", O_RDONLY);
	return read(file, members, sizeof(members)) > 0 ? 0 : 3;
}

START_TEST(in_a_group_given_to_us_we_step_aside)
{
	int tree = open_tree();
	int status;
	int slot;
	pid_t pid;

	if (tree == -1)
		return;
	slot = cgroup_slot_open(tree, 0);
	ck_assert_int_ge(slot, 0);
	pid = fork();
	if (pid == 0)
		_exit(open_below(slot));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(slot);
	cgroup_tree_remove(tree, name, BUDGET_MS);
}
END_TEST

START_TEST(without_a_tree_there_are_no_slots)
{
	ck_assert_int_eq(cgroup_slot_open(-1, 0), -EBADF);
	cgroup_tree_remove(-1, "none", 0);
}
END_TEST

TEST_MAIN("cgroup", a_group_ends_with_all_that_escaped_in_it,
	  a_slot_is_made_once_and_used_again,
	  a_tree_left_behind_is_emptied_and_taken_over,
	  a_killed_slot_is_made_anew_for_the_next,
	  a_killed_tree_is_of_use_after_emptying_it,
	  a_slot_in_use_is_not_made_anew, removal_takes_groups_the_work_made,
	  in_a_group_given_to_us_we_step_aside,
	  without_a_tree_there_are_no_slots)
