/* faultfs - a directory seen through a mount that misbehaves on command.
 *
 *   faultfs DIR MOUNT CONTROL [cached|plain]
 *
 * Several mounts of one DIR are several machines on one shared storage: what
 * one wrote the others read at once, nothing is cached, and each has faults of
 * its own.  One that is "cached" keeps names, attributes and contents as a
 * client of NFS does: names and attributes may be old for CACHE_S, contents are
 * asked for anew when a file is opened, or read with O_DIRECT.  One that is
 * "plain" refuses O_DIRECT.  It stays in the foreground, until TERM or until it
 * is unmounted; killed, it fails all that hangs in it.  CONTROL is a Unix
 * socket that takes commands: faultfs_rules.h.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/faultfs_late.h"
#include "tests/lab/faultfs_rules.h"
#include "tests/lab/faultfs_stale.h"

#define THREADS 256 /* so many calls may hang */
#define CACHE_S 30

static int shown; /* the directory */
static bool cached;
static bool plain;

/* For calls that are done or fail: 0, or what to answer. */
static int pass(enum op op, const char *path)
{
	struct rule rule = rules_meet(op, path);

	return rule.action == FAIL ? (int)-rule.arg : 0;
}

/* ---- files ---- */

static const char *below(const char *path)
{
	return path[1] != '\0' ? path + 1 : ".";
}

static int answer(int rc)
{
	return rc == -1 ? -errno : 0;
}

static int do_open(const char *path, int flags, mode_t mode,
		   struct fuse_file_info *info)
{
	int rc = pass(OP_OPEN, path);
	int fd;

	if (rc == 0 && plain && (info->flags & O_DIRECT) != 0)
		rc = -EINVAL;
	if (rc != 0)
		return rc;
	flags |= info->flags & ~(O_DIRECT | O_SYNC | O_DSYNC);
	/* To cache is to read. */
	if (cached && (flags & O_ACCMODE) == O_WRONLY)
		flags = (flags & ~(O_ACCMODE | O_APPEND)) | O_RDWR;
	fd = openat(shown, below(path), flags | O_CLOEXEC, mode);
	if (fd == -1)
		return -errno;
	info->fh = (uint64_t)fd;
	/* No cache, as on another machine. */
	info->direct_io = !cached || (info->flags & O_DIRECT) != 0;
	return 0;
}

static int fs_open(const char *path, struct fuse_file_info *info)
{
	return do_open(path, 0, 0, info);
}

static int fs_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
	return do_open(path, O_CREAT, mode, info);
}

static int fs_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	close((int)info->fh);
	return 0;
}

static int fs_read(const char *path, char *buf, size_t size, off_t offset,
		   struct fuse_file_info *info)
{
	struct rule rule = rules_meet(OP_READ, path);
	ssize_t got;

	if (rule.action == FAIL)
		return (int)-rule.arg;
	if (rule.action == STALE)
		got = stale_read(path, (int)info->fh, buf, size, offset);
	else
		got = pread((int)info->fh, buf, size, offset);
	if (got > 0)
		rules_moved(OP_READ, path, (long)got);
	return got == -1 ? -errno : (int)got;
}

static int fs_write(const char *path, const char *buf, size_t size,
		    off_t offset, struct fuse_file_info *info)
{
	struct rule rule = rules_meet(OP_WRITE, path);
	int fd = (int)info->fh;
	ssize_t put;

	switch (rule.action) {
	case FAIL:
		return (int)-rule.arg;
	case LOST:
		return (int)size;
	case LATE:
		late_write(fd, buf, size, offset, rule.arg);
		return -EIO;
	case TORN:
		if (pwrite(fd, buf,
			   (size_t)rule.arg < size ? (size_t)rule.arg : size,
			   offset) == -1)
			return -errno;
		return -EIO;
	default:
		put = pwrite(fd, buf, size, offset);
		stale_write(path, buf, size, offset);
		if (put > 0)
			rules_moved(OP_WRITE, path, (long)put);
		return put == -1 ? -errno : (int)put;
	}
}

static int fs_fsync(const char *path, int data, struct fuse_file_info *info)
{
	struct rule rule = rules_meet(OP_SYNC, path);

	if (rule.action == FAIL || rule.action == LOST)
		return rule.action == FAIL ? (int)-rule.arg : 0;
	return answer(data ? fdatasync((int)info->fh) : fsync((int)info->fh));
}

/* DIR is on a disk that nobody unplugs here. */
static int fs_fsyncdir(const char *path, int data, struct fuse_file_info *info)
{
	(void)data, (void)info;
	return pass(OP_SYNC, path);
}

static int fs_truncate(const char *path, off_t size,
		       struct fuse_file_info *info)
{
	int rc = pass(OP_WRITE, path);
	int fd;

	if (rc != 0 || info != NULL)
		return rc != 0 ? rc : answer(ftruncate((int)info->fh, size));
	fd = openat(shown, below(path), O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	rc = answer(ftruncate(fd, size));
	close(fd);
	return rc;
}

/* ---- names ---- */

static int fs_getattr(const char *path, struct stat *st,
		      struct fuse_file_info *info)
{
	int rc = pass(OP_STAT, path);

	if (rc != 0)
		return rc;
	return answer(info != NULL ? fstat((int)info->fh, st)
				   : fstatat(shown, below(path), st,
					     AT_SYMLINK_NOFOLLOW));
}

static int fs_readdir(const char *path, void *buf, fuse_fill_dir_t fill,
		      off_t offset, struct fuse_file_info *info,
		      enum fuse_readdir_flags flags)
{
	int rc = pass(OP_STAT, path);
	const struct dirent *entry;
	DIR *list;
	int fd;

	(void)offset, (void)info, (void)flags;
	if (rc != 0)
		return rc;
	fd = openat(shown, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = fd != -1 ? fdopendir(fd) : NULL;
	if (list == NULL)
		return -errno;
	while ((entry = readdir(list)) != NULL)
		fill(buf, entry->d_name, NULL, 0, (enum fuse_fill_dir_flags)0);
	closedir(list);
	return 0;
}

static int fs_statfs(const char *path, struct statvfs *st)
{
	int rc = pass(OP_STAT, path);

	return rc != 0 ? rc : answer(fstatvfs(shown, st));
}

static int fs_mknod(const char *path, mode_t mode, dev_t device)
{
	int rc = pass(OP_NAME, path);

	return rc != 0 ? rc : answer(mknodat(shown, below(path), mode, device));
}

static int fs_mkdir(const char *path, mode_t mode)
{
	int rc = pass(OP_NAME, path);

	return rc != 0 ? rc : answer(mkdirat(shown, below(path), mode));
}

static int fs_unlink(const char *path)
{
	int rc = pass(OP_NAME, path);

	return rc != 0 ? rc : answer(unlinkat(shown, below(path), 0));
}

static int fs_rmdir(const char *path)
{
	int rc = pass(OP_NAME, path);

	return rc != 0 ? rc
		       : answer(unlinkat(shown, below(path), AT_REMOVEDIR));
}

static int fs_rename(const char *from, const char *to, unsigned flags)
{
	int rc = pass(OP_NAME, from);

	return rc != 0 ? rc
		       : answer(renameat2(shown, below(from), shown, below(to),
					  flags));
}

static int fs_link(const char *from, const char *to)
{
	int rc = pass(OP_NAME, to);

	return rc != 0 ? rc
		       : answer(linkat(shown, below(from), shown, below(to),
				       0));
}

static int fs_chmod(const char *path, mode_t mode, struct fuse_file_info *info)
{
	int rc = pass(OP_NAME, path);

	(void)info;
	return rc != 0 ? rc : answer(fchmodat(shown, below(path), mode, 0));
}

static int fs_chown(const char *path, uid_t uid, gid_t gid,
		    struct fuse_file_info *info)
{
	int rc = pass(OP_NAME, path);

	(void)info;
	return rc != 0 ? rc
		       : answer(fchownat(shown, below(path), uid, gid,
					 AT_SYMLINK_NOFOLLOW));
}

static int fs_utimens(const char *path, const struct timespec times[2],
		      struct fuse_file_info *info)
{
	int rc = pass(OP_NAME, path);

	(void)info;
	return rc != 0 ? rc
		       : answer(utimensat(shown, below(path), times,
					  AT_SYMLINK_NOFOLLOW));
}

static void *fs_init(struct fuse_conn_info *info, struct fuse_config *config)
{
	(void)info;
	config->entry_timeout = cached ? CACHE_S : 0;
	config->attr_timeout = cached ? CACHE_S : 0;
	config->negative_timeout = cached ? CACHE_S : 0;
	config->auto_cache = cached;
	config->use_ino = 1;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = fs_init,
	.open = fs_open,
	.create = fs_create,
	.release = fs_release,
	.read = fs_read,
	.write = fs_write,
	.fsync = fs_fsync,
	.fsyncdir = fs_fsyncdir,
	.truncate = fs_truncate,
	.getattr = fs_getattr,
	.readdir = fs_readdir,
	.statfs = fs_statfs,
	.mknod = fs_mknod,
	.mkdir = fs_mkdir,
	.unlink = fs_unlink,
	.rmdir = fs_rmdir,
	.rename = fs_rename,
	.link = fs_link,
	.chmod = fs_chmod,
	.chown = fs_chown,
	.utimens = fs_utimens,
};

static int run(struct fuse *fuse, const char *mount)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int rc = fuse_mount(fuse, mount);

	if (rc == 0) {
		fuse_loop_cfg_set_max_threads(config, THREADS);
		fuse_set_signal_handlers(fuse_get_session(fuse));
		rc = fuse_loop_mt(fuse, config);
		fuse_remove_signal_handlers(fuse_get_session(fuse));
		fuse_unmount(fuse);
	}
	fuse_loop_cfg_destroy(config);
	return rc;
}

int main(int argc, char **argv)
{
	char *args[] = { argv[0] };
	struct fuse_args fuse_args = FUSE_ARGS_INIT(1, args);
	struct fuse *fuse;

	cached = argc == 5 && strcmp(argv[4], "cached") == 0;
	plain = argc == 5 && strcmp(argv[4], "plain") == 0;
	if (argc != 4 && !cached && !plain) {
		fprintf(stderr, "usage: faultfs DIR MOUNT CONTROL [MODE]\n");
		return 2;
	}
	umask(0);
	shown = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (shown == -1 || rules_serve(argv[3]) == -1) {
		perror(shown == -1 ? argv[1] : argv[3]);
		return 1;
	}
	fuse = fuse_new(&fuse_args, &operations, sizeof(operations), NULL);
	if (fuse == NULL)
		return 1;
	return run(fuse, argv[2]) == 0 ? 0 : 1;
}
