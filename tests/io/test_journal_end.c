#include "io/journal.h"

#include "tests/io/follow_stand.h"

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
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
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
	write_segment(1, 1, 2);
	end = journal_end(&journal);
	append(3, 100);
	disk.sync_fails = 1;
	ck_assert_int_eq(journal_commit(&journal), -EIO);
	ck_assert_uint_eq(journal_end(&journal).segment, end.segment);
	ck_assert_uint_eq(journal_end(&journal).offset, end.offset);
	teardown();
}
END_TEST

START_TEST(a_role_that_starts_again_reads_to_its_end_only)
{
	struct lease_end end;

	setup(1);
	write_segment(3, 1, 4);
	write_segment(3, 5, 8);
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
	write_segment(3, 1, 4);
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
		write_segment(generation, 1, 1);
		write_segment(generation, 1, 1);
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

START_TEST(what_was_written_without_a_cluster_stays)
{
	setup(1);
	write_segment(0, 1, 1);
	write_segment(1, 2, 2);
	write_segment(2, 3, 3);
	ck_assert_int_eq(journal_drop_ended(&journal, 1), 0);
	ck_assert_ptr_nonnull(disk_find(&disk, 1));
	ck_assert_ptr_null(disk_find(&disk, 2));
	teardown();
}
END_TEST

START_TEST(a_segment_without_a_header_is_set_aside)
{
	setup(1);
	write_segment(1, 1, 1);
	write_segment(2, 1, 1);
	write_segment(3, 1, 1);
	disk_flip(&disk, 1, 20, 1);
	disk_flip(&disk, 1, FRAME_SECTOR + 20, 1);
	disk_cut(&disk, 2, 0);
	ck_assert_int_eq(journal_drop_ended(&journal, 0), 0);
	ck_assert(disk_find(&disk, 1)->aside);
	ck_assert_ptr_null(disk_find(&disk, 2));
	teardown();
}
END_TEST

TEST_MAIN("journal_end", what_is_not_committed_is_behind_the_end,
	  a_failed_sync_does_not_move_the_end,
	  a_role_that_starts_again_reads_to_its_end_only,
	  a_role_whose_end_cannot_be_read_says_so,
	  segments_of_generations_not_yet_read_stay,
	  what_was_written_without_a_cluster_stays,
	  a_segment_without_a_header_is_set_aside)
