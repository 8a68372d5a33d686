/* Of a unit that was stopped nothing is left: whatever it did to escape, at
 * whatever moment, with control groups and without, as root and as a plain
 * user.  ROUNDS says how often; by default a few times.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <string.h>

#include "core/life.h"
#include "io/cgroup.h"
#include "tests/io/keep_stand.h"

#define NOBODY 65534
#define MARK   "GONE_MARK=%d-%u"

static char mark[64];
static char tree_name[64]; /* our own: another test may run beside us */
static unsigned mark_count;

static unsigned rounds(void)
{
	const char *text = getenv("ROUNDS");
	long value = text != NULL ? strtol(text, NULL, 10) : 0;

	return value > 0 ? (unsigned)value : 2;
}

static bool has_mark(const char *pid)
{
	char path[64];
	char env[8192];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	len = read(fd, env, sizeof(env));
	close(fd);
	return len > 0 && memmem(env, (size_t)len, mark, strlen(mark)) != NULL;
}

/* Processes with our mark in their environment. */
static unsigned count_marked(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	unsigned count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    has_mark(entry->d_name))
			count++;
	closedir(dir);
	return count;
}

/* The ways to run a worker; false when this one can't be had here. */
static bool use_way(unsigned way)
{
	as_user = 0;
	tree = -1;
	if ((way & 1) != 0) {
		if (geteuid() != 0)
			return false;
		as_user = NOBODY;
	}
	if ((way & 2) != 0) {
		/* A plain user may use no group of root's. */
		if (as_user != 0)
			return false;
		snprintf(tree_name, sizeof(tree_name), "holdfast-test-gone-%d",
			 (int)getpid());
		tree = cgroup_tree_open(tree_name, 1000);
	}
	return (way & 2) == 0 || tree >= 0;
}

static void leave_way(void)
{
	if (tree >= 0)
		cgroup_tree_remove(tree, tree_name, 1000);
	tree = -1;
	as_user = 0;
}

static struct spec marked(const char *line)
{
	struct spec spec = service(line);

	snprintf(mark, sizeof(mark), MARK, (int)getpid(), ++mark_count);
	spec.env[0] = mark;
	spec.stop_timeout_ms = 50;
	return spec;
}

static void check_gone(enum message_how how)
{
	ck_assert_int_eq(how, HOW_STOPPED);
	ck_assert_uint_eq(count_marked(), 0);
	tear_down();
}

/* Runs LINE until file `up` is there, and stops it. */
static void stop_one(const char *line)
{
	for (unsigned i = 0; i < rounds() * 4; i++) {
		struct spec spec;

		if (!use_way(i % 4))
			continue;
		set_up();
		spec = marked(line);
		start(&spec);
		AWAIT(exists("up"));
		ck_assert_uint_gt(count_marked(), 0);
		check_gone(stop());
		leave_way();
	}
}

START_TEST(one_that_ignores_its_signal)
{
	stop_one("trap '' TERM HUP INT; touch up; "
		 "while :; do sleep 0.01; done");
}
END_TEST

START_TEST(one_that_forked_twice_into_another_session)
{
	stop_one("trap '' TERM HUP INT; setsid sh -c '"
		 "(setsid sh -c \"touch up; exec sleep 1000\") & exit 0' & "
		 "exec sleep 1000");
}
END_TEST

START_TEST(one_that_stands_still)
{
	stop_one("touch up; kill -STOP $$; sleep 1000");
	stop_one("trap '' TERM; setsid sh -c 'touch up; kill -STOP $$' & "
		 "kill -STOP $$; sleep 1000");
}
END_TEST

START_TEST(one_with_a_thousand_children)
{
	stop_one("trap '' TERM; i=0; while [ $i -lt 1000 ]; do sleep 1000 & "
		 "i=$((i+1)); done; touch up; wait");
}
END_TEST

START_TEST(one_that_forks_without_end)
{
	stop_one("trap '' TERM; cat >fork <<'END'\n"
		 "touch up; sleep 0.002; setsid sh ./fork & exit 0\n"
		 "END\n"
		 "setsid sh ./fork & sleep 1000");
}
END_TEST

/* Starts, ends, kills and pauses follow each other; the stop comes anywhere. */
START_TEST(one_that_is_stopped_at_any_moment)
{
	static const char line[] =
		"setsid sleep 1000 & sleep 0.00$(($$ % 9)); exit 1";

	for (unsigned i = 0; i < rounds() * 20; i++) {
		struct spec spec;
		enum message_how how;

		if (!use_way(i % 4))
			continue;
		set_up();
		spec = marked(line);
		spec.max_restarts = LIFE_RESTARTS_MAX;
		spec.backoff_ms = i % 3;
		spec.backoff_max_ms = 5;
		start(&spec);
		usleep((i * 7919) % 60000);
		how = stop();
		ck_assert_int_eq(unit->pid, 0);
		check_gone(how);
		leave_way();
	}
}
END_TEST

/* The supervisor kills a worker that has to end at once; the rest is its. */
START_TEST(one_whose_worker_is_told_to_quit)
{
	for (unsigned i = 0; i < rounds() * 4; i++) {
		struct spec spec;

		if (!use_way(i % 4))
			continue;
		set_up();
		spec = marked("trap '' TERM; setsid sleep 1000 & touch up; "
			      "while :; do sleep 0.01; done");
		spec.stop_timeout_ms = 600000;
		start(&spec);
		AWAIT(exists("up"));
		ck_assert_int_eq(kill(worker, SIGQUIT), 0);
		check_gone(await_end());
		leave_way();
	}
}
END_TEST

TEST_MAIN("gone", one_that_ignores_its_signal,
	  one_that_forked_twice_into_another_session, one_that_stands_still,
	  one_with_a_thousand_children, one_that_forks_without_end,
	  one_that_is_stopped_at_any_moment, one_whose_worker_is_told_to_quit)
