#define _GNU_SOURCE
#include "io/leaseprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/lease_record.h"
#include "io/statedir.h"

#define ROUNDS	    50
#define PROBE_SLOTS 64
#define READ_BYTES  (PROBE_SLOTS * 2 * LEASE_STRIDE)
#define FUSE_MAGIC  0x65735546UL
/* So many of the worst I/Os seen must fit into the stall that is tolerated:
 * a second of probing does not see the worst of a day.
 */
#define MARGIN 20

static const uint32_t presets_ms[] = { 1000,  2000,  3000, 5000,
				       10000, 20000, 60000 };

static const struct {
	unsigned long magic;
	const char *name;
} local_types[] = {
	{ 0xef53, "ext4" },	   { 0x58465342, "xfs" },
	{ 0x9123683eUL, "btrfs" }, { 0x01021994, "tmpfs" },
	{ 0x794c7630, "overlay" }, { 0xf2f52010UL, "f2fs" },
	{ 0x2fc12fc1, "zfs" },
};

struct work {
	char path[PATH_MAX];
	int writer;
	int reader;
	uint8_t *memory; /* a block, then what is read */
	int64_t writes_us[ROUNDS];
	int64_t reads_us[ROUNDS];
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void name_type(struct leaseprobe *probe, const char *dir)
{
	struct statfs fs;
	unsigned long magic;
	const char *name;

	snprintf(probe->type, sizeof(probe->type), "unknown");
	if (statfs(dir, &fs) == -1)
		return;
	magic = (unsigned long)fs.f_type & 0xffffffffUL;
	name = statedir_network_name(magic);
	probe->shared = name != NULL || magic == FUSE_MAGIC;
	if (name == NULL && magic == FUSE_MAGIC)
		name = "FUSE";
	for (size_t i = 0;
	     i < sizeof(local_types) / sizeof(local_types[0]) && name == NULL;
	     i++)
		if (local_types[i].magic == magic)
			name = local_types[i].name;
	if (name != NULL)
		snprintf(probe->type, sizeof(probe->type), "%s", name);
	else
		snprintf(probe->type, sizeof(probe->type), "type 0x%lx", magic);
}

static int open_one(struct leaseprobe *probe, const char *path, int flags)
{
	int fd = -1;

	if (probe->direct)
		fd = open(path, flags | O_DIRECT | O_CLOEXEC, 0600);
	if (fd == -1 && (!probe->direct || errno == EINVAL)) {
		probe->direct = false;
		fd = open(path, (flags & ~O_EXCL) | O_CLOEXEC, 0600);
	}
	return fd;
}

static int prepare(struct work *work, struct leaseprobe *probe, const char *dir)
{
	void *memory =
		mmap(NULL, LEASE_STRIDE + READ_BYTES, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*work = (struct work){ .writer = -1, .reader = -1 };
	if (memory == MAP_FAILED)
		return -ENOMEM;
	work->memory = memory;
	snprintf(work->path, sizeof(work->path), "%s/.probe-%" PRIdMAX, dir,
		 (intmax_t)getpid());
	probe->direct = true;
	work->writer = open_one(probe, work->path,
				O_RDWR | O_CREAT | O_EXCL | O_DSYNC);
	if (work->writer == -1)
		return -errno;
	work->reader = open_one(probe, work->path, O_RDWR);
	if (work->reader == -1)
		return -errno;
	if (pwrite(work->writer, work->memory + LEASE_STRIDE, READ_BYTES, 0) !=
	    READ_BYTES)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

/* Each write, by one descriptor, is looked for by the other. */
static int measure(struct work *work, struct leaseprobe *probe)
{
	if (work->memory == NULL)
		return -EINVAL;
	probe->coherent = true;
	for (int i = 0; i < ROUNDS; i++) {
		off_t at = (off_t)randombytes_uniform(2 * PROBE_SLOTS) *
			   LEASE_STRIDE;
		int64_t began = now_us();

		memset(work->memory, i + 1, LEASE_STRIDE);
		if (pwrite(work->writer, work->memory, LEASE_STRIDE, at) !=
		    LEASE_STRIDE)
			return errno != 0 ? -errno : -EIO;
		work->writes_us[i] = now_us() - began;
		began = now_us();
		if (pread(work->reader, work->memory + LEASE_STRIDE, READ_BYTES,
			  0) != READ_BYTES)
			return errno != 0 ? -errno : -EIO;
		work->reads_us[i] = now_us() - began;
		if (memcmp(work->memory, work->memory + LEASE_STRIDE + at,
			   LEASE_STRIDE) != 0)
			probe->coherent = false;
	}
	return 0;
}

static bool try_exclusive(const struct work *work)
{
	char other[PATH_MAX + 8];
	int fd =
		open(work->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd == -1 && errno == EEXIST;

	if (fd != -1)
		close(fd);
	snprintf(other, sizeof(other), "%s.link", work->path);
	if (link(work->path, other) == -1)
		return false;
	ok = ok && link(work->path, other) == -1 && errno == EEXIST;
	unlink(other);
	return ok;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static struct leaseprobe_times sum_up(int64_t *us)
{
	qsort(us, ROUNDS, sizeof(*us), compare);
	return (struct leaseprobe_times){ us[ROUNDS / 2], us[ROUNDS - 1] };
}

static uint32_t shortest(const struct leaseprobe *probe)
{
	int64_t worst_us = probe->write.worst_us + probe->read.worst_us;

	for (size_t i = 0; i < sizeof(presets_ms) / sizeof(presets_ms[0]);
	     i++) {
		struct lease_terms terms =
			lease_terms_for(presets_ms[i], PROBE_SLOTS);

		if (worst_us * MARGIN <= lease_stall_us(&terms, 0))
			return presets_ms[i];
	}
	return 0;
}

static void finish(struct work *work)
{
	if (work->writer != -1) {
		close(work->writer);
		unlink(work->path);
	}
	if (work->reader != -1)
		close(work->reader);
	if (work->memory != NULL)
		munmap(work->memory, LEASE_STRIDE + READ_BYTES);
}

int leaseprobe(struct leaseprobe *probe, const char *dir)
{
	struct work work;
	int rc;

	*probe = (struct leaseprobe){ .lease_ms = 0 };
	name_type(probe, dir);
	rc = prepare(&work, probe, dir);
	if (rc == 0)
		rc = measure(&work, probe);
	if (rc == 0) {
		probe->exclusive = try_exclusive(&work);
		probe->write = sum_up(work.writes_us);
		probe->read = sum_up(work.reads_us);
		if (leaseprobe_fault(probe) == NULL)
			probe->lease_ms = shortest(probe);
	}
	finish(&work);
	return rc;
}

const char *leaseprobe_fault(const struct leaseprobe *probe)
{
	if (!probe->direct && probe->shared)
		return "no direct I/O, though other machines may see it";
	if (!probe->coherent)
		return "a write was not seen by the read after it";
	if (!probe->exclusive)
		return "two can create the same file";
	return NULL;
}
