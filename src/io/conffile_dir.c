#define _GNU_SOURCE
#include "io/conffile_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_conf(const struct dirent *entry)
{
	static const char end[] = ".conf";
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > sizeof(end) - 1 &&
	       strcmp(entry->d_name + len - (sizeof(end) - 1), end) == 0;
}

/* By bytes: alphasort would ask the locale. */
static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int conffile_dir_read(struct conffile_dir *dir, const char *main)
{
	int count;

	*dir = (struct conffile_dir){ 0 };
	if (asprintf(&dir->path, "%s.d", main) == -1) {
		dir->path = NULL;
		return -ENOMEM;
	}
	count = scandir(dir->path, &dir->entries, is_conf, compare);
	if (count == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	dir->count = (size_t)count;
	return dir->count <= CONFFILE_FILES_MAX ? 0 : -E2BIG;
}

void conffile_dir_fini(struct conffile_dir *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->entries[i]);
	free(dir->entries);
	free(dir->path);
}
