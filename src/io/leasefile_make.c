/* Making the lease file, and taking slots and numbers: all by creation under
 * a name that nobody else has (O11).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/leasefile.h"
#include "io/log.h"
#include "io/whole.h"

#define NUMBERS_KEPT 4
#define MEMBER_MAX   (LEASE_NAME_MAX + 32)

static uint64_t random_u64(void)
{
	uint64_t value;

	randombytes_buf(&value, sizeof(value));
	return value;
}

static int dir_sync(int dir)
{
	return fsync(dir) == -1 ? -errno : 0;
}

static int dir_open(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd == -1 ? -errno : fd;
}

/* Zeros first, then the header, each synced (S4). */
static int fill(int fd, const struct lease_header *header)
{
	static const uint8_t zeros[LEASE_STRIDE];
	uint8_t bytes[LEASE_RECORD];
	uint32_t blocks = 1 + 2 * header->terms.slots;
	int rc = 0;

	for (uint32_t i = 0; i < blocks && rc == 0; i++)
		rc = whole_write(fd, zeros, sizeof(zeros));
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	lease_header_encode(header, bytes);
	if (rc == 0 &&
	    pwrite(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		rc = -EIO;
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	return rc;
}

/* Gives the file TEMPORARY the name NAME unless somebody has it.  The answer
 * to link() may be lost and the retry then fails: so the count of names is
 * what tells (O11).
 */
static int name_it(int dir, int fd, const char *temporary, const char *name)
{
	struct stat stat;
	int rc = linkat(dir, temporary, dir, name, 0) == -1 ? -errno : 0;

	if (rc == -EEXIST && fstat(fd, &stat) == 0 && stat.st_nlink == 2)
		rc = 0;
	unlinkat(dir, temporary, 0);
	return rc != 0 ? rc : dir_sync(dir);
}

/* A new file under a name of its own. */
static int temporary_open(int dir, char name[64])
{
	int fd;

	snprintf(name, 64, ".new-%016" PRIx64, random_u64());
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd == -1 ? -errno : fd;
}

static bool has_members(int members)
{
	int fd = openat(members, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool found = false;

	if (list == NULL) {
		if (fd != -1)
			close(fd);
		return true; /* who knows */
	}
	while (!found && (entry = readdir(list)) != NULL)
		found = entry->d_name[0] != '.';
	closedir(list);
	return found;
}

static int make_in(int dir, int members, const struct lease_terms *terms)
{
	struct lease_header header = { random_u64(), *terms };
	char temporary[64];
	int fd;
	int rc;

	if (faccessat(dir, "lease", F_OK, 0) == 0)
		return 0;
	if (has_members(members))
		return -ESTALE;
	fd = temporary_open(dir, temporary);
	if (fd < 0)
		return fd;
	rc = fill(fd, &header);
	if (rc == 0)
		rc = name_it(dir, fd, temporary, "lease");
	else
		unlinkat(dir, temporary, 0);
	close(fd);
	return rc == -EEXIST ? 0 : rc;
}

int leasefile_make(const char *path, const struct lease_terms *terms, int told)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int members = dir != -1 ? dir_open(path, "members") : -errno;
	int rc = members < 0 ? members : make_in(dir, members, terms);

	if (rc == -ESTALE && rc != told)
		log_err(0,
			"lease: %s/lease is gone, though %s/members names "
			"nodes; it is not made again: bring it back, or stop "
			"all nodes and remove members",
			path, path);
	else if (rc != 0 && rc != told)
		log_err(rc, "lease: cannot make %s/lease", path);
	if (members >= 0)
		close(members);
	if (dir != -1)
		close(dir);
	return rc;
}

/* What members/SLOT says: 1 if it is TEXT, 0 if another's, or -errno. */
static int member_is(int members, uint32_t slot, const char *text)
{
	char name[16];
	char found[MEMBER_MAX] = "";
	ssize_t got;
	int fd;

	snprintf(name, sizeof(name), "%" PRIu32, slot);
	fd = openat(members, name, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	got = read(fd, found, sizeof(found) - 1);
	close(fd);
	if (got < 0)
		return -EIO;
	/* The id of the file comes first and is the same for all. */
	if (strncmp(found, text, 17) != 0)
		return -ESTALE;
	return strcmp(found, text) == 0;
}

static int member_take(int members, uint32_t slot, const char *text)
{
	char temporary[64];
	char name[16];
	int fd = temporary_open(members, temporary);
	int rc;

	if (fd < 0)
		return fd;
	snprintf(name, sizeof(name), "%" PRIu32, slot);
	rc = whole_write(fd, text, strlen(text));
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	if (rc == 0)
		rc = name_it(members, fd, temporary, name);
	else
		unlinkat(members, temporary, 0);
	close(fd);
	return rc;
}

/* All slots are asked whose they are before one is taken: a node keeps its
 * own even when one below was given up since.
 */
static int slot_in(int members, const struct lease_header *header,
		   const char *text, uint32_t *slot)
{
	for (*slot = 0; *slot < header->terms.slots; ++*slot) {
		int rc = member_is(members, *slot, text);

		if (rc == 1)
			return 0;
		if (rc < 0 && rc != -ENOENT)
			return rc;
	}
	for (*slot = 0; *slot < header->terms.slots; ++*slot) {
		int rc = member_take(members, *slot, text);

		if (rc != -EEXIST)
			return rc;
	}
	return -ENOSPC;
}

static void member_text(char text[MEMBER_MAX],
			const struct lease_header *header, const char *node)
{
	snprintf(text, MEMBER_MAX, "%016" PRIx64 " %.*s\n", header->file_id,
		 LEASE_NAME_MAX, node);
}

int leasefile_restore(const char *path, const struct lease_header *header,
		      const char *node, uint32_t slot)
{
	char text[MEMBER_MAX];
	int members = dir_open(path, "members");
	int rc;

	if (members < 0)
		return members;
	member_text(text, header, node);
	rc = member_is(members, slot, text);
	if (rc == -ENOENT)
		rc = member_take(members, slot, text);
	close(members);
	return rc < 0 && rc != -EEXIST ? rc : 0;
}

int leasefile_slot(const char *path, const struct lease_header *header,
		   const char *node, uint32_t *slot)
{
	char text[MEMBER_MAX];
	int members = dir_open(path, "members");
	int rc;

	if (members < 0)
		return members;
	member_text(text, header, node);
	rc = slot_in(members, header, text, slot);
	close(members);
	return rc;
}

/* The highest number that was ever taken for SLOT and is still there. */
static int highest_number(int members, uint32_t slot, uint64_t *highest)
{
	int fd = openat(members, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (list == NULL) {
		int rc = -errno;

		if (fd != -1)
			close(fd);
		return rc;
	}
	while ((entry = readdir(list)) != NULL) {
		const char *dot = strchr(entry->d_name, '.');
		uint64_t owner;
		uint64_t number;

		if (dot != NULL &&
		    text_to_u64((struct text){ entry->d_name,
					       (size_t)(dot - entry->d_name) },
				UINT32_MAX, &owner) &&
		    owner == slot &&
		    text_to_u64(text_of(dot + 1), UINT64_MAX - 1, &number) &&
		    number > *highest)
			*highest = number;
	}
	closedir(list);
	return 0;
}

static int number_take(int members, uint32_t slot, uint64_t number)
{
	char name[48];
	int fd;

	snprintf(name, sizeof(name), "%" PRIu32 ".%" PRIu64, slot, number);
	fd = openat(members, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd == -1)
		return -errno;
	close(fd);
	if (number > NUMBERS_KEPT) {
		snprintf(name, sizeof(name), "%" PRIu32 ".%" PRIu64, slot,
			 number - NUMBERS_KEPT);
		unlinkat(members, name, 0);
	}
	return dir_sync(members);
}

int leasefile_number(const char *path, uint32_t slot, uint64_t above,
		     uint64_t *number)
{
	int members = dir_open(path, "members");
	int rc;

	if (members < 0)
		return members;
	*number = above;
	/* The list may be old (S12): creation decides. */
	rc = highest_number(members, slot, number);
	if (rc == 0)
		do {
			++*number;
			rc = number_take(members, slot, *number);
		} while (rc == -EEXIST);
	close(members);
	return rc;
}
