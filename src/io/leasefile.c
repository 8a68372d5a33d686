#define _GNU_SOURCE
#include "io/leasefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/log.h"
#include "io/statedir.h"

#define SLOT_BYTES (2 * LEASE_STRIDE)
#define FUSE_MAGIC 0x65735546UL

/* Is it on a file system that no other machine sees, by another way? */
static bool is_local(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return false;
	return ((unsigned long)fs.f_type & 0xffffffffUL) != FUSE_MAGIC &&
	       statedir_network_name((unsigned long)fs.f_type & 0xffffffffUL) ==
		       NULL;
}

/* Memory for one block to write and SLOTS to read: shared, so that no fork
 * makes copies of pages a transfer is under way to (S7).
 */
static int memory_open(struct leasefile *file, uint32_t slots)
{
	size_t bytes = LEASE_STRIDE + (size_t)slots * SLOT_BYTES;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	(void)madvise(memory, bytes, MADV_DONTFORK);
	file->memory = memory;
	file->memory_bytes = bytes;
	return 0;
}

static void memory_close(struct leasefile *file)
{
	if (file->memory != NULL)
		munmap(file->memory, file->memory_bytes);
	file->memory = NULL;
}

static int read_all(int fd, void *buf, size_t len, uint64_t offset)
{
	ssize_t got;

	do {
		got = pread(fd, buf, len, (off_t)offset);
	} while (got == -1 && errno == EINTR);
	if (got == -1)
		return -errno;
	return (size_t)got == len ? 0 : -EIO;
}

int leasefile_read(struct leasefile *file, uint32_t slots)
{
	if (slots > file->header.terms.slots)
		return -EINVAL;
	return read_all(file->fd, file->memory + LEASE_STRIDE,
			(size_t)slots * SLOT_BYTES, LEASE_STRIDE);
}

const uint8_t *leasefile_block(const struct leasefile *file, uint32_t slot,
			       unsigned block)
{
	/* As in the file: what is written takes the place of the header. */
	return file->memory + lease_block_offset(slot, block);
}

int leasefile_write(struct leasefile *file, uint32_t slot, unsigned block,
		    const uint8_t *bytes)
{
	ssize_t put;

	memset(file->memory, 0, LEASE_STRIDE);
	memcpy(file->memory, bytes, LEASE_RECORD);
	do {
		put = pwrite(file->fd, file->memory, LEASE_STRIDE,
			     (off_t)lease_block_offset(slot, block));
	} while (put == -1 && errno == EINTR);
	if (put == -1)
		return -errno;
	return put == LEASE_STRIDE ? 0 : -EIO; /* S5 */
}

/* Reads the header and makes room for the slots it tells of. */
static int header_read(struct leasefile *file)
{
	struct stat stat;
	int rc = memory_open(file, 0);

	if (rc == 0)
		rc = read_all(file->fd, file->memory, LEASE_STRIDE, 0);
	if (rc == 0)
		rc = lease_header_decode(&file->header, file->memory);
	if (rc == 0 && fstat(file->fd, &stat) == -1)
		rc = -errno;
	if (rc == 0 &&
	    (uint64_t)stat.st_size < lease_file_bytes(file->header.terms.slots))
		rc = -EBADMSG;
	memory_close(file);
	return rc != 0 ? rc : memory_open(file, file->header.terms.slots);
}

static int fd_open(struct leasefile *file, const char *path, int flags)
{
	file->direct = true;
	file->fd = open(path, flags | O_DIRECT | O_CLOEXEC);
	if (file->fd != -1)
		return 0;
	if (errno != EINVAL)
		return -errno;
	file->direct = false;
	file->fd = open(path, flags | O_CLOEXEC);
	return file->fd == -1 ? -errno : 0;
}

static const char *why(int rc)
{
	switch (rc) {
	case -ENODATA:
		return "it was not made to its end";
	case -EBADMSG:
		return "it is damaged";
	case -EPROTONOSUPPORT:
		return "a later version of the program made it";
	case -EOPNOTSUPP:
		return "its file system has no direct I/O, and other machines "
		       "may see it";
	default:
		return strerror(-rc);
	}
}

static int file_open(struct leasefile *file, const char *path, int flags,
		     int told)
{
	int rc;

	*file = (struct leasefile){ .fd = -1 };
	rc = fd_open(file, path, flags);
	if (rc == 0 && !file->direct && (flags & O_RDWR) != 0 &&
	    !is_local(file->fd))
		rc = -EOPNOTSUPP;
	if (rc == 0)
		rc = header_read(file);
	if (rc != 0 && rc != told)
		log_err(0, "lease: cannot use %s: %s", path, why(rc));
	if (rc != 0)
		leasefile_close(file);
	return rc;
}

int leasefile_look(struct leasefile *file, const char *path)
{
	return file_open(file, path, O_RDONLY, 0);
}

int leasefile_open(struct leasefile *file, const char *dir,
		   const struct lease_terms *terms, int told)
{
	char path[PATH_MAX];
	const char *differs;
	int rc;

	snprintf(path, sizeof(path), "%s/lease", dir);
	rc = file_open(file, path, O_RDWR | O_DSYNC, told);
	if (rc != 0 || terms == NULL)
		return rc;
	differs = lease_terms_differ(terms, &file->header.terms);
	if (differs == NULL)
		return 0;
	if (told != -EPROTO)
		log_err(0,
			"lease: %s differs from the configuration in its %s "
			"(here: "
			"lease %u ms, %u slots); all nodes must agree",
			path, differs, file->header.terms.lease_ms,
			file->header.terms.slots);
	leasefile_close(file);
	return -EPROTO;
}

/* Inode numbers are not to be trusted everywhere: what we wrote last is what
 * tells.  False where it can't be read.
 */
static bool differs(struct leasefile *file, int other, uint32_t slot,
		    unsigned block)
{
	uint64_t offset = lease_block_offset(slot, block);
	uint8_t *ours = file->memory + offset;

	return read_all(file->fd, ours, LEASE_STRIDE, offset) == 0 &&
	       read_all(other, file->memory, LEASE_STRIDE, offset) == 0 &&
	       memcmp(ours, file->memory, LEASE_STRIDE) != 0;
}

bool leasefile_is_replaced(struct leasefile *file, const char *dir,
			   uint32_t slot, unsigned block)
{
	char path[PATH_MAX];
	struct stat named;
	struct stat ours;
	bool replaced;
	int fd;

	snprintf(path, sizeof(path), "%s/lease", dir);
	/* Opened, since a name that is looked up may be an old one (S12). */
	fd = open(path, O_RDONLY | O_CLOEXEC | (file->direct ? O_DIRECT : 0));
	if (fd == -1)
		return false;
	replaced =
		fstat(fd, &named) == 0 && fstat(file->fd, &ours) == 0 &&
		(named.st_ino != ours.st_ino || named.st_dev != ours.st_dev) &&
		((uint64_t)named.st_size <
			 lease_file_bytes(file->header.terms.slots) ||
		 differs(file, fd, slot, block));
	close(fd);
	return replaced;
}

void leasefile_close(struct leasefile *file)
{
	memory_close(file);
	if (file->fd != -1)
		close(file->fd);
	file->fd = -1;
}
