/* follow_stand - a journal on a disk, and another node that follows it. */
#ifndef HOLDFAST_TESTS_IO_FOLLOW_STAND_H
#define HOLDFAST_TESTS_IO_FOLLOW_STAND_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/follow.h"
#include "tests/core/test.h"
#include "tests/sim/disk.h"

#define NODE	  "node-a"
#define KEPT_MAX  20000
#define STALE_MAX (1024 * 1024)

/* What another node sees of the disk: short reads, and what it cached. */
struct view {
	struct shared shared;
	size_t short_by; /* most bytes a read gives, 0 = any */
	uint32_t cached; /* segment shown as it was; 0 = none */
	uint8_t cache[STALE_MAX];
	size_t cache_len;
	bool refreshes; /* a refresh helps */
	unsigned refreshed;
	int fails; /* a read gives this */
	unsigned reads;
	uint64_t highest; /* byte that was ever read */
};

static struct disk disk;
static struct journal journal;
static struct view view;
static struct follow follow;
static uint8_t buf[SEGMENT_BUFFER];
static uint64_t kept[KEPT_MAX];
static size_t kept_count;
static uint64_t refuses; /* the token that is refused, 0 = none */
static char value[RECORD_MAX];

static inline int view_segments(struct shared *shared, const char *node,
				uint32_t *numbers, size_t cap)
{
	(void)shared;
	return disk.shared.ops->segments(&disk.shared, node, numbers, cap);
}

static inline ssize_t view_read(struct shared *shared, const char *node,
				uint32_t number, uint64_t offset, void *into,
				size_t len)
{
	struct view *of = (struct view *)shared;

	of->reads++;
	if (of->fails != 0)
		return of->fails;
	if (of->short_by != 0 && len > of->short_by)
		len = of->short_by;
	if (offset + len > of->highest)
		of->highest = offset + len;
	if (of->cached == number) {
		if (offset >= of->cache_len)
			return 0;
		if (len > of->cache_len - offset)
			len = of->cache_len - (size_t)offset;
		memcpy(into, of->cache + offset, len);
		return (ssize_t)len;
	}
	return disk.shared.ops->read(&disk.shared, node, number, offset, into,
				     len);
}

static inline void view_refresh(struct shared *shared)
{
	struct view *of = (struct view *)shared;

	of->refreshed++;
	if (of->refreshes)
		of->cached = 0;
}

static const struct shared_ops view_ops = { .segments = view_segments,
					    .read = view_read,
					    .refresh = view_refresh };

/* From now on the other node sees segment NUMBER as it is now. */
static inline void cache(uint32_t number)
{
	ssize_t got = disk.shared.ops->read(&disk.shared, NODE, number, 0,
					    view.cache, STALE_MAX);

	ck_assert_int_ge(got, 0);
	view.cache_len = (size_t)got;
	view.cached = number;
}

static inline void setup(uint64_t seed)
{
	/* What is logged here is expected. */
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
	disk_init(&disk, seed);
	ck_assert_int_eq(journal_init(&journal, &disk.shared, NODE), 0);
	journal.salt = seed;
	memset(&view, 0, sizeof(view));
	view.shared.ops = &view_ops;
	ck_assert_int_eq(follow_init(&follow, &view.shared, NODE, buf), 0);
	memset(value, 'v', sizeof(value));
	kept_count = 0;
	refuses = 0;
}

static inline void teardown(void)
{
	journal_fini(&journal);
	disk_fini(&disk);
}

static inline void append(uint64_t token, size_t len)
{
	struct record record = { .key = text_of("key"),
				 .version = { token, 0 },
				 .value = { value, len } };

	ck_assert_int_eq(journal_append(&journal, &record), 0);
}

/* A batch of one record each, FROM to TO. */
static inline void write_batches(uint64_t from, uint64_t to, size_t len)
{
	for (uint64_t i = from; i <= to; i++) {
		append(i, len);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
}

static inline void begin(uint64_t generation)
{
	journal.generation = generation;
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
}

/* A segment of GENERATION with such batches. */
static inline void write_segment(uint64_t generation, uint64_t from,
				 uint64_t to)
{
	begin(generation);
	write_batches(from, to, 100);
}

static inline int keep(void *arg, const struct record *record)
{
	(void)arg;
	ck_assert(text_is(record->key, "key"));
	for (size_t i = 0; i < record->value.len; i++)
		if (record->value.at[i] != 'v')
			ck_abort_msg("a byte of another record");
	if (record->version.token == refuses)
		return -ENOMEM;
	kept[kept_count++] = record->version.token;
	return 0;
}

static inline int follow_end(struct lease_end end)
{
	return follow_to(&follow, &end, SIZE_MAX, keep, NULL);
}

static inline int follow_now(void)
{
	return follow_end(journal_end(&journal));
}

static inline void ck_kept(uint64_t from, uint64_t to)
{
	ck_assert_uint_eq(kept_count, to - from + 1);
	for (size_t i = 0; i < kept_count; i++)
		ck_assert_uint_eq(kept[i], from + i);
	kept_count = 0;
}

#endif
