#define _GNU_SOURCE
#include "io/conffile_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_conf(const char *name)
{
	static const char end[] = ".conf";
	size_t len = strlen(name);

	return name[0] != '.' && len > sizeof(end) - 1 &&
	       strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct conffile_dir *dir, const char *name)
{
	if (dir->count == CONFFILE_FILES_MAX)
		return -E2BIG;
	dir->names[dir->count] = strdup(name);
	if (dir->names[dir->count] == NULL)
		return -ENOMEM;
	dir->count++;
	return 0;
}

static int list(struct conffile_dir *dir, DIR *stream)
{
	int rc = 0;

	while (rc == 0) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (entry == NULL)
			return -errno;
		if (is_conf(entry->d_name))
			rc = add(dir, entry->d_name);
	}
	return rc;
}

int conffile_dir_read(struct conffile_dir *dir, const char *main)
{
	DIR *stream;
	int rc;

	*dir = (struct conffile_dir){ 0 };
	if (asprintf(&dir->path, "%s.d", main) == -1) {
		dir->path = NULL;
		return -ENOMEM;
	}
	stream = opendir(dir->path);
	if (stream == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	dir->names = calloc(CONFFILE_FILES_MAX, sizeof(*dir->names));
	rc = dir->names != NULL ? list(dir, stream) : -ENOMEM;
	closedir(stream);
	if (rc == 0 && dir->count > 1)
		qsort(dir->names, dir->count, sizeof(*dir->names), compare);
	return rc;
}

void conffile_dir_fini(struct conffile_dir *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->names[i]);
	free(dir->names);
	free(dir->path);
}
