#define _GNU_SOURCE
#include "io/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/whole.h"

struct removal {
	dev_t device; /* of all that goes */
	const struct tree_rest *rest;
};

static int remove_at(int dir_fd, const char *name,
		     const struct removal *removal, int depth);

static int remove_entries(int fd, const struct removal *removal, int depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL) {
		rc = -errno;
		close(fd);
		return rc;
	}
	while ((entry = readdir(dir)) != NULL) {
		int one;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		one = remove_at(dirfd(dir), entry->d_name, removal, depth + 1);
		if (rc == 0)
			rc = one;
	}
	closedir(dir);
	return rc;
}

/* One that its owner has locked is unlocked; of root nothing is. */
static int open_dir(int dir_fd, const char *name)
{
	const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool locked = geteuid() != 0;
	int fd = openat(dir_fd, name, how);

	if (fd == -1 && errno == EACCES && locked &&
	    fchmodat(dir_fd, name, S_IRWXU, 0) == 0)
		fd = openat(dir_fd, name, how);
	if (fd == -1)
		return -errno;
	if (locked)
		(void)fchmod(fd, S_IRWXU);
	return fd;
}

static int remove_dir(int dir_fd, const char *name,
		      const struct removal *removal, int depth)
{
	struct stat st;
	int rc;
	int fd;

	if (depth > TREE_DEPTH_MAX)
		return -ELOOP;
	fd = open_dir(dir_fd, name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == -1 || st.st_dev != removal->device) {
		close(fd);
		return -EXDEV;
	}
	rc = remove_entries(fd, removal, depth);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == -1 && rc == 0)
		rc = -errno;
	return rc;
}

static int remove_at(int dir_fd, const char *name,
		     const struct removal *removal, int depth)
{
	int rc = 0;

	if (unlinkat(dir_fd, name, 0) == -1) {
		if (errno == ENOENT)
			return 0;
		rc = errno == EISDIR || errno == EPERM
			     ? remove_dir(dir_fd, name, removal, depth)
			     : -errno;
	}
	if (removal->rest != NULL)
		removal->rest->rest(removal->rest->arg);
	return rc;
}

int tree_remove_calmly(int dir_fd, const char *name,
		       const struct tree_rest *rest)
{
	struct removal removal = { .rest = rest };
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -errno;
	removal.device = st.st_dev;
	return remove_at(dir_fd, name, &removal, 0);
}

int tree_remove(int dir_fd, const char *name)
{
	return tree_remove_calmly(dir_fd, name, NULL);
}

int tree_write(int dir_fd, const char *name, const void *buf, size_t len)
{
	int rc;
	int fd = openat(dir_fd, name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);

	if (fd == -1)
		return -errno;
	rc = whole_write(fd, buf, len);
	close(fd);
	if (rc != 0)
		unlinkat(dir_fd, name, 0);
	return rc;
}
