/* names - the names in a directory, read without allocation. */
#ifndef HOLDFAST_IO_NAMES_H
#define HOLDFAST_IO_NAMES_H

#include <stdbool.h>

typedef void names_fn(void *arg, const char *name, bool is_directory);

/* Calls FN for every name in the directory DIR but "." and "..".  0 or a
 * negative errno.  FN may remove what it is called for.
 */
int names_each(int dir, names_fn *fn, void *arg);

/* Has the file system of PATH ask whoever serves it what PATH is by now, rather
 * than tell what it knows.  0 or a negative errno.
 */
int names_refresh(const char *path);

#endif
