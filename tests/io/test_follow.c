#define _GNU_SOURCE
#include "io/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crc32c.h"
#include "io/shared_dir.h"
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

static int view_segments(struct shared *shared, const char *node,
			 uint32_t *numbers, size_t cap)
{
	(void)shared;
	return disk.shared.ops->segments(&disk.shared, node, numbers, cap);
}

static ssize_t view_read(struct shared *shared, const char *node,
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

static void view_refresh(struct shared *shared)
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
static void cache(uint32_t number)
{
	ssize_t got = disk.shared.ops->read(&disk.shared, NODE, number, 0,
					    view.cache, STALE_MAX);

	ck_assert_int_ge(got, 0);
	view.cache_len = (size_t)got;
	view.cached = number;
}

static void setup(uint64_t seed)
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

static void teardown(void)
{
	journal_fini(&journal);
	disk_fini(&disk);
}

static void append(uint64_t token, size_t len)
{
	struct record record = { .key = text_of("key"),
				 .version = { token, 0 },
				 .value = { value, len } };

	ck_assert_int_eq(journal_append(&journal, &record), 0);
}

/* A batch of one record each, FROM to TO. */
static void write_batches(uint64_t from, uint64_t to, size_t len)
{
	for (uint64_t i = from; i <= to; i++) {
		append(i, len);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
}

static void begin(uint64_t generation)
{
	journal.generation = generation;
	ck_assert_int_eq(journal_begin(&journal), 0);
}

static int keep(void *arg, const struct record *record)
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

static int follow_end(struct lease_end end)
{
	return follow_to(&follow, &end, SIZE_MAX, keep, NULL);
}

static int follow_now(void)
{
	return follow_end(journal_end(&journal));
}

static void ck_kept(uint64_t from, uint64_t to)
{
	ck_assert_uint_eq(kept_count, to - from + 1);
	for (size_t i = 0; i < kept_count; i++)
		ck_assert_uint_eq(kept[i], from + i);
	kept_count = 0;
}

START_TEST(a_journal_is_followed_exactly_to_its_end)
{
	struct lease_end end;

	setup(1);
	ck_assert_int_eq(follow_now(), 0);
	ck_assert_uint_eq(view.reads, 0);
	begin(7);
	write_batches(1, 10, 300);
	end = journal_end(&journal);
	write_batches(11, 20, 300);
	ck_assert_int_eq(follow_end(end), 0);
	ck_kept(1, 10);
	ck_assert_uint_eq(follow.generation, 7);
	/* Nothing behind it is even looked at: it would stay in a cache. */
	ck_assert_uint_le(view.highest, end.offset);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(11, 20);
	ck_assert_int_eq(follow_end(end), 0);
	ck_assert_int_eq(follow_now(), 0);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(what_is_not_committed_is_behind_the_end)
{
	setup(1);
	begin(1);
	append(1, 100);
	ck_assert_uint_eq(journal_end(&journal).segment, 0);
	write_batches(2, 3, 100);
	append(4, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 3);
	/* until the snapshot is committed, the end is in the old segment */
	ck_assert_int_eq(journal_begin(&journal), 0);
	append(5, 100);
	ck_assert_uint_eq(journal_end(&journal).segment, 1);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_uint_eq(journal_end(&journal).segment, 2);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(5, 5);
	teardown();
}
END_TEST

START_TEST(a_failed_sync_does_not_move_the_end)
{
	struct lease_end end;

	setup(1);
	begin(1);
	write_batches(1, 2, 100);
	end = journal_end(&journal);
	append(3, 100);
	disk.sync_fails = 1;
	ck_assert_int_eq(journal_commit(&journal), -EIO);
	ck_assert_uint_eq(journal_end(&journal).segment, end.segment);
	ck_assert_uint_eq(journal_end(&journal).offset, end.offset);
	teardown();
}
END_TEST

START_TEST(a_late_end_of_an_older_segment_is_as_reached)
{
	struct lease_end end;

	setup(1);
	begin(1);
	write_batches(1, 2, 100);
	end = journal_end(&journal);
	begin(1);
	write_batches(3, 3, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(3, 3);
	ck_assert_int_eq(follow_end(end), 0);
	ck_assert_int_eq(follow_now(), 0);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(the_work_of_a_call_is_bounded)
{
	struct lease_end end;
	unsigned calls = 1;
	int rc;

	setup(1);
	begin(1);
	for (uint64_t i = 1; i <= 1000; i++)
		append(i, 1000);
	ck_assert_int_eq(journal_commit(&journal), 0);
	end = journal_end(&journal);
	while ((rc = follow_to(&follow, &end, 100000, keep, NULL)) == 1) {
		ck_assert_uint_le(follow.offset,
				  FRAME_FIRST + calls * UINT64_C(101100));
		calls++;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_ge(calls, 10);
	ck_kept(1, 1000);
	teardown();
}
END_TEST

START_TEST(short_reads_lose_nothing)
{
	for (size_t most = 1; most <= 5000; most = most * 3 + 1) {
		setup(most);
		begin(1);
		write_batches(1, 3, 1000);
		view.short_by = most;
		ck_assert_int_eq(follow_now(), 0);
		ck_kept(1, 3);
		teardown();
	}
}
END_TEST

START_TEST(records_of_any_length_are_followed)
{
	setup(1);
	begin(1);
	ck_assert_int_eq(journal_reserve(&journal, 3 * 1024 * 1024), 0);
	for (uint64_t i = 1; i <= 20; i++) {
		append(i, i % 3 == 0 ? RECORD_MAX - 300 : 7 * i);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 20);
	teardown();
}
END_TEST

START_TEST(a_stale_read_is_helped_by_a_refresh)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	cache(1);
	view.refreshes = true;
	write_batches(6, 9, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_assert_uint_eq(view.refreshed, 1);
	ck_kept(1, 9);
	teardown();
}
END_TEST

START_TEST(a_stale_read_is_tried_again_later)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	cache(1);
	write_batches(6, 9, 100);
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_kept(1, 5);
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_assert_uint_eq(kept_count, 0);
	view.cached = 0;
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(6, 9);
	teardown();
}
END_TEST

/* Whatever part of the new bytes the other node sees. */
START_TEST(any_mixture_of_old_and_new_is_stale)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct disk_segment *segment;
		struct lease_end before;
		size_t count;

		setup(seed);
		begin(1);
		write_batches(1, 5, 300);
		before = journal_end(&journal);
		cache(1);
		write_batches(6, 9, 600);
		segment = disk_find(&disk, 1);
		for (size_t at = (size_t)before.offset / 512 * 512;
		     at < journal_end(&journal).offset; at += 512)
			if (rng_below(&disk.rng, 2) != 0)
				memcpy(view.cache + at, segment->cache + at,
				       512);
		/* the bytes end anywhere, too */
		if (seed % 4 == 0)
			view.cache_len = (size_t)before.offset +
					 rng_below(&disk.rng, 3000);
		if (follow_now() != 0)
			ck_assert_int_eq(follow_now(), -EAGAIN);
		count = kept_count;
		ck_assert_uint_ge(count, 5);
		view.cached = 0;
		ck_assert_int_eq(follow_now(), 0);
		ck_kept(1, 9);
		teardown();
	}
}
END_TEST

START_TEST(an_end_inside_a_record_is_stale)
{
	struct lease_end end;

	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	end = journal_end(&journal);
	end.offset -= 8;
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	ck_kept(1, 4);
	teardown();
}
END_TEST

START_TEST(a_damaged_record_is_never_passed)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	disk_flip(&disk, 1, FRAME_FIRST + 40, 3);
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(a_segment_that_is_not_there_is_stale)
{
	struct lease_end end = { 3, 5000 };

	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	end.segment = UINT64_C(1) << 32 | 1;
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	teardown();
}
END_TEST

START_TEST(the_header_of_another_node_is_stale)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	/* this disk has one journal, whatever name is asked for */
	ck_assert_int_eq(follow_init(&follow, &view.shared, "node-b", buf), 0);
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(a_failure_of_the_storage_is_told_and_repeated)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	view.fails = -EIO;
	ck_assert_int_eq(follow_now(), -EIO);
	view.fails = -ESTALE;
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_assert_int_eq(follow_tail(&follow, 1, keep, NULL), -ESTALE);
	view.fails = 0;
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 5);
	teardown();
}
END_TEST

START_TEST(a_record_that_was_refused_comes_again)
{
	setup(1);
	begin(1);
	write_batches(1, 5, 100);
	refuses = 3;
	ck_assert_int_eq(follow_now(), -ENOMEM);
	ck_assert_int_eq(follow_now(), -ENOMEM);
	refuses = 0;
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 5);
	teardown();
}
END_TEST

START_TEST(no_name_leads_out_of_the_journal)
{
	static const char *const names[] = { "",   ".",	   "..",   "a/b",
					     "/a", "../a", ".hide" };

	setup(1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(
			follow_init(&follow, &view.shared, names[i], buf),
			-EINVAL);
	teardown();
}
END_TEST

START_TEST(a_tail_is_all_that_ended_generations_left)
{
	setup(1);
	begin(1);
	write_batches(1, 3, 100);
	begin(1);
	write_batches(4, 5, 100);
	begin(2);
	write_batches(6, 6, 100);
	/* synced, and shown to nobody */
	begin(4);
	write_batches(7, 9, 100);
	ck_assert_int_eq(follow_tail(&follow, 1, keep, NULL), 0);
	ck_kept(1, 5);
	ck_assert_int_eq(follow_tail(&follow, 3, keep, NULL), 0);
	ck_kept(1, 6);
	ck_assert_int_eq(follow_tail(&follow, 4, keep, NULL), 0);
	ck_kept(1, 9);
	ck_assert_int_eq(follow_tail(&follow, 0, keep, NULL), 0);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(what_was_written_before_there_were_generations_has_ended)
{
	setup(1);
	begin(0);
	write_batches(1, 3, 100);
	ck_assert_int_eq(follow_tail(&follow, 0, keep, NULL), 0);
	ck_kept(1, 3);
	teardown();
}
END_TEST

START_TEST(a_tail_leaves_out_a_torn_end)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		setup(seed);
		begin(1);
		write_batches(1, 5, 100 * seed % 3000);
		for (uint64_t i = 6; i <= 20; i++)
			append(i, 777);
		disk.sync_fails = 1;
		ck_assert_int_eq(journal_commit(&journal), -EIO);
		disk_power_failure(&disk);
		ck_assert_int_eq(follow_tail(&follow, 1, keep, NULL), 0);
		ck_assert_uint_ge(kept_count, 5);
		ck_kept(1, kept_count);
		teardown();
	}
}
END_TEST

START_TEST(a_tail_skips_what_has_no_header)
{
	setup(1);
	begin(1);
	write_batches(1, 2, 100);
	begin(1);
	write_batches(3, 4, 100);
	begin(1);
	write_batches(5, 6, 100);
	disk_flip(&disk, 2, 20, 1);
	disk_flip(&disk, 2, FRAME_SECTOR + 20, 1);
	disk_cut(&disk, 3, 0);
	ck_assert_int_eq(follow_tail(&follow, 1, keep, NULL), 0);
	ck_kept(1, 2);
	teardown();
}
END_TEST

START_TEST(a_tail_of_a_later_version_is_an_error)
{
	struct disk_segment *segment;

	setup(1);
	begin(1);
	write_batches(1, 2, 100);
	segment = disk_find(&disk, 1);
	for (int i = 0; i < 2; i++) {
		uint8_t *at = segment->cache + i * FRAME_SECTOR;
		size_t len = 28 + le32_get(at + 24);

		le32_put(at + 8, FRAME_FORMAT + 1);
		le32_put(at + len, crc32c(0, at, len));
	}
	ck_assert_int_eq(follow_tail(&follow, 1, keep, NULL), -EPROTONOSUPPORT);
	ck_assert_int_eq(follow_now(), -EPROTONOSUPPORT);
	teardown();
}
END_TEST

START_TEST(a_role_that_starts_again_reads_to_its_end_only)
{
	struct lease_end end;

	setup(1);
	begin(3);
	write_batches(1, 4, 100);
	begin(3);
	write_batches(5, 8, 100);
	end = journal_end(&journal);
	write_batches(9, 9, 100);
	journal_fini(&journal);
	ck_assert_int_eq(journal_init(&journal, &disk.shared, NODE), 0);
	ck_assert_int_eq(journal_replay_to(&journal, &end, keep, NULL), 0);
	ck_kept(5, 8);
	ck_assert_uint_eq(journal.records, 4);
	ck_assert_uint_eq(journal_end(&journal).offset, end.offset);
	begin(3);
	ck_assert_uint_eq(journal.number, 3);
	write_batches(10, 10, 100);
	ck_assert_int_eq(journal_drop_ended(&journal, 0), 0);
	ck_assert_ptr_null(disk_find(&disk, 1));
	ck_assert_ptr_null(disk_find(&disk, 2));
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(10, 10);
	teardown();
}
END_TEST

START_TEST(a_role_whose_end_cannot_be_read_says_so)
{
	struct lease_end end = { 0, 0 };

	setup(1);
	ck_assert_int_eq(journal_replay_to(&journal, &end, keep, NULL), 0);
	begin(3);
	write_batches(1, 4, 100);
	end = journal_end(&journal);
	disk_flip(&disk, 1, end.offset - 60, 3);
	ck_assert_int_eq(journal_replay_to(&journal, &end, keep, NULL),
			 -EAGAIN);
	teardown();
}
END_TEST

START_TEST(segments_of_generations_not_yet_read_stay)
{
	setup(1);
	for (uint64_t generation = 1; generation <= 4; generation++) {
		begin(generation);
		write_batches(1, 1, 100);
		begin(generation);
		write_batches(1, 1, 100);
	}
	ck_assert_int_eq(journal_drop_ended(&journal, 2), 0);
	for (uint32_t number = 1; number <= 8; number++)
		ck_assert((disk_find(&disk, number) != NULL) ==
			  (number == 5 || number == 6 || number == 8));
	begin(4);
	ck_assert_int_eq(journal_drop_ended(&journal, 3), -EINVAL);
	write_batches(1, 1, 100);
	ck_assert_int_eq(journal_drop_ended(&journal, 3), 0);
	ck_assert_ptr_null(disk_find(&disk, 6));
	ck_assert_ptr_null(disk_find(&disk, 8));
	ck_assert_ptr_nonnull(disk_find(&disk, 9));
	teardown();
}
END_TEST

START_TEST(a_segment_without_a_header_is_set_aside)
{
	setup(1);
	begin(1);
	write_batches(1, 1, 100);
	begin(2);
	write_batches(1, 1, 100);
	begin(3);
	write_batches(1, 1, 100);
	disk_flip(&disk, 1, 20, 1);
	disk_flip(&disk, 1, FRAME_SECTOR + 20, 1);
	disk_cut(&disk, 2, 0);
	ck_assert_int_eq(journal_drop_ended(&journal, 0), 0);
	ck_assert(disk_find(&disk, 1)->aside);
	ck_assert_ptr_null(disk_find(&disk, 2));
	teardown();
}
END_TEST

/* Each node with its own eyes on the directory. */
START_TEST(one_node_follows_another_in_a_directory)
{
	char path[] = "/tmp/test_follow.XXXXXX";
	char command[64];
	struct shared_dir mine;
	struct shared_dir theirs;
	struct lease_end end;

	setup(1);
	journal_fini(&journal);
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_int_eq(shared_dir_open(&theirs, path, NODE, 0), 0);
	ck_assert_int_eq(shared_dir_open(&mine, path, "node-b", 0), 0);
	ck_assert_int_eq(journal_init(&journal, &theirs.shared, NODE), 0);
	ck_assert_int_eq(follow_init(&follow, &mine.shared, NODE, buf), 0);
	ck_assert_int_eq(follow_tail(&follow, 9, keep, NULL), 0);
	begin(2);
	write_batches(1, 10, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 10);
	write_batches(11, 20, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(11, 20);
	begin(2);
	write_batches(21, 22, 100);
	ck_assert_int_eq(journal_drop_ended(&journal, 0), 0);
	end = journal_end(&journal);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(21, 22);
	ck_assert_int_eq(follow_tail(&follow, 2, keep, NULL), 0);
	ck_kept(21, 22);
	ck_assert_int_eq(journal_replay_to(&journal, &end, keep, NULL), 0);
	ck_kept(21, 22);
	end.segment++;
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	ck_assert_int_eq(follow_init(&follow, &mine.shared, "node-c", buf), 0);
	ck_assert_int_eq(follow_tail(&follow, 9, keep, NULL), 0);
	shared_dir_close(&mine);
	shared_dir_close(&theirs);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	ck_assert_int_eq(system(command), 0);
	teardown();
}
END_TEST

TEST_MAIN("follow", a_journal_is_followed_exactly_to_its_end,
	  what_is_not_committed_is_behind_the_end,
	  a_failed_sync_does_not_move_the_end,
	  a_late_end_of_an_older_segment_is_as_reached,
	  the_work_of_a_call_is_bounded, short_reads_lose_nothing,
	  records_of_any_length_are_followed,
	  a_stale_read_is_helped_by_a_refresh,
	  a_stale_read_is_tried_again_later,
	  any_mixture_of_old_and_new_is_stale, an_end_inside_a_record_is_stale,
	  a_damaged_record_is_never_passed,
	  a_segment_that_is_not_there_is_stale,
	  the_header_of_another_node_is_stale,
	  a_failure_of_the_storage_is_told_and_repeated,
	  a_record_that_was_refused_comes_again,
	  no_name_leads_out_of_the_journal,
	  a_tail_is_all_that_ended_generations_left,
	  what_was_written_before_there_were_generations_has_ended,
	  a_tail_leaves_out_a_torn_end, a_tail_skips_what_has_no_header,
	  a_tail_of_a_later_version_is_an_error,
	  a_role_that_starts_again_reads_to_its_end_only,
	  a_role_whose_end_cannot_be_read_says_so,
	  segments_of_generations_not_yet_read_stay,
	  a_segment_without_a_header_is_set_aside,
	  one_node_follows_another_in_a_directory)
