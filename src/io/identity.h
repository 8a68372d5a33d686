/* identity - the user whom the unprivileged roles become.
 *
 * Looked up once, before the first fork; assumed by each role after it.
 */
#ifndef HOLDFAST_IO_IDENTITY_H
#define HOLDFAST_IO_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#define IDENTITY_GROUPS_MAX 64

struct identity {
	bool change; /* false: stay who we are; the rest means nothing then */
	uid_t uid;
	gid_t gid;
	gid_t groups[IDENTITY_GROUPS_MAX];
	int groups_count;
};

/* USER is looked up when we are root and it is not NULL.  0, or -ENOENT when
 * there is no such user (logged).
 */
int identity_find(struct identity *identity, const char *user);

/* Becomes that user for good.  0 or a negative errno. */
int identity_assume(const struct identity *identity);

/* Gives away a file we made; NULL, or no change, leaves it.  0 or -errno. */
int identity_give(const struct identity *identity, int fd);
int identity_give_path(const struct identity *identity, const char *path);

#endif
