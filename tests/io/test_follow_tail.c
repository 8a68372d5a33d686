#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "core/crc32c.h"
#include "io/follow.h"
#include "io/shared_dir.h"
#include "tests/io/follow_stand.h"
#include "tests/io/tmp_dir.h"

START_TEST(a_tail_is_all_that_ended_generations_left)
{
	setup(1);
	write_segment(1, 1, 3);
	write_segment(1, 4, 5);
	write_segment(2, 6, 6);
	/* synced, and shown to nobody */
	write_segment(4, 7, 9);
	ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL), 0);
	ck_kept(1, 5);
	ck_assert_int_eq(follow_tail(&follow, 0, 3, keep, NULL), 0);
	ck_kept(1, 6);
	ck_assert_int_eq(follow_tail(&follow, 0, 4, keep, NULL), 0);
	ck_kept(1, 9);
	ck_assert_int_eq(follow_tail(&follow, 0, 0, keep, NULL), 0);
	ck_assert_uint_eq(kept_count, 0);
	teardown();
}
END_TEST

START_TEST(a_tail_leaves_out_what_was_settled)
{
	setup(1);
	write_segment(1, 1, 3);
	write_segment(2, 4, 5);
	write_segment(3, 6, 6);
	ck_assert_int_eq(follow_tail(&follow, 1, 2, keep, NULL), 0);
	ck_kept(4, 5);
	ck_assert_int_eq(follow_tail(&follow, 2, 3, keep, NULL), 0);
	ck_kept(6, 6);
	teardown();
}
END_TEST

START_TEST(what_was_written_without_a_cluster_is_left_alone)
{
	setup(1);
	write_segment(0, 1, 3);
	write_segment(1, 4, 5);
	ck_assert_int_eq(follow_tail(&follow, 0, 0, keep, NULL), 0);
	ck_assert_uint_eq(kept_count, 0);
	ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL), 0);
	ck_kept(4, 5);
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
		ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL), 0);
		ck_assert_uint_ge(kept_count, 5);
		ck_kept(1, kept_count);
		teardown();
	}
}
END_TEST

START_TEST(a_tail_skips_what_has_no_header)
{
	setup(1);
	write_segment(1, 1, 2);
	write_segment(1, 3, 4);
	write_segment(1, 5, 6);
	disk_flip(&disk, 2, 20, 1);
	disk_flip(&disk, 2, FRAME_SECTOR + 20, 1);
	disk_cut(&disk, 3, 0);
	ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL), 0);
	ck_kept(1, 2);
	teardown();
}
END_TEST

START_TEST(a_tail_of_a_later_version_is_an_error)
{
	struct disk_segment *segment;

	setup(1);
	write_segment(1, 1, 2);
	segment = disk_find(&disk, 1);
	for (int i = 0; i < 2; i++) {
		uint8_t *at = segment->cache + i * FRAME_SECTOR;
		size_t len = 28 + le32_get(at + 24);

		le32_put(at + 8, FRAME_FORMAT + 1);
		le32_put(at + len, crc32c(0, at, len));
	}
	ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL),
			 -EPROTONOSUPPORT);
	ck_assert_int_eq(follow_now(), -EPROTONOSUPPORT);
	teardown();
}
END_TEST

/* Each node with its own eyes on the directory. */
START_TEST(one_node_follows_another_in_a_directory)
{
	char path[TMP_DIR_MAX];
	struct shared_dir mine;
	struct shared_dir theirs;
	struct lease_end end;

	setup(1);
	journal_fini(&journal);
	tmp_dir(path, "follow");
	ck_assert_int_eq(shared_dir_open(&theirs, path, NODE, 0), 0);
	ck_assert_int_eq(shared_dir_open(&mine, path, "node-b", 0), 0);
	ck_assert_int_eq(journal_init(&journal, &theirs.shared, NODE), 0);
	ck_assert_int_eq(follow_init(&follow, &mine.shared, NODE, buf), 0);
	ck_assert_int_eq(follow_tail(&follow, 0, 9, keep, NULL), 0);
	write_segment(2, 1, 10);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 10);
	write_batches(11, 20, 100);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(11, 20);
	write_segment(2, 21, 22);
	ck_assert_int_eq(journal_drop_ended(&journal, 0), 0);
	end = journal_end(&journal);
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(21, 22);
	ck_assert_int_eq(follow_tail(&follow, 0, 2, keep, NULL), 0);
	ck_kept(21, 22);
	ck_assert_int_eq(journal_replay_to(&journal, &end, keep, NULL), 0);
	ck_kept(21, 22);
	end.segment++;
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	ck_assert_int_eq(follow_init(&follow, &mine.shared, "node-c", buf), 0);
	ck_assert_int_eq(follow_tail(&follow, 0, 9, keep, NULL), 0);
	shared_dir_close(&mine);
	shared_dir_close(&theirs);
	tmp_dir_remove(path);
	teardown();
}
END_TEST

TEST_MAIN("follow_tail", a_tail_is_all_that_ended_generations_left,
	  a_tail_leaves_out_what_was_settled,
	  what_was_written_without_a_cluster_is_left_alone,
	  a_tail_leaves_out_a_torn_end, a_tail_skips_what_has_no_header,
	  a_tail_of_a_later_version_is_an_error,
	  one_node_follows_another_in_a_directory)
