/* conffile_dir - which files there are to read. */
#ifndef HOLDFAST_IO_CONFFILE_DIR_H
#define HOLDFAST_IO_CONFFILE_DIR_H

#include <dirent.h>
#include <stddef.h>

#define CONFFILE_FILES_MAX 1024

struct conffile_dir {
	char *path;		 /* MAIN.d */
	struct dirent **entries; /* its *.conf files, in order */
	size_t count;
};

/* Lists the directory beside MAIN; one that does not exist has no files.
 * 0 or a negative errno (-E2BIG: too many files; -ENOENT: a link to nothing).
 * To be ended either way.
 */
int conffile_dir_read(struct conffile_dir *dir, const char *main);
/* The same of all it has beside: what is not read. */
int conffile_dir_others(struct conffile_dir *dir, const char *main);
void conffile_dir_fini(struct conffile_dir *dir);

#endif
