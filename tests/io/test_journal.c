#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/crc32c.h"
#include "tests/core/test.h"
#include "tests/sim/disk.h"

#define KEPT_MAX 20000

static struct disk disk;
static struct journal journal;
/* What a replay gave: the token of each record. */
static uint64_t kept[KEPT_MAX];
static size_t kept_count;
static char value[RECORD_MAX];

static void setup(uint64_t seed)
{
	/* What is logged here is expected. */
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
	disk_init(&disk, seed);
	ck_assert_int_eq(journal_init(&journal, &disk.shared, "node-a"), 0);
	journal.salt = seed;
	memset(value, 'v', sizeof(value));
}

static void teardown(void)
{
	journal_fini(&journal);
	disk_fini(&disk);
}

static int append(uint64_t token, size_t len)
{
	struct record record = { .key = text_of("key"),
				 .version = { token, 0 },
				 .value = { value, len } };

	return journal_append(&journal, &record);
}

static int keep(void *arg, const struct record *record)
{
	(void)arg;
	ck_assert(text_is(record->key, "key"));
	for (size_t i = 0; i < record->value.len; i++)
		if (record->value.at[i] != 'v')
			ck_abort_msg("a byte of another record");
	kept[kept_count++] = record->version.token;
	return 0;
}

/* A new process reads the journal. */
static int replay(void)
{
	uint64_t salt = journal.salt + 1;

	journal_fini(&journal);
	ck_assert_int_eq(journal_init(&journal, &disk.shared, "node-a"), 0);
	journal.salt = salt;
	kept_count = 0;
	return journal_replay(&journal, keep, NULL);
}

/* Each of the numbers 1 to COUNT, in that order. */
static void ck_kept(size_t count)
{
	ck_assert_uint_eq(kept_count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(kept[i], i + 1);
}

/* A snapshot of record 1, then a batch each of records 2 to COUNT. */
static void write_batches(uint64_t count, size_t len)
{
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	for (uint64_t i = 1; i <= count; i++) {
		ck_assert_int_eq(append(i, len), 0);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
}

START_TEST(what_was_committed_comes_back_in_order)
{
	setup(1);
	ck_assert_int_eq(journal_replay(&journal, keep, NULL), 0);
	write_batches(100, 300);
	ck_assert_int_eq(replay(), 0);
	ck_kept(100);
	ck_assert_uint_eq(journal.records, 100);
	ck_assert_uint_eq(journal.damaged, 0);
	ck_assert_uint_eq(journal.torn, 0);
	teardown();
}
END_TEST

START_TEST(a_power_failure_leaves_what_was_committed)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		setup(seed);
		write_batches(5, 100 * seed % 3000);
		for (uint64_t i = 6; i <= 20; i++)
			ck_assert_int_eq(append(i, 777), 0);
		disk.sync_fails = 1;
		ck_assert_int_eq(journal_commit(&journal), -EIO);
		disk_power_failure(&disk);
		ck_assert_int_eq(replay(), 0);
		ck_assert_uint_ge(kept_count, 5);
		ck_kept(kept_count);
		ck_assert_uint_eq(journal.damaged, 0);
		teardown();
	}
}
END_TEST

START_TEST(after_a_failed_sync_nothing_is_appended)
{
	setup(1);
	write_batches(2, 10);
	disk.sync_fails = 1;
	ck_assert_int_eq(append(3, 10), 0);
	ck_assert_int_eq(journal_commit(&journal), -EIO);
	disk.sync_fails = 0;
	ck_assert_int_eq(append(4, 10), -EIO);
	ck_assert_int_eq(journal_commit(&journal), -EIO);
	ck_assert_int_eq(journal_reserve(&journal, 10), -EIO);
	ck_assert(!journal_has_room(&journal, 10));
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_uint_eq(journal.number, 2);
	ck_assert_int_eq(append(3, 10), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	teardown();
}
END_TEST

START_TEST(the_past_goes_only_behind_a_snapshot)
{
	setup(1);
	write_batches(3, 10);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(append(4, 10), 0);
	ck_assert_int_eq(journal_drop_older(&journal), -EINVAL);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert_ptr_null(disk_find(&disk, 1));
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_uint_eq(kept[0], 4);
	teardown();
}
END_TEST

START_TEST(the_oldest_goes_first_or_nothing_goes)
{
	setup(1);
	write_batches(1, 10);
	write_batches(1, 10);
	write_batches(1, 10);
	disk.remove_fails = 1;
	ck_assert_int_eq(journal_drop_older(&journal), -EIO);
	ck_assert_ptr_nonnull(disk_find(&disk, 2));
	disk.remove_fails = 0;
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert_ptr_null(disk_find(&disk, 2));
	ck_assert_ptr_nonnull(disk_find(&disk, 3));
	teardown();
}
END_TEST

START_TEST(a_snapshot_may_be_of_any_size)
{
	setup(1);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	for (uint64_t i = 1; i <= 10000; i++)
		ck_assert_int_eq(append(i, 1000), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_uint_gt(journal_bytes(&journal), 2 * JOURNAL_BATCH_MAX);
	disk_power_failure(&disk);
	ck_assert_int_eq(replay(), 0);
	ck_kept(10000);
	teardown();
}
END_TEST

START_TEST(a_half_snapshot_is_removed_before_the_next)
{
	setup(1);
	write_batches(1, 10);
	disk.capacity = disk_used(&disk) + JOURNAL_FIRST_BYTES;
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	while (append(2, 60000) == 0)
		;
	ck_assert_int_eq(append(2, 60000), -ENOSPC);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_ptr_null(disk_find(&disk, 2));
	ck_assert_ptr_nonnull(disk_find(&disk, 3));
	ck_assert_int_eq(journal_begin(&journal, 1000000), -ENOSPC);
	ck_assert_ptr_nonnull(disk_find(&disk, 1));
	ck_assert_ptr_null(disk_find(&disk, 3));
	ck_assert_int_eq(append(2, 10), -EIO);
	teardown();
}
END_TEST

START_TEST(a_full_disk_refuses_the_new_and_takes_the_outcomes)
{
	uint64_t i = 1;

	setup(1);
	disk.capacity = JOURNAL_FIRST_BYTES + 1000;
	write_batches(1, 1000);
	while (journal_has_room(&journal, 1000 + JOURNAL_FRAME_MAX)) {
		ck_assert_int_eq(append(++i, 1000), 0);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
	ck_assert_int_eq(journal_reserve(&journal, 2000), -ENOSPC);
	for (unsigned more = 0; more < JOURNAL_RESERVE / 1200; more++) {
		ck_assert_int_eq(append(++i, 1000), 0);
		ck_assert_int_eq(journal_commit(&journal), 0);
	}
	while (append(i + 1, 1000) == 0)
		i++;
	ck_assert_int_eq(append(i + 1, 1000), -ENOSPC);
	ck_assert_int_eq(journal_commit(&journal), 0);
	/* room again */
	disk.capacity = 0;
	ck_assert_int_eq(journal_reserve(&journal, 2000), 0);
	ck_assert(journal_has_room(&journal, 2000));
	ck_assert_int_eq(append(++i, 1000), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(replay(), 0);
	ck_kept(i);
	teardown();
}
END_TEST

START_TEST(when_no_segment_can_begin_the_old_one_goes_on)
{
	setup(1);
	write_batches(2, 10);
	disk.begin_fails = 1;
	ck_assert_int_ne(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(append(3, 10), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(replay(), 0);
	ck_kept(3);
	teardown();
}
END_TEST

START_TEST(a_batch_is_bounded)
{
	uint64_t i = 1;

	setup(1);
	write_batches(1, 10);
	ck_assert_int_eq(journal_reserve(&journal, 2 * JOURNAL_BATCH_MAX), 0);
	while (append(i + 1, 60000) == 0)
		i++;
	ck_assert_uint_le(journal_bytes(&journal),
			  JOURNAL_BATCH_MAX + 2 * FRAME_FIRST);
	ck_assert_uint_gt(i, 60);
	ck_assert_int_eq(append(i + 1, 60000), -ENOSPC);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(append(i + 1, 60000), 0);
	ck_assert_int_eq(append(i + 1, RECORD_MAX), -EMSGSIZE);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(replay(), 0);
	ck_kept(i + 1);
	teardown();
}
END_TEST

START_TEST(a_flipped_bit_loses_one_record_and_is_counted)
{
	setup(1);
	write_batches(50, 100);
	disk_flip(&disk, 1, FRAME_FIRST + 10 * 136 + 40, 3);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(journal.damaged, 1);
	ck_assert_uint_eq(kept_count, 49);
	/* kept for a person, out of the way of the next start */
	write_batches(1, 10);
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert(disk_find(&disk, 1)->aside);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_uint_eq(journal.damaged, 0);
	teardown();
}
END_TEST

START_TEST(a_flipped_bit_in_the_last_record_is_no_torn_end)
{
	setup(1);
	write_batches(10, 100);
	disk_flip(&disk, 1, journal_bytes(&journal) - 50, 3);
	ck_assert_int_eq(replay(), 0);
	ck_kept(9);
	ck_assert_uint_eq(journal.damaged, 1);
	teardown();
}
END_TEST

START_TEST(no_flipped_bit_is_ever_believed)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		setup(seed);
		write_batches(20, 200);
		disk_flip(
			&disk, 1,
			rng_below(&disk.rng, (uint32_t)journal_bytes(&journal)),
			(int)(seed % 8));
		ck_assert_int_eq(replay(), 0);
		ck_assert_uint_ge(kept_count, 19);
		teardown();
	}
}
END_TEST

START_TEST(a_segment_cut_off_inside_a_record_is_damaged)
{
	setup(1);
	write_batches(20, 200);
	disk_cut(&disk, 1, journal_bytes(&journal) - 24);
	ck_assert_int_eq(replay(), 0);
	ck_kept(19);
	ck_assert_uint_eq(journal.damaged, 1);
	teardown();
}
END_TEST

START_TEST(an_empty_segment_is_no_damage)
{
	setup(1);
	write_batches(3, 10);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	disk_power_failure(&disk);
	ck_assert_int_eq(replay(), 0);
	ck_kept(3);
	disk_cut(&disk, 2, 512);
	ck_assert_int_eq(replay(), 0);
	disk_cut(&disk, 2, 0);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(journal.damaged, 0);
	ck_assert_uint_eq(journal.torn, 0);
	teardown();
}
END_TEST

START_TEST(a_snapshot_counts_only_when_it_was_finished)
{
	setup(1);
	write_batches(2, 10);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	/* more than the buffer: some of it is written */
	for (uint64_t i = 3; i < 1000; i++)
		ck_assert_int_eq(append(i, 1000), 0);
	ck_assert_int_eq(replay(), 0);
	ck_kept(2);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(append(3, 10), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_uint_eq(kept[0], 3);
	teardown();
}
END_TEST

START_TEST(where_nothing_was_finished_the_oldest_counts)
{
	setup(1);
	write_batches(3, 10);
	disk_cut(&disk, 1, FRAME_FIRST + frame_bytes(10 + 64) * 1);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(append(9, 10), 0);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_ge(kept_count, 1);
	ck_kept(kept_count);
	teardown();
}
END_TEST

START_TEST(a_damaged_header_beside_others_is_counted_and_kept)
{
	setup(1);
	write_batches(2, 10);
	write_batches(1, 10);
	disk_flip(&disk, 1, 20, 1);
	disk_flip(&disk, 1, FRAME_SECTOR + 20, 1);
	ck_assert_int_eq(replay(), 0);
	ck_kept(1);
	ck_assert_uint_eq(journal.damaged, 1);
	write_batches(1, 10);
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert(disk_find(&disk, 1)->aside);
	ck_assert_ptr_null(disk_find(&disk, 2));
	teardown();
}
END_TEST

/* As a later version of the program would write them. */
static void make_later(uint32_t number)
{
	struct disk_segment *segment = disk_find(&disk, number);

	for (int i = 0; i < 2; i++) {
		uint8_t *at = segment->cache + i * FRAME_SECTOR;
		size_t len = 28 + le32_get(at + 24);

		le32_put(at + 8, FRAME_FORMAT + 1);
		le32_put(at + len, crc32c(0, at, len));
	}
}

START_TEST(what_a_later_version_wrote_is_never_left_out)
{
	setup(1);
	write_batches(2, 10);
	make_later(1);
	ck_assert_int_eq(replay(), -EPROTONOSUPPORT);
	write_batches(1, 10);
	ck_assert_int_eq(replay(), -EPROTONOSUPPORT);
	teardown();
}
END_TEST

START_TEST(a_payload_that_looks_like_a_frame_is_not_one)
{
	struct frame_place place = { 1, FRAME_FIRST + 40, FRAME_FIRST };

	setup(1);
	/* right salt guessed wrong, any offset */
	place.salt = 2;
	memset(value, 'v', sizeof(value));
	frame_seal((uint8_t *)value, 100, &place);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(append(1, 400), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	memset(value, 'v', sizeof(value));
	ck_assert_int_eq(append(2, 10), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	disk_flip(&disk, 1, FRAME_FIRST + 4, 1);
	ck_assert_int_eq(replay(), 0);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_uint_eq(kept[0], 2);
	teardown();
}
END_TEST

static int refuse(void *arg, const struct record *record)
{
	(void)record;
	*(int *)arg += 1;
	return -ENOMEM;
}

START_TEST(a_replay_ends_when_its_reader_says_so)
{
	int calls = 0;

	setup(1);
	write_batches(3, 10);
	ck_assert_int_eq(journal_replay(&journal, refuse, &calls), -ENOMEM);
	ck_assert_int_eq(calls, 1);
	disk.read_fails = 1;
	ck_assert_int_eq(replay(), -EIO);
	teardown();
}
END_TEST

TEST_MAIN("journal", what_was_committed_comes_back_in_order,
	  a_power_failure_leaves_what_was_committed,
	  after_a_failed_sync_nothing_is_appended,
	  the_past_goes_only_behind_a_snapshot,
	  the_oldest_goes_first_or_nothing_goes, a_snapshot_may_be_of_any_size,
	  a_half_snapshot_is_removed_before_the_next,
	  a_full_disk_refuses_the_new_and_takes_the_outcomes,
	  when_no_segment_can_begin_the_old_one_goes_on, a_batch_is_bounded,
	  a_flipped_bit_loses_one_record_and_is_counted,
	  a_flipped_bit_in_the_last_record_is_no_torn_end,
	  no_flipped_bit_is_ever_believed,
	  a_segment_cut_off_inside_a_record_is_damaged,
	  an_empty_segment_is_no_damage,
	  a_snapshot_counts_only_when_it_was_finished,
	  where_nothing_was_finished_the_oldest_counts,
	  a_damaged_header_beside_others_is_counted_and_kept,
	  what_a_later_version_wrote_is_never_left_out,
	  a_payload_that_looks_like_a_frame_is_not_one,
	  a_replay_ends_when_its_reader_says_so)
