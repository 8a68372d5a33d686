#define _GNU_SOURCE
#include "io/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of statx(2), which some C libraries do not know. */
#define FORCE_SYNC  0x2000 /* AT_STATX_FORCE_SYNC */
#define TYPE_ONLY   1	   /* STATX_TYPE */
#define STATX_WORDS 32	   /* 64 bits each, of what it fills in */

/* Layout of the kernel (getdents64(2)). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* Network file systems may leave it to us to find out. */
static bool is_directory(int dir, const struct entry *entry)
{
	struct stat st;

	if (entry->type != DT_UNKNOWN)
		return entry->type == DT_DIR;
	return fstatat(dir, entry->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

int names_each(int dir, names_fn *fn, void *arg)
{
	_Alignas(struct entry) char buf[4096];
	/* A description of its own: DIR's position stays where it is. */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;
	int rc;

	if (fd == -1)
		return -errno;
	while ((got = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const void *)(buf + at);

			if (strcmp(entry->name, ".") != 0 &&
			    strcmp(entry->name, "..") != 0)
				fn(arg, entry->name, is_directory(fd, entry));
			at += entry->len;
		}
	}
	rc = got == -1 ? -errno : 0;
	close(fd);
	return rc;
}

int names_refresh(const char *path)
{
	uint64_t st[STATX_WORDS];

	return syscall(SYS_statx, AT_FDCWD, path, FORCE_SYNC, TYPE_ONLY, st) ==
			       -1
		       ? -errno
		       : 0;
}
