/* tmp_dir - a directory, or a file, of a test's own, where $TMPDIR says. */
#ifndef HOLDFAST_TESTS_IO_TMP_DIR_H
#define HOLDFAST_TESTS_IO_TMP_DIR_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/tree.h"
#include "tests/core/test.h"

#define TMP_DIR_MAX 96 /* bytes of a path: what is in it may be a socket */

static inline void tmp_template(char *path, const char *name)
{
	const char *top = getenv("TMPDIR");
	int len = snprintf(path, TMP_DIR_MAX, "%s/holdfast-%s-XXXXXX",
			   top != NULL && *top != '\0' ? top : "/tmp", name);

	ck_assert_int_lt(len, TMP_DIR_MAX);
}

/* Makes it; its path goes into PATH of TMP_DIR_MAX bytes. */
static inline void tmp_dir(char *path, const char *name)
{
	tmp_template(path, name);
	ck_assert_ptr_nonnull(mkdtemp(path));
}

static inline void tmp_dir_remove(const char *path)
{
	ck_assert_int_eq(tree_remove(AT_FDCWD, path), 0);
}

/* The same for a file; its descriptor. */
static inline int tmp_file(char *path, const char *name)
{
	int fd;

	tmp_template(path, name);
	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	return fd;
}

#endif
