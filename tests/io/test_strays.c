#define _GNU_SOURCE
#include "io/strays.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/proc.h"
#include "tests/core/test.h"

#define BUDGET_MS 20000

/* Each test looks for its own. */
static char entry[64];

static void choose(void)
{
	snprintf(entry, sizeof(entry), "STRAYS_TEST=/run/%d/work/",
		 (int)getpid());
}

/* Runs sleep with VARIABLE behind BEFORE; in a session of its own. */
static pid_t start(const char *before, const char *variable)
{
	/* exec takes pointers to non-const for historical reasons only. */
	union {
		const char *from[4];
		char *to[4];
	} argv = { { "sleep", "600", NULL } },
	  env = { { before, variable, "HOME=/", NULL } };
	int ends[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setsid();
		execve("/bin/sleep", argv.to, env.to);
		_exit(1);
	}
	close(ends[1]);
	/* Closed by exec: its environment is the new one. */
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	return pid;
}

static const char *with(const char *rest)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s%s", entry, rest);
	return text;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(what_was_given_the_variable_is_dead)
{
	pid_t one;
	pid_t two;

	choose();
	one = start("A=1", with("1.notify"));
	two = start("A=1", with(""));
	ck_assert_int_eq(strays_end(entry, BUDGET_MS), 2);
	ck_assert(!proc_is_alive(one) && !proc_is_alive(two));
	finish(one);
	finish(two);
	ck_assert_int_eq(strays_end(entry, BUDGET_MS), 0);
}
END_TEST

START_TEST(what_was_given_another_lives_on)
{
	char text[128];
	pid_t pids[3];

	choose();
	snprintf(text, sizeof(text), "X%s", entry);
	pids[0] = start("A=1", text);
	snprintf(text, sizeof(text), "OTHER=%s", entry);
	pids[1] = start("A=1", text);
	snprintf(text, sizeof(text), "%.*s", (int)strlen(entry) - 1, entry);
	pids[2] = start("A=1", text);
	ck_assert_int_eq(strays_end(entry, BUDGET_MS), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert(proc_is_alive(pids[i]));
		finish(pids[i]);
	}
}
END_TEST

START_TEST(a_variable_behind_a_long_one_is_found)
{
	static char before[4096] = "A=";

	choose();
	memset(before + 2, 'x', sizeof(before) - 3);
	/* Wherever the reader's buffer ends. */
	for (size_t cut = 0; cut < 40; cut += 3) {
		pid_t pid;

		before[sizeof(before) - 2 - cut] = '\0';
		pid = start(before, with("1"));
		ck_assert_int_eq(strays_end(entry, BUDGET_MS), 1);
		finish(pid);
	}
}
END_TEST

START_TEST(what_lives_in_a_container_is_spared)
{
	int status;
	pid_t pid;

	choose();
	pid = fork();
	if (pid == 0) {
		pid_t inner;

		if (unshare(CLONE_NEWPID) == -1)
			_exit(77);
		inner = start("A=1", with("1"));
		if (strays_end(entry, BUDGET_MS) != 0)
			_exit(1);
		if (waitpid(inner, NULL, WNOHANG) != 0)
			_exit(2);
		kill(inner, SIGKILL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77,
		      "%d", WEXITSTATUS(status));
}
END_TEST

TEST_MAIN("strays", what_was_given_the_variable_is_dead,
	  what_was_given_another_lives_on,
	  a_variable_behind_a_long_one_is_found,
	  what_lives_in_a_container_is_spared)
