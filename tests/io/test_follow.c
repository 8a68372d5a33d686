#include "io/follow.h"

#include "tests/io/follow_stand.h"

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

START_TEST(a_late_end_of_an_older_segment_is_as_reached)
{
	struct lease_end end;

	setup(1);
	write_segment(1, 1, 2);
	end = journal_end(&journal);
	write_segment(1, 3, 3);
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
	write_segment(1, 1, 5);
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
	write_segment(1, 1, 5);
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
	write_segment(1, 1, 5);
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
	write_segment(1, 1, 5);
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
	write_segment(1, 1, 5);
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	end.segment = UINT64_C(1) << 32 | 1;
	ck_assert_int_eq(follow_end(end), -EAGAIN);
	teardown();
}
END_TEST

START_TEST(the_header_of_another_node_is_stale)
{
	setup(1);
	write_segment(1, 1, 5);
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
	write_segment(1, 1, 5);
	view.fails = -EIO;
	ck_assert_int_eq(follow_now(), -EIO);
	view.fails = -ESTALE;
	ck_assert_int_eq(follow_now(), -EAGAIN);
	ck_assert_int_eq(follow_tail(&follow, 0, 1, keep, NULL), -ESTALE);
	view.fails = 0;
	ck_assert_int_eq(follow_now(), 0);
	ck_kept(1, 5);
	teardown();
}
END_TEST

START_TEST(a_record_that_was_refused_comes_again)
{
	setup(1);
	write_segment(1, 1, 5);
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

TEST_MAIN("follow", a_journal_is_followed_exactly_to_its_end,
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
	  no_name_leads_out_of_the_journal)
