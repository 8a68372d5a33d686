/* tree - files and directories that come and go as a whole. */
#ifndef HOLDFAST_IO_TREE_H
#define HOLDFAST_IO_TREE_H

#include <stddef.h>

#define TREE_DEPTH_MAX 64 /* directories inside one another */

/* Removes NAME below directory DIR_FD (or AT_FDCWD) and everything in it;
 * follows no links and leaves no file system.  0, also when there is nothing;
 * else the first negative errno, after having removed what it could.
 */
int tree_remove(int dir_fd, const char *name);

/* Called after each file and directory that went, to let others have a turn. */
struct tree_rest {
	void (*rest)(void *arg);
	void *arg;
};
/* The same, with a rest after each. */
int tree_remove_calmly(int dir_fd, const char *name,
		       const struct tree_rest *rest);

/* Writes a whole small file, replacing what was there; no sync.  0 or a
 * negative errno, then nothing is left of it.
 */
int tree_write(int dir_fd, const char *name, const void *buf, size_t len);

#endif
