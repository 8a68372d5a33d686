#define _GNU_SOURCE
#include "tests/lab/faultfs_stale.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/faultfs_rules.h"

#define FILES_MAX 16

static struct stale {
	char path[RULE_PATTERN_SIZE];
	int copy;
	unsigned long clears; /* it is of the time after so many */
} files[FILES_MAX];
static size_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct stale *find(const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

static void copy(const struct stale *file, int fd)
{
	char bytes[65536];
	off_t offset = 0;
	ssize_t got;

	while ((got = pread(fd, bytes, sizeof(bytes), offset)) > 0) {
		if (pwrite(file->copy, bytes, (size_t)got, offset) != got)
			perror("faultfs: a copy");
		offset += got;
	}
}

/* NULL: there are too many. */
static struct stale *keep(const char *path, int fd)
{
	struct stale *file = find(path);

	if (file == NULL) {
		if (count == FILES_MAX || strlen(path) >= sizeof(file->path))
			return NULL;
		file = &files[count++];
		strcpy(file->path, path);
		file->copy = memfd_create("stale", MFD_CLOEXEC);
		file->clears = rules_clears();
		copy(file, fd);
	} else if (file->clears != rules_clears()) {
		file->clears = rules_clears();
		if (ftruncate(file->copy, 0) == -1)
			perror("faultfs: a copy");
		copy(file, fd);
	}
	return file;
}

ssize_t stale_read(const char *path, int fd, void *buf, size_t size,
		   off_t offset)
{
	const struct stale *file;
	ssize_t got;

	pthread_mutex_lock(&lock);
	file = keep(path, fd);
	got = pread(file != NULL ? file->copy : fd, buf, size, offset);
	pthread_mutex_unlock(&lock);
	return got;
}

void stale_write(const char *path, const void *buf, size_t size, off_t offset)
{
	const struct stale *file;

	pthread_mutex_lock(&lock);
	file = find(path);
	if (file != NULL &&
	    pwrite(file->copy, buf, size, offset) != (ssize_t)size)
		perror("faultfs: a copy");
	pthread_mutex_unlock(&lock);
}
