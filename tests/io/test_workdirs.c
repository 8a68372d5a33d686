#define _GNU_SOURCE
#include "io/workdirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define ID     "0123456789abcdefghjkmnpqrs"
#define OLD    "0000000300000001"
#define HELD   "0000000300000005"
#define LATER  "0000000300000006"
#define TOKEN  UINT64_C(0x300000005)
#define DAY_MS INT64_C(86400000)

static char base[TMP_DIR_MAX];
static int jobs;
static unsigned rests;

static void count_rest(void *arg)
{
	++*(unsigned *)arg;
}

static const struct tree_rest rest = { count_rest, &rests };

static void make(const char *attempt)
{
	char path[128];

	snprintf(path, sizeof(path), ID "/%s", attempt);
	ck_assert_int_eq(mkdirat(jobs, path, 0700), 0);
	snprintf(path, sizeof(path), ID "/%s/scratch", attempt);
	ck_assert_int_eq(mkdirat(jobs, path, 0700), 0);
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "log", "output", "state",
						     "scratch/deep" };

		snprintf(path, sizeof(path), ID "/%s/%s", attempt, names[i]);
		ck_assert_int_eq(tree_write(jobs, path, "x", 1), 0);
	}
}

static void set_up(void)
{
	char path[TMP_DIR_MAX + 64];

	tmp_dir(base, "workdirs");
	ck_assert_int_eq(workdirs_open(base), -ENOENT);
	snprintf(path, sizeof(path), "%s/jobs", base);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	jobs = workdirs_open(base);
	ck_assert_int_ge(jobs, 0);
	ck_assert_int_eq(mkdirat(jobs, ID, 0700), 0);
	make(OLD);
	make(HELD);
	make(LATER);
	rests = 0;
}

static void tear_down(void)
{
	close(jobs);
	ck_assert_int_eq(tree_remove(AT_FDCWD, base), 0);
}

static bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), ID "/%s", name);
	return faccessat(jobs, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

START_TEST(of_the_latest_attempt_stays_what_is_served)
{
	struct sweep sweep = { .below = TOKEN,
			       .held = TOKEN,
			       .keeps_output = true,
			       .before_ms = INT64_MAX };

	set_up();
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, &rest), 0);
	ck_assert(!is_there(OLD));
	ck_assert(is_there(HELD "/output"));
	ck_assert(is_there(HELD "/log"));
	ck_assert(!is_there(HELD "/state"));
	ck_assert(!is_there(HELD "/scratch"));
	ck_assert(is_there(LATER "/scratch/deep"));
	/* Four files and two directories, one file and a full directory. */
	ck_assert_uint_eq(rests, 6 + 3);
	sweep.keeps_output = false;
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(!is_there(HELD "/output"));
	ck_assert(is_there(HELD "/log"));
	tear_down();
}
END_TEST

START_TEST(what_began_later_stays)
{
	struct sweep sweep = { .below = TOKEN + 1, .before_ms = INT64_MAX };

	set_up();
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(!is_there(OLD));
	ck_assert(!is_there(HELD));
	ck_assert(is_there(LATER "/output"));
	sweep.below = UINT64_MAX;
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(!is_there(""));
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	tear_down();
}
END_TEST

START_TEST(what_is_no_attempt_stays_and_no_link_is_followed)
{
	struct sweep sweep = { .below = UINT64_MAX, .before_ms = INT64_MAX };

	set_up();
	ck_assert_int_eq(mkdirat(jobs, "kept", 0700), 0);
	ck_assert_int_eq(tree_write(jobs, "kept/file", "x", 1), 0);
	ck_assert_int_eq(symlinkat("../../kept", jobs, ID "/" OLD "/link"), 0);
	ck_assert_int_eq(symlinkat("../kept", jobs, ID "/0000000300000002"), 0);
	ck_assert_int_eq(mkdirat(jobs, ID "/notes", 0700), 0);
	ck_assert_int_eq(mkdirat(jobs, ID "/000000030000000A", 0700), 0);
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(!is_there(OLD));
	ck_assert(is_there("0000000300000002"));
	ck_assert(is_there("notes"));
	ck_assert(is_there("000000030000000A"));
	ck_assert_int_eq(faccessat(jobs, "kept/file", F_OK, 0), 0);
	ck_assert_int_eq(symlinkat("kept", jobs, "link"), 0);
	ck_assert_int_ne(workdirs_sweep(jobs, "link", &sweep, NULL), 0);
	tear_down();
}
END_TEST

static void set_back(const char *path)
{
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	ck_assert_int_eq(utimensat(jobs, path, times, 0), 0);
}

START_TEST(of_unknown_ones_what_was_touched_lately_stays)
{
	struct sweep sweep = { .below = UINT64_MAX, .before_ms = DAY_MS };

	set_up();
	set_back(ID "/" OLD);
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(is_there(OLD)); /* since all of it was */
	set_back(ID);
	ck_assert_int_eq(workdirs_sweep(jobs, ID, &sweep, NULL), 0);
	ck_assert(!is_there(OLD));
	ck_assert(is_there(HELD));
	tear_down();
}
END_TEST

TEST_MAIN("workdirs", of_the_latest_attempt_stays_what_is_served,
	  what_began_later_stays,
	  what_is_no_attempt_stays_and_no_link_is_followed,
	  of_unknown_ones_what_was_touched_lately_stays)
