#include "tests/sim/disk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/frame.h"

static struct disk *disk_of(struct shared *shared)
{
	return (struct disk *)shared; /* its first member */
}

/* One point where the machine or the process may end. */
static void step(struct disk *disk)
{
	disk->steps++;
	if (disk->on_step != NULL)
		disk->on_step(disk->on_step_arg);
	if (disk->crash_in != 0 && --disk->crash_in == 0)
		longjmp(*disk->crash, 1);
}

static void *resized(void *old, size_t from, size_t to)
{
	uint8_t *bytes = realloc(old, to);

	if (bytes == NULL)
		abort();
	memset(bytes + from, 0, to - from);
	return bytes;
}

/* Makes the first BYTES of SEGMENT real. */
static void extend(struct disk_segment *segment, uint64_t bytes)
{
	size_t to = (size_t)(bytes + DISK_SECTOR - 1) / DISK_SECTOR;
	size_t from = segment->used / DISK_SECTOR;

	if (to <= from)
		return;
	to += to / 2;
	segment->cache =
		resized(segment->cache, segment->used, to * DISK_SECTOR);
	segment->durable =
		resized(segment->durable, segment->used, to * DISK_SECTOR);
	segment->dirty = resized(segment->dirty, from, to);
	segment->used = to * DISK_SECTOR;
}

static void segment_drop(struct disk_segment *segment)
{
	free(segment->cache);
	free(segment->durable);
	free(segment->dirty);
	memset(segment, 0, sizeof(*segment));
}

static void keep_sector(struct disk_segment *segment, size_t sector)
{
	memcpy(segment->durable + sector * DISK_SECTOR,
	       segment->cache + sector * DISK_SECTOR, DISK_SECTOR);
	segment->dirty[sector] = 0;
}

/* The kernel writes back when it likes. */
static void write_back(struct disk *disk, struct disk_segment *segment,
		       uint32_t one_in)
{
	for (size_t i = 0; i < segment->used / DISK_SECTOR; i++)
		if (segment->dirty[i] && rng_once_in(&disk->rng, one_in))
			keep_sector(segment, i);
}

struct disk_segment *disk_find(struct disk *disk, uint32_t number)
{
	for (size_t i = 0; i < DISK_SEGMENTS_MAX; i++)
		if (disk->segments[i].number == number)
			return &disk->segments[i];
	return NULL;
}

uint64_t disk_used(const struct disk *disk)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < DISK_SEGMENTS_MAX; i++)
		sum += disk->segments[i].size;
	return sum;
}

static int ask_room(struct disk *disk, uint64_t bytes)
{
	return disk->capacity != 0 && disk_used(disk) + bytes > disk->capacity
		       ? -ENOSPC
		       : 0;
}

static int disk_segments(struct shared *shared, const char *node,
			 uint32_t *numbers, size_t cap)
{
	struct disk *disk = disk_of(shared);
	size_t count = 0;

	(void)node;
	step(disk);
	for (size_t i = 0; i < DISK_SEGMENTS_MAX; i++) {
		const struct disk_segment *segment = &disk->segments[i];
		size_t at = count;

		if (segment->number == 0 || segment->aside)
			continue;
		if (count == cap)
			return -E2BIG;
		while (at > 0 && numbers[at - 1] > segment->number) {
			numbers[at] = numbers[at - 1];
			at--;
		}
		numbers[at] = segment->number;
		count++;
	}
	return (int)count;
}

/* Planted: gives whatever looks like a frame a checksum that fits. */
static void trust(struct disk_segment *segment)
{
	struct frame_segment header;
	struct frame_place place = { .batch = FRAME_FIRST };
	uint64_t offset = FRAME_FIRST;

	if (frame_segment_decode(&header, segment->cache, segment->used) != 0)
		return;
	place.salt = header.salt;
	while (offset + FRAME_HEADER < segment->used) {
		uint8_t *at = segment->cache + offset;
		size_t len = le32_get(at + 4);

		if (len == 0 || frame_bytes(len) > segment->used - offset)
			return;
		place.offset = offset;
		offset += frame_seal(at, len, &place);
	}
}

static ssize_t disk_read(struct shared *shared, const char *node,
			 uint32_t number, uint64_t offset, void *buf,
			 size_t len)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment = disk_find(disk, number);
	size_t real = 0;

	(void)node;
	step(disk);
	if (segment == NULL || segment->aside)
		return -ENOENT;
	if (rng_once_in(&disk->rng, disk->read_fails))
		return -EIO;
	if (disk->plant == DISK_TRUST)
		trust(segment);
	if (offset >= segment->size)
		return 0;
	if (len > segment->size - offset)
		len = (size_t)(segment->size - offset);
	if (offset < segment->used)
		real = segment->used - (size_t)offset;
	if (real > len)
		real = len;
	if (real > 0)
		memcpy(buf, segment->cache + offset, real);
	memset((uint8_t *)buf + real, 0, len - real);
	return (ssize_t)len;
}

static int disk_begin(struct shared *shared, uint32_t number, uint64_t bytes)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment;

	step(disk);
	if (disk_find(disk, number) != NULL)
		return -EEXIST;
	if (rng_once_in(&disk->rng, disk->begin_fails))
		return rng_below(&disk->rng, 2) == 0 ? -EIO : -ENOSPC;
	if (ask_room(disk, bytes) != 0)
		return -ENOSPC;
	segment = disk_find(disk, 0);
	if (segment == NULL)
		return -ENOSPC;
	segment->number = number;
	segment->born = disk->steps;
	/* A crash here leaves a segment that is shorter. */
	segment->size = rng_below(&disk->rng, 3) * DISK_SECTOR;
	step(disk);
	segment->size = bytes;
	disk->current = segment;
	step(disk);
	return 0;
}

static int disk_grow(struct shared *shared, uint64_t bytes)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment = disk->current;

	step(disk);
	if (rng_once_in(&disk->rng, disk->grow_fails))
		return rng_below(&disk->rng, 2) == 0 ? -EIO : -ENOSPC;
	if (ask_room(disk, bytes - segment->size) != 0)
		return -ENOSPC;
	segment->size = bytes;
	if (disk->plant != DISK_LAZY_SYNC)
		write_back(disk, segment, 1);
	step(disk);
	return 0;
}

static int disk_write(struct shared *shared, uint64_t offset, const void *buf,
		      size_t len)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment = disk->current;
	bool fails;
	size_t done = 0;

	step(disk);
	assert(offset + len <= segment->size);
	extend(segment, offset + len);
	write_back(disk, segment, 4);
	fails = rng_once_in(&disk->rng, disk->write_fails);
	while (done < len) {
		size_t at = (size_t)offset + done;
		size_t piece = DISK_SECTOR - at % DISK_SECTOR;

		if (piece > len - done)
			piece = len - done;
		if (fails && rng_once_in(&disk->rng, 3))
			return rng_below(&disk->rng, 2) == 0 ? -EIO : -ENOSPC;
		memcpy(segment->cache + at, (const uint8_t *)buf + done, piece);
		segment->dirty[at / DISK_SECTOR] = 1;
		done += piece;
		if (rng_below(&disk->rng, 4) == 0)
			step(disk);
	}
	step(disk);
	return fails ? -EIO : 0;
}

static int disk_sync(struct shared *shared)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment = disk->current;

	step(disk);
	if (rng_once_in(&disk->rng, disk->sync_fails)) {
		/* Some of it is written, the rest is clean and lost. */
		write_back(disk, segment, 2);
		memset(segment->dirty, 0, segment->used / DISK_SECTOR);
		return -EIO;
	}
	if (disk->plant == DISK_LAZY_SYNC)
		return 0;
	write_back(disk, segment, 2);
	step(disk);
	write_back(disk, segment, 1);
	step(disk);
	disk->syncs++;
	return 0;
}

static int disk_remove(struct shared *shared, uint32_t number)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment;

	step(disk);
	if (rng_once_in(&disk->rng, disk->remove_fails))
		return -EIO;
	segment = disk_find(disk, number);
	if (segment != NULL && !segment->aside)
		segment_drop(segment);
	step(disk);
	return 0;
}

static int disk_set_aside(struct shared *shared, uint32_t number)
{
	struct disk *disk = disk_of(shared);
	struct disk_segment *segment;

	step(disk);
	if (rng_once_in(&disk->rng, disk->remove_fails))
		return -EIO;
	segment = disk_find(disk, number);
	if (segment == NULL)
		return -ENOENT;
	segment->aside = true;
	step(disk);
	return 0;
}

static const struct shared_ops disk_ops = {
	.segments = disk_segments,
	.read = disk_read,
	.begin = disk_begin,
	.grow = disk_grow,
	.write = disk_write,
	.sync = disk_sync,
	.remove = disk_remove,
	.set_aside = disk_set_aside,
};

void disk_init(struct disk *disk, uint64_t seed)
{
	memset(disk, 0, sizeof(*disk));
	disk->shared.ops = &disk_ops;
	disk->rng.state = seed;
}

void disk_fini(struct disk *disk)
{
	for (size_t i = 0; i < DISK_SEGMENTS_MAX; i++)
		segment_drop(&disk->segments[i]);
}

void disk_power_failure(struct disk *disk)
{
	/* All, nothing, a few or most of what was on its way. */
	static const uint32_t kept[] = { 0, 1, 2, 8 };
	uint32_t one_in = kept[rng_below(&disk->rng, 4)];

	for (size_t i = 0; i < DISK_SEGMENTS_MAX; i++) {
		struct disk_segment *segment = &disk->segments[i];

		if (segment->used == 0)
			continue;
		write_back(disk, segment, one_in);
		memset(segment->dirty, 0, segment->used / DISK_SECTOR);
		memcpy(segment->cache, segment->durable, segment->used);
	}
	disk->current = NULL;
}

void disk_put(struct disk_segment *segment, uint64_t offset, const void *bytes,
	      size_t len)
{
	extend(segment, offset + len);
	memcpy(segment->cache + offset, bytes, len);
	memcpy(segment->durable + offset, bytes, len);
}

void disk_flip(struct disk *disk, uint32_t number, uint64_t offset, int bit)
{
	struct disk_segment *segment = disk_find(disk, number);

	extend(segment, offset + 1);
	segment->cache[offset] ^= (uint8_t)(1 << bit);
	segment->durable[offset] ^= (uint8_t)(1 << bit);
}

void disk_cut(struct disk *disk, uint32_t number, uint64_t bytes)
{
	disk_find(disk, number)->size = bytes;
}
