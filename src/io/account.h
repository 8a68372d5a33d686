/* account - the user and groups a unit runs as. */
#ifndef HOLDFAST_IO_ACCOUNT_H
#define HOLDFAST_IO_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#define ACCOUNT_GROUPS_MAX 64
#define ACCOUNT_TEXT_MAX   4096 /* bytes of name, home and shell together */

struct account {
	bool changes; /* it is not who we are: ids and groups must be set */
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_GROUPS_MAX];
	size_t groups_count;
	const char *name; /* of the user; these point into TEXT */
	const char *home;
	const char *shell;
	char text[ACCOUNT_TEXT_MAX];
};

/* Looks USER and GROUP up (names or numbers); "" is who we are, the user's
 * own group.  0; -ENOENT when there is no such user or group; -EPERM when it
 * is somebody else and we are not root; or a negative errno.
 */
int account_find(struct account *account, const char *user, const char *group);

/* Becomes the account, for good.  0 or a negative errno. */
int account_become(const struct account *account);

#endif
