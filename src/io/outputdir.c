#define _GNU_SOURCE
#include "io/outputdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/out.h"
#include "io/names.h"
#include "io/outputdir_parts.h"
#include "io/tree.h"

#define MAKE_TRIES  4	 /* what is empty may be swept between two steps */
#define DIRS_SYNCED 4	 /* TOKEN, ID, jobs, SHARED: each names the next */
#define MODE_PASS   0711 /* others may pass through, not look around */
#define MODE_OPEN   0710 /* the node's group may open what it knows */
#define MODE_CLOSED 0750

int outputdir_join(char *buf, size_t cap, const char *dir, const char *name)
{
	struct out out = out_init(buf, cap);

	out_string(&out, dir);
	out_char(&out, '/');
	out_string(&out, name);
	return out_end(&out) == 0 ? 0 : -ENAMETOOLONG;
}

bool outputdir_cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* Whom SHARED belongs to, SHARED being three levels up. */
static int find_owner(struct outputdir *dir)
{
	char path[PATH_MAX];
	struct stat st;

	dir->chowns = geteuid() == 0;
	if (!dir->chowns)
		return 0;
	memcpy(path, dir->path, sizeof(path));
	for (int i = 0; i < 3; i++)
		if (!outputdir_cut(path))
			return -EINVAL;
	if (stat(path, &st) == -1)
		return -errno;
	dir->node_uid = st.st_uid;
	dir->node_gid = st.st_gid;
	return 0;
}

static int give_to_node(const struct outputdir *dir, const char *path)
{
	if (dir->chowns && (dir->node_uid != 0 || dir->node_gid != 0) &&
	    lchown(path, dir->node_uid, dir->node_gid) == -1)
		return -errno;
	return 0;
}

/* 1: it was there. */
static int make_one(const struct outputdir *dir, const char *path)
{
	if (mkdir(path, MODE_PASS) == -1)
		return errno == EEXIST ? 1 : -errno;
	return give_to_node(dir, path);
}

/* Makes jobs/ID; jobs is there but for the first time ever. */
static int make_parents(struct outputdir *dir)
{
	char id[PATH_MAX];
	char jobs[PATH_MAX];
	int rc;

	memcpy(id, dir->path, sizeof(id));
	if (!outputdir_cut(id))
		return -EINVAL;
	rc = make_one(dir, id);
	if (rc == -ENOENT) {
		memcpy(jobs, id, sizeof(jobs));
		if (!outputdir_cut(jobs))
			return -EINVAL;
		rc = make_one(dir, jobs);
		if (rc >= 0)
			rc = make_one(dir, id);
	}
	dir->has_earlier = rc == 1;
	return rc < 0 ? rc : 0;
}

/* A token is used once: what is there already is not ours. */
static int make_own(struct outputdir *dir)
{
	int rc = -ENOENT;

	for (int i = 0; i < MAKE_TRIES && rc == -ENOENT; i++) {
		rc = make_parents(dir);
		if (rc == 0 && mkdir(dir->path, MODE_OPEN) == -1)
			rc = -errno;
	}
	return rc;
}

static int make_all(struct outputdir *dir)
{
	int rc = make_own(dir);

	if (rc != 0)
		return rc;
	if (mkdir(dir->scratch, S_IRWXU) == -1) {
		rc = -errno;
		rmdir(dir->path);
		return rc;
	}
	if (dir->chowns && dir->uid != 0 &&
	    lchown(dir->scratch, dir->uid, (gid_t)-1) == -1)
		return -errno;
	if (dir->chowns && (dir->uid != 0 || dir->node_gid != 0) &&
	    lchown(dir->path, dir->uid, dir->node_gid) == -1)
		return -errno;
	return 0;
}

int outputdir_make(struct outputdir *dir, const char *path, uid_t uid)
{
	struct out out = out_init(dir->path, sizeof(dir->path));
	int rc;

	dir->used = path[0] != '\0';
	if (!dir->used)
		return 0;
	dir->uid = uid;
	out_string(&out, path);
	rc = out_end(&out) == 0 ? 0 : -ENAMETOOLONG;
	if (rc == 0)
		rc = outputdir_join(dir->scratch, sizeof(dir->scratch), path,
				    "scratch");
	if (rc == 0)
		rc = find_owner(dir);
	return rc == 0 ? make_all(dir) : rc;
}

int outputdir_create(const struct outputdir *dir, const char *name)
{
	char path[PATH_MAX];
	int rc = dir->used ? outputdir_join(path, sizeof(path), dir->path, name)
			   : -ENOENT;
	int fd;

	if (rc != 0)
		return rc;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  S_IRUSR | S_IWUSR | S_IRGRP);
	if (fd == -1)
		return -errno;
	if (dir->chowns && (dir->node_uid != 0 || dir->node_gid != 0) &&
	    fchown(fd, dir->node_uid, dir->node_gid) == -1) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

struct sum {
	int dir;
	bool inner; /* in a directory beside the output */
	uint64_t bytes;
};

static void add_dir(int at, const char *name, struct sum *sum);

/* What is made beside the output, to be renamed at the end, counts as well. */
static void add_file(void *arg, const char *name, bool is_directory)
{
	struct sum *sum = arg;
	struct stat st;

	if (is_directory) {
		if (!sum->inner && strncmp(name, "output", 6) == 0)
			add_dir(sum->dir, name, sum);
		return;
	}
	if (strcmp(name, "log") != 0 && strcmp(name, "state") != 0 &&
	    strcmp(name, "checkpoint") != 0 &&
	    fstatat(sum->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		sum->bytes += (uint64_t)st.st_size;
}

static void add_dir(int at, const char *name, struct sum *sum)
{
	struct sum inside = { .inner = sum->dir != -1 };

	inside.dir = openat(at, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inside.dir == -1)
		return;
	names_each(inside.dir, add_file, &inside);
	close(inside.dir);
	sum->bytes += inside.bytes;
}

uint64_t outputdir_size(const struct outputdir *dir)
{
	struct sum sum = { .dir = -1 };

	if (dir->used)
		add_dir(AT_FDCWD, dir->path, &sum);
	return sum.bytes;
}

static int sync_file(const struct outputdir *dir, const char *path,
		     uint64_t *size)
{
	/* NONBLOCK: a FIFO of that name must not hold us up. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd == -1)
		return errno == ELOOP || errno == ENXIO ? -EINVAL : -errno;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) ||
		 (st.st_uid != dir->uid && dir->chowns && dir->uid != 0))
		rc = -EINVAL;
	if (rc == 0 && dir->chowns &&
	    (fchown(fd, dir->node_uid, dir->node_gid) == -1 ||
	     fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP) == -1))
		rc = -errno;
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	close(fd);
	*size = (uint64_t)st.st_size;
	return rc;
}

static int sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1)
		return -errno;
	/* Some file systems can't sync a directory, and needn't. */
	if (fsync(fd) == -1 && errno != EINVAL)
		rc = -errno;
	close(fd);
	return rc;
}

int outputdir_publish(const struct outputdir *dir, uint64_t *size)
{
	char path[PATH_MAX];
	int rc = dir->used ? outputdir_join(path, sizeof(path), dir->path,
					    "output")
			   : -ENOENT;

	/* First the directory: then nobody can put another file in its
	 * place. */
	if (rc == 0 && dir->chowns &&
	    (lchown(dir->path, dir->node_uid, dir->node_gid) == -1 ||
	     chmod(dir->path, MODE_CLOSED) == -1))
		rc = -errno;
	if (rc == 0)
		rc = sync_file(dir, path, size);
	for (int i = 0; rc == 0 && i < DIRS_SYNCED && outputdir_cut(path); i++)
		rc = sync_dir(path);
	return rc;
}

bool outputdir_tidy(const struct outputdir *dir)
{
	char parent[PATH_MAX];

	if (!dir->used)
		return false;
	if (rmdir(dir->scratch) == -1 && errno != ENOENT)
		return true;
	if (rmdir(dir->path) == 0) {
		memcpy(parent, dir->path, sizeof(parent));
		if (outputdir_cut(parent))
			(void)rmdir(parent);
	}
	return false;
}

void outputdir_clear(const struct outputdir *dir)
{
	int fd;

	if (!dir->used)
		return;
	fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)tree_remove(fd, "scratch");
	close(fd);
}
