#define _GNU_SOURCE
#include "io/conffile_dir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_conf(const struct dirent *entry)
{
	static const char end[] = ".conf";
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > sizeof(end) - 1 &&
	       strcmp(entry->d_name + len - (sizeof(end) - 1), end) == 0;
}

static int is_other(const struct dirent *entry)
{
	return !is_conf(entry) && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* By bytes: alphasort would ask the locale. */
static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Leaves errno alone.  What can't even be looked at is told with the file. */
static bool is_there(const char *path)
{
	int why = errno;
	struct stat stat;
	bool there = lstat(path, &stat) == 0;

	errno = why;
	return there;
}

static int list(struct conffile_dir *dir, const char *main,
		int (*filter)(const struct dirent *))
{
	int count;

	*dir = (struct conffile_dir){ 0 };
	if (asprintf(&dir->path, "%s.d", main) == -1) {
		dir->path = NULL;
		return -ENOMEM;
	}
	count = scandir(dir->path, &dir->entries, filter, compare);
	if (count == -1)
		return is_there(dir->path) ? -errno : 0;
	dir->count = (size_t)count;
	return 0;
}

int conffile_dir_read(struct conffile_dir *dir, const char *main)
{
	int rc = list(dir, main, is_conf);

	return rc == 0 && dir->count > CONFFILE_FILES_MAX ? -E2BIG : rc;
}

int conffile_dir_others(struct conffile_dir *dir, const char *main)
{
	return list(dir, main, is_other);
}

void conffile_dir_fini(struct conffile_dir *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->entries[i]);
	free(dir->entries);
	free(dir->path);
}
