/* tmp_dir - a directory of a test's own, where $TMPDIR says. */
#ifndef HOLDFAST_TESTS_IO_TMP_DIR_H
#define HOLDFAST_TESTS_IO_TMP_DIR_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/core/test.h"

#define TMP_DIR_MAX 200 /* bytes of its path */

/* Makes it; its path goes into PATH of TMP_DIR_MAX bytes. */
static inline void tmp_dir(char *path, const char *name)
{
	const char *top = getenv("TMPDIR");
	int len = snprintf(path, TMP_DIR_MAX, "%s/holdfast-%s-XXXXXX",
			   top != NULL && *top != '\0' ? top : "/tmp", name);

	ck_assert_int_lt(len, TMP_DIR_MAX);
	ck_assert_ptr_nonnull(mkdtemp(path));
}

#endif
