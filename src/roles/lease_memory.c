/* lease_memory - see lease_role.h.
 *
 * The file names the lock it was written under by its inode, so that in a copy
 * of STATE it means nothing.  It needs no sync: what a power failure takes is
 * void after it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log.h"
#include "roles/lease_role.h"

#define MAGIC "hflease1"

struct memory {
	char magic[8];
	uint8_t boot_id[LEASE_BOOT_ID];
	uint64_t file_id; /* of the lease file */
	uint64_t device;  /* of STATE/lock */
	uint64_t inode;
	uint64_t incarnations[2]; /* the latest, and the one before */
};

static struct memory of_now(const struct lease_role *role)
{
	struct memory memory = { .file_id = role->file.header.file_id };
	struct stat lock;

	memcpy(memory.magic, MAGIC, sizeof(memory.magic));
	memcpy(memory.boot_id, role->boot_id, LEASE_BOOT_ID);
	if (fstat(role->heritage->state_lock, &lock) == 0) {
		memory.device = lock.st_dev;
		memory.inode = lock.st_ino;
	}
	return memory;
}

static void path_of(const struct lease_role *role, const char *suffix,
		    char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/lease%s", role->heritage->config->state,
		 suffix);
}

/* Reads what is remembered and still true. */
static bool recall(const struct lease_role *role, struct memory *memory)
{
	struct memory now = of_now(role);
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	path_of(role, "", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	got = read(fd, memory, sizeof(*memory));
	close(fd);
	return got == (ssize_t)sizeof(*memory) && now.inode != 0 &&
	       memcmp(memory, &now, offsetof(struct memory, incarnations)) == 0;
}

bool lease_memory_has(const struct lease_role *role, uint64_t incarnation)
{
	struct memory memory;

	return recall(role, &memory) &&
	       (memory.incarnations[0] == incarnation ||
		memory.incarnations[1] == incarnation);
}

static int put(const char *path, const struct memory *memory)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t done;

	if (fd == -1)
		return -errno;
	done = write(fd, memory, sizeof(*memory));
	close(fd);
	return done == (ssize_t)sizeof(*memory) ? 0 : -EIO;
}

void lease_memory_add(const struct lease_role *role, uint64_t incarnation)
{
	struct memory memory = of_now(role);
	struct memory before;
	char path[PATH_MAX];
	char temporary[PATH_MAX];
	int rc;

	memory.incarnations[0] = incarnation;
	if (recall(role, &before))
		memory.incarnations[1] = before.incarnations[0];
	path_of(role, "", path);
	path_of(role, ".new", temporary);
	rc = put(temporary, &memory);
	if (rc == 0 && rename(temporary, path) == -1)
		rc = -errno;
	if (rc != 0)
		log_warn(rc,
			 "lease: cannot write %s, a restart of the node "
			 "will wait for a lease",
			 path);
}
