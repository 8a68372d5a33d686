#define _GNU_SOURCE
#include "io/outputdir.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tree.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define MANY 300 /* files: more than are moved one by one */

static char base[TMP_DIR_MAX];
static struct outputdir dir;

static void set_up(void)
{
	tmp_dir(base, "outputdir");
}

static void tear_down(void)
{
	ck_assert_int_eq(tree_remove(AT_FDCWD, base), 0);
}

/* Begins attempt TOKEN: from now on it is DIR. */
static void begin(int token)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/jobs/ID/%016x", base, token);
	ck_assert_int_eq(outputdir_make(&dir, path, geteuid()), 0);
}

static void save(const char *name, const char *text)
{
	int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(tree_write(fd, name, text, strlen(text)), 0);
	close(fd);
}

/* What NAME of DIR holds, "" when it is not there. */
static const char *saved(const char *name)
{
	static char text[64];
	char path[PATH_MAX + 64];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir.path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1)
		len = read(fd, text, sizeof(text) - 1);
	if (fd != -1)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_ino;
}

START_TEST(the_latest_that_was_saved_is_gone_on_from)
{
	set_up();
	begin(1);
	save("checkpoint", "one");
	begin(2);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "one");
	save("checkpoint", "two");
	save("checkpoint.abcdef", "half of three");
	begin(3);
	begin(4); /* the third died before it took anything */
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "two");
	begin(5); /* the fourth saved nothing of its own */
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "two");
	tear_down();
}
END_TEST

START_TEST(one_that_wakes_late_takes_nothing_from_who_came_after)
{
	set_up();
	begin(5);
	save("checkpoint", "five");
	begin(3);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "");
	begin(6);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "five");
	tear_down();
}
END_TEST

START_TEST(scratch_is_handed_on_in_a_directory_of_its_own)
{
	ino_t first;
	int there;

	set_up();
	begin(1);
	save("scratch/parts", "some");
	save("scratch/older", "1");
	first = inode_of(dir.scratch);
	there = open(dir.scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	begin(2);
	save("scratch/older", "2"); /* it died while it took over */
	begin(3);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("scratch/parts"), "some");
	ck_assert_str_eq(saved("scratch/older"), "2");
	ck_assert_uint_ne(inode_of(dir.scratch), first);
	/* Who is still in the first one. */
	(void)tree_write(there, "late", "late", 4);
	ck_assert_str_eq(saved("scratch/late"), "");
	close(there);
	tear_down();
}
END_TEST

START_TEST(much_in_scratch_is_handed_on_too)
{
	char name[32];

	set_up();
	begin(1);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "scratch/%d", i);
		save(name, "x");
	}
	begin(2);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("scratch/0"), "x");
	ck_assert_str_eq(saved(name), "x");
	tear_down();
}
END_TEST

START_TEST(a_job_that_comes_again_finds_nothing_of_the_first)
{
	char path[PATH_MAX + 64];

	set_up();
	begin(1);
	ck_assert(!dir.has_earlier);
	save("checkpoint", "one");
	begin(9);
	ck_assert(dir.has_earlier);
	outputdir_disown(&dir);
	snprintf(path, sizeof(path), "%s/jobs/ID/%016x", base, 1);
	ck_assert_int_eq(access(path, F_OK), -1);
	begin(10);
	ck_assert_int_eq(outputdir_inherit(&dir, false), 0);
	ck_assert_str_eq(saved("state"), "");
	tear_down();
}
END_TEST

START_TEST(what_is_made_beside_the_output_counts)
{
	char path[PATH_MAX + 64];

	set_up();
	begin(1);
	save("log", "long");
	save("state", "long");
	save("scratch/much", "long");
	ck_assert_uint_eq(outputdir_size(&dir), 0);
	save("output", "123");
	snprintf(path, sizeof(path), "%s/output.abc", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	save("output.abc/part", "45");
	snprintf(path, sizeof(path), "%s/output.abc/output", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	save("output.abc/output/deep", "6789");
	ck_assert_uint_eq(outputdir_size(&dir), 5);
	tear_down();
}
END_TEST

TEST_MAIN("outputdir", what_is_made_beside_the_output_counts,
	  the_latest_that_was_saved_is_gone_on_from,
	  one_that_wakes_late_takes_nothing_from_who_came_after,
	  scratch_is_handed_on_in_a_directory_of_its_own,
	  much_in_scratch_is_handed_on_too,
	  a_job_that_comes_again_finds_nothing_of_the_first)
