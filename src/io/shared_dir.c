#define _GNU_SOURCE
#include "io/shared_dir.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "io/log.h"

#define NAME_LEN	 10 /* digits of a segment's name */
#define SEGMENT_NAME_MAX 32
#define ZERO_BYTES	 (64 * 1024)

static struct shared_dir *dir_of(struct shared *shared)
{
	return (struct shared_dir *)shared; /* its first member */
}

static void segment_name(char name[SEGMENT_NAME_MAX], uint32_t number)
{
	snprintf(name, SEGMENT_NAME_MAX, "%0*" PRIu32, NAME_LEN, number);
}

/* A lasting failure is told once, not at every turn. */
static int tell(struct shared_dir *dir, int rc, const char *what,
		uint32_t number)
{
	if (rc != 0 && rc != -EEXIST && rc != dir->told)
		log_err(rc, "shared: cannot %s %s/%0*" PRIu32, what, dir->path,
			NAME_LEN, number);
	if (rc != -EEXIST)
		dir->told = rc;
	return rc;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of another node's journal: what is not there is no failure, it may not be
 * there yet or not any more.
 */
static int tell_of(struct shared_dir *dir, int rc, const char *what,
		   const char *node, uint32_t number)
{
	if (strcmp(node, dir->node) == 0)
		return tell(dir, rc, what, number);
	if (rc != 0 && rc != -ENOENT && rc != dir->told_other) {
		log_err(rc, "shared: cannot %s journal/%s/%0*" PRIu32, what,
			node, NAME_LEN, number);
		dir->told_other = rc;
	}
	return rc;
}

static int dir_segments(struct shared *shared, const char *node,
			uint32_t *numbers, size_t cap)
{
	struct shared_dir *dir = dir_of(shared);
	int fd = openat(dir->journal, node, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	size_t count = 0;
	int rc = 0;

	if (list == NULL) {
		rc = -errno;
		if (fd != -1)
			close(fd);
		return tell_of(dir, rc, "list the directory of", node, 0);
	}
	while (errno = 0, (entry = readdir(list)) != NULL) {
		struct text name = text_of(entry->d_name);
		uint64_t number;

		if (name.len != NAME_LEN ||
		    !text_to_u64(name, UINT32_MAX, &number) || number == 0)
			continue;
		if (count == cap) {
			rc = -E2BIG;
			break;
		}
		numbers[count++] = (uint32_t)number;
	}
	if (rc == 0 && errno != 0)
		rc = -errno;
	closedir(list);
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	if (rc != 0)
		return tell_of(dir, rc, "list the directory of", node, 0);
	return (int)count;
}

static void reader_close(struct shared_dir *dir)
{
	if (dir->reader != -1)
		close(dir->reader);
	dir->reader = -1;
}

/* Network file systems look whether what they cached is still so when a file
 * is opened, and seldom else.  Some tell it by a time that two writes in quick
 * succession share, so what is cached is dropped besides.
 */
static void dir_refresh(struct shared *shared)
{
	struct shared_dir *dir = dir_of(shared);

	reader_close(dir);
	dir->refresh = true;
}

/* Keeps the segment it read last open: reads come in long runs. */
static int reader_open(struct shared_dir *dir, const char *node,
		       uint32_t number)
{
	char name[SEGMENT_NAME_MAX];
	int own;
	int rc = 0;

	if (dir->reader != -1 && dir->reader_number == number &&
	    strcmp(dir->reader_node, node) == 0)
		return 0;
	reader_close(dir);
	own = openat(dir->journal, node, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own == -1)
		return -errno;
	segment_name(name, number);
	dir->reader = openat(own, name, O_RDONLY | O_CLOEXEC);
	if (dir->reader == -1)
		rc = -errno;
	else if (dir->refresh)
		posix_fadvise(dir->reader, 0, 0, POSIX_FADV_DONTNEED);
	dir->refresh = dir->refresh && rc != 0;
	close(own);
	dir->reader_number = number;
	text_copy(text_of(node), dir->reader_node, sizeof(dir->reader_node));
	return rc;
}

static ssize_t dir_read(struct shared *shared, const char *node,
			uint32_t number, uint64_t offset, void *buf, size_t len)
{
	struct shared_dir *dir = dir_of(shared);
	int rc = reader_open(dir, node, number);
	ssize_t got;

	if (rc == 0) {
		do {
			got = pread(dir->reader, buf, len, (off_t)offset);
		} while (got == -1 && errno == EINTR);
		if (got >= 0)
			return got;
		rc = -errno;
		reader_close(dir);
	}
	return tell_of(dir, rc, "read", node, number);
}

static int write_all(int fd, const void *buf, size_t len, uint64_t offset)
{
	const char *at = buf;

	while (len > 0) {
		ssize_t put = pwrite(fd, at, len, (off_t)offset);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return -errno;
		if (put == 0)
			return -EIO;
		at += put;
		offset += (uint64_t)put;
		len -= (size_t)put;
	}
	return 0;
}

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
	static const char zeros[ZERO_BYTES];
	int rc = 0;

	while (from < to && rc == 0) {
		size_t len = to - from < ZERO_BYTES ? (size_t)(to - from)
						    : ZERO_BYTES;

		rc = write_all(fd, zeros, len, from);
		from += len;
	}
	return rc;
}

static int dir_begin(struct shared *shared, uint32_t number, uint64_t bytes)
{
	struct shared_dir *dir = dir_of(shared);
	char name[SEGMENT_NAME_MAX];
	int fd;
	int rc;

	segment_name(name, number);
	fd = openat(dir->own, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd == -1)
		return tell(dir, -errno, "begin", number);
	rc = write_zeros(fd, 0, bytes);
	if (rc == 0 && (fsync(fd) != 0 || fsync(dir->own) != 0))
		rc = -errno;
	if (rc != 0) {
		close(fd);
		unlinkat(dir->own, name, 0);
		return tell(dir, rc, "begin", number);
	}
	if (dir->segment != -1)
		close(dir->segment);
	dir->segment = fd;
	dir->number = number;
	dir->size = bytes;
	return tell(dir, 0, "begin", number);
}

static int dir_grow(struct shared *shared, uint64_t bytes)
{
	struct shared_dir *dir = dir_of(shared);
	int rc = write_zeros(dir->segment, dir->size, bytes);

	if (rc == 0 && fdatasync(dir->segment) != 0) {
		/* -ENOSPC too: it may be about what was written before, and
		 * the kernel will not say so a second time. */
		tell(dir, -errno, "sync", dir->number);
		return -EIO;
	}
	if (rc == 0)
		dir->size = bytes;
	else if (ftruncate(dir->segment, (off_t)dir->size) != 0)
		log_warn(-errno, "shared: cannot cut %s/%0*" PRIu32, dir->path,
			 NAME_LEN, dir->number);
	return tell(dir, rc, "grow", dir->number);
}

static int dir_write(struct shared *shared, uint64_t offset, const void *buf,
		     size_t len)
{
	struct shared_dir *dir = dir_of(shared);

	assert(offset + len <= dir->size);
	return tell(dir, write_all(dir->segment, buf, len, offset), "write",
		    dir->number);
}

static int dir_sync(struct shared *shared)
{
	struct shared_dir *dir = dir_of(shared);

	return tell(dir, fdatasync(dir->segment) != 0 ? -errno : 0, "sync",
		    dir->number);
}

static int dir_remove(struct shared *shared, uint32_t number)
{
	struct shared_dir *dir = dir_of(shared);
	char name[SEGMENT_NAME_MAX];
	int rc = 0;

	segment_name(name, number);
	if ((unlinkat(dir->own, name, 0) != 0 && errno != ENOENT) ||
	    fsync(dir->own) != 0)
		rc = -errno;
	return tell(dir, rc, "remove", number);
}

static int dir_set_aside(struct shared *shared, uint32_t number)
{
	struct shared_dir *dir = dir_of(shared);
	char name[SEGMENT_NAME_MAX];
	char aside[SEGMENT_NAME_MAX];
	int rc = 0;

	segment_name(name, number);
	snprintf(aside, sizeof(aside), "%0*" PRIu32 ".damaged", NAME_LEN,
		 number);
	if (renameat(dir->own, name, dir->own, aside) != 0 ||
	    fsync(dir->own) != 0)
		rc = -errno;
	else
		log_warn(0, "shared: set aside %s/%s", dir->path, aside);
	return tell(dir, rc, "set aside", number);
}

static int dir_forget(struct shared *shared, const char *node)
{
	struct shared_dir *dir = dir_of(shared);
	uint32_t numbers[SHARED_SEGMENTS_MAX] = { 0 };
	int count = dir_segments(shared, node, numbers, SHARED_SEGMENTS_MAX);
	int own =
		openat(dir->journal, node, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = own == -1 ? -errno : 0;

	if (count < 0)
		rc = count;
	for (int i = 0; rc == 0 && i < count; i++) {
		char name[SEGMENT_NAME_MAX];

		segment_name(name, numbers[i]);
		if (unlinkat(own, name, 0) != 0 && errno != ENOENT)
			rc = -errno;
	}
	if (own != -1)
		close(own);
	/* Stays when something was set aside. */
	if (rc == 0)
		(void)unlinkat(dir->journal, node, AT_REMOVEDIR);
	return rc == -ENOENT ? 0 : tell_of(dir, rc, "remove", node, 0);
}

static const struct shared_ops dir_ops = {
	.segments = dir_segments,
	.read = dir_read,
	.refresh = dir_refresh,
	.begin = dir_begin,
	.grow = dir_grow,
	.write = dir_write,
	.sync = dir_sync,
	.remove = dir_remove,
	.set_aside = dir_set_aside,
	.forget = dir_forget,
};

/* Makes directory NAME below AT where it is missing, and opens it. */
static int make_dir(int at, const char *name)
{
	int fd;

	if (mkdirat(at, name, 0750) == 0) {
		if (fsync(at) != 0)
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd != -1 ? fd : -errno;
}

int shared_dir_open(struct shared_dir *dir, const char *path, const char *node,
		    int told)
{
	int top;
	int rc = 0;

	*dir = (struct shared_dir){ .shared = { &dir_ops },
				    .journal = -1,
				    .own = -1,
				    .segment = -1,
				    .reader = -1 };
	text_copy(text_of(node), dir->node, sizeof(dir->node));
	snprintf(dir->path, sizeof(dir->path), "%s/journal/%s", path, node);
	top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top == -1) {
		rc = -errno;
		if (rc != told)
			log_err(rc,
				"shared: cannot open the shared directory %s",
				path);
		return rc;
	}
	dir->journal = make_dir(top, "journal");
	dir->own =
		dir->journal >= 0 ? make_dir(dir->journal, node) : dir->journal;
	close(top);
	if (dir->own < 0) {
		rc = dir->own;
		if (rc != told)
			log_err(rc, "shared: cannot make %s", dir->path);
		shared_dir_close(dir);
	}
	return rc;
}

void shared_dir_close(struct shared_dir *dir)
{
	int fds[] = { dir->journal, dir->own, dir->segment, dir->reader };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	dir->journal = dir->own = dir->segment = dir->reader = -1;
}
