#define _GNU_SOURCE
#include "io/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

START_TEST(a_tree_goes_as_a_whole_and_links_are_not_followed)
{
	char base[TMP_DIR_MAX];
	int fd;

	tmp_dir(base, "tree");
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(tree_write(fd, "keep", "x", 1), 0);
	ck_assert_int_eq(mkdirat(fd, "job", 0700), 0);
	ck_assert_int_eq(mkdirat(fd, "job/deep", 0700), 0);
	ck_assert_int_eq(tree_write(fd, "job/deep/file", "x", 1), 0);
	ck_assert_int_eq(symlinkat("../keep", fd, "job/link"), 0);
	ck_assert_int_eq(tree_remove(fd, "job"), 0);
	ck_assert_int_eq(faccessat(fd, "job", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(fd, "keep", F_OK, 0), 0);
	ck_assert_int_eq(tree_remove(fd, "job"), 0);
	close(fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, base), 0);
	ck_assert_int_eq(access(base, F_OK), -1);
}
END_TEST

START_TEST(what_its_owner_has_locked_goes_too)
{
	char base[TMP_DIR_MAX];

	tmp_dir(base, "tree");
	/* Root is kept out by nothing. */
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(base, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	ck_assert_int_eq(chdir(base), 0);
	ck_assert_int_eq(mkdir("job", 0700), 0);
	ck_assert_int_eq(mkdir("job/locked", 0700), 0);
	ck_assert_int_eq(tree_write(AT_FDCWD, "job/locked/file", "x", 1), 0);
	ck_assert_int_eq(chmod("job/locked", 0), 0);
	ck_assert_int_eq(chmod("job", 0500), 0);
	ck_assert_int_eq(tree_remove(AT_FDCWD, "job"), 0);
	ck_assert_int_eq(access("job", F_OK), -1);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(rmdir(base), 0);
}
END_TEST

TEST_MAIN("tree", what_its_owner_has_locked_goes_too,
	  a_tree_goes_as_a_whole_and_links_are_not_followed)
