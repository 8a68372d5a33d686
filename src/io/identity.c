#define _GNU_SOURCE
#include "io/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "io/log.h"

int identity_find(struct identity *identity, const char *user)
{
	const struct passwd *entry;

	*identity = (struct identity){ .change = false };
	if (user == NULL || geteuid() != 0)
		return 0;
	entry = getpwnam(user);
	if (entry == NULL) {
		log_err(0, "identity: there is no user \"%s\" on this machine",
			user);
		return -ENOENT;
	}
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	identity->groups_count = IDENTITY_GROUPS_MAX;
	if (getgrouplist(user, entry->pw_gid, identity->groups,
			 &identity->groups_count) == -1)
		identity->groups_count = IDENTITY_GROUPS_MAX;
	identity->change = identity->uid != 0;
	return 0;
}

int identity_assume(const struct identity *identity)
{
	if (!identity->change)
		return 0;
	if (setgroups((size_t)identity->groups_count, identity->groups) == -1 ||
	    setresgid(identity->gid, identity->gid, identity->gid) == -1 ||
	    setresuid(identity->uid, identity->uid, identity->uid) == -1)
		return -errno;
	return 0;
}

int identity_give(const struct identity *identity, int fd)
{
	if (identity == NULL || !identity->change)
		return 0;
	return fchown(fd, identity->uid, identity->gid) == -1 ? -errno : 0;
}

int identity_give_path(const struct identity *identity, const char *path)
{
	if (identity == NULL || !identity->change)
		return 0;
	return lchown(path, identity->uid, identity->gid) == -1 ? -errno : 0;
}
