#define _GNU_SOURCE
#include "io/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"

/* (id)-1 means "leave as it is" to the kernel, so nobody may be that. */
#define ID_MAX (UINT32_MAX - 1)

static const char *or_else(const char *string, const char *fallback)
{
	return string != NULL && string[0] != '\0' ? string : fallback;
}

/* Who we are: asked of the environment, since a look-up costs more than all
 * else a small job needs.
 */
static void take_self(struct account *account)
{
	bool root = account->uid == 0;

	account->name = or_else(getenv("USER"), root ? "root" : NULL);
	account->home = or_else(getenv("HOME"), root ? "/root" : NULL);
	account->shell = or_else(getenv("SHELL"), "/bin/sh");
}

static void take_entry(struct account *account, const struct passwd *entry)
{
	account->uid = entry->pw_uid;
	account->gid = entry->pw_gid;
	account->name = entry->pw_name;
	account->home = or_else(entry->pw_dir, "/");
	account->shell = or_else(entry->pw_shell, "/bin/sh");
}

static int find_user(struct account *account, const char *user)
{
	struct passwd entry;
	struct passwd *found = NULL;
	uint64_t number;
	int rc;

	if (text_to_u64(text_of(user), ID_MAX, &number)) {
		account->uid = (uid_t)number;
		account->gid = (gid_t)number;
		account->name = user;
		account->home = "/";
		account->shell = "/bin/sh";
		rc = getpwuid_r((uid_t)number, &entry, account->text,
				sizeof(account->text), &found);
	} else {
		rc = getpwnam_r(user, &entry, account->text,
				sizeof(account->text), &found);
		if (rc == 0 && found == NULL)
			rc = ENOENT;
	}
	if (found != NULL)
		take_entry(account, found);
	/* Some C libraries say so instead of finding nothing. */
	return rc == ESRCH ? -ENOENT : -rc;
}

static int find_group(struct account *account, const char *group)
{
	char text[ACCOUNT_TEXT_MAX];
	struct group entry;
	struct group *found = NULL;
	uint64_t number;
	int rc;

	if (text_to_u64(text_of(group), ID_MAX, &number)) {
		account->gid = (gid_t)number;
		return 0;
	}
	rc = getgrnam_r(group, &entry, text, sizeof(text), &found);
	if (rc == 0 && found == NULL)
		rc = ENOENT;
	if (found != NULL)
		account->gid = found->gr_gid;
	return rc == ESRCH ? -ENOENT : -rc;
}

static void find_groups(struct account *account)
{
	int count = ACCOUNT_GROUPS_MAX;

	if (account->name == NULL ||
	    getgrouplist(account->name, account->gid, account->groups,
			 &count) == -1) {
		/* More than there is room for: the first ones count. */
		if (account->name == NULL || count <= 0)
			count = 0;
		else if (count > ACCOUNT_GROUPS_MAX)
			count = ACCOUNT_GROUPS_MAX;
	}
	account->groups_count = (size_t)count;
}

int account_find(struct account *account, const char *user, const char *group)
{
	int rc = 0;

	account->uid = geteuid();
	account->gid = getegid();
	account->groups_count = 0;
	take_self(account);
	if (user[0] != '\0')
		rc = find_user(account, user);
	if (rc == 0 && group[0] != '\0')
		rc = find_group(account, group);
	account->changes =
		account->uid != geteuid() || account->gid != getegid();
	if (rc != 0 || !account->changes)
		return rc;
	if (geteuid() != 0)
		return -EPERM;
	find_groups(account);
	return 0;
}

int account_become(const struct account *account)
{
	if (!account->changes)
		return 0;
	if (setgroups(account->groups_count, account->groups) == -1 ||
	    setresgid(account->gid, account->gid, account->gid) == -1 ||
	    setresuid(account->uid, account->uid, account->uid) == -1)
		return -errno;
	return 0;
}
