#define _GNU_SOURCE
#include "io/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/test.h"

START_TEST(a_tree_goes_as_a_whole_and_links_are_not_followed)
{
	char base[] = "/tmp/holdfast-tree-XXXXXX";
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(base));
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

TEST_MAIN("tree", a_tree_goes_as_a_whole_and_links_are_not_followed)
