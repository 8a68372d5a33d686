/* config_dir - a directory of configuration files, and a load that keeps what
 * was said, for tests of io/conffile.h.
 */
#ifndef HOLDFAST_TESTS_IO_CONFIG_DIR_H
#define HOLDFAST_TESTS_IO_CONFIG_DIR_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "io/conffile.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static char dir[TMP_DIR_MAX];
static char *said; /* by the last load */
static struct config *config;

static void write_file(const char *name, const void *data, size_t len)
{
	char path[TMP_DIR_MAX + 64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

/* Forgets the last load; makes the directory the first time. */
static void forget(void)
{
	char path[TMP_DIR_MAX + 64];

	conffile_free(config);
	config = NULL;
	free(said);
	said = NULL;
	if (dir[0] != '\0')
		return;
	tmp_dir(dir, "conffile");
	snprintf(path, sizeof(path), "%s/a.conf.d", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* Loads the file a.conf of the directory. */
static int load_a(void)
{
	char path[TMP_DIR_MAX + 64];
	size_t len;
	FILE *errors;
	int rc;

	forget();
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	errors = open_memstream(&said, &len);
	ck_assert_ptr_nonnull(errors);
	rc = conffile_load(path, &config, errors);
	ck_assert_int_eq(fclose(errors), 0);
	ck_assert_int_eq(rc == 0, config != NULL);
	ck_assert_int_eq(rc == 0, said[0] == '\0');
	return rc;
}

static inline int load(const char *text)
{
	forget();
	write_text("a.conf", text);
	return load_a();
}

static void clean(void)
{
	forget();
	tmp_dir_remove(dir);
	dir[0] = '\0';
}

/* Does the last load say WHAT of LINE of a.conf? */
static inline bool says(unsigned line, const char *what)
{
	char prefix[512];

	snprintf(prefix, sizeof(prefix), "%s/a.conf:%u: error: %s", dir, line,
		 what);
	return strstr(said, prefix) != NULL;
}

#define ck_says(LINE, WHAT) ck_assert_msg(says(LINE, WHAT), "%s", said)

static inline size_t count_errors(void)
{
	size_t count = 0;

	for (const char *at = said; (at = strstr(at, ": error: ")) != NULL;
	     at++)
		count++;
	return count;
}

static inline char *dump(void)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(conffile_dump(config, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

#endif
