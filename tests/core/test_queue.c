#include "core/queue.h"

#include "tests/core/test.h"

#define CAP 8

static struct queue queue;
static struct queue_entry entries[CAP];

static struct queue_entry *add(const char *id, uint32_t type, uint64_t unique)
{
	return queue_add(
		&queue,
		&(struct queue_job){ .id = id, .type = type, .unique = unique },
		0);
}

static struct queue_entry *add_of(const char *id, uint64_t user)
{
	return queue_add(&queue, &(struct queue_job){ .id = id, .user = user },
			 0);
}

static const char *give_next(uint64_t token)
{
	struct queue_entry *entry = queue_pick(&queue, 0);

	queue_give(&queue, entry, token);
	return entry->id;
}

START_TEST(jobs_run_in_the_order_of_their_arrival)
{
	queue_init(&queue, entries, CAP);
	add("a", 0, 0);
	add("b", 0, 0);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "a");
	queue_give(&queue, queue_pick(&queue, 0), 1);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
	queue_return(&queue, queue_find(&queue, "a"), 0, 0);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
	ck_assert_uint_eq(queue.waiting, 2);
	ck_assert_uint_eq(queue.given, 0);
}
END_TEST

START_TEST(what_nobody_has_taken_is_not_picked)
{
	queue_init(&queue, entries, CAP);
	queue_set_asked(&queue, add("a", 0, 0), true);
	add("b", 0, 0);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
	queue_set_asked(&queue, queue_find(&queue, "a"), false);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "a");
}
END_TEST

START_TEST(those_given_and_those_asked_for_are_gone_over_in_their_order)
{
	struct queue_entry *entry;

	queue_init(&queue, entries, CAP);
	add("a", 0, 0);
	queue_set_asked(&queue, add("b", QUEUE_NONE, 0), true);
	add("c", 0, 0);
	queue_set_asked(&queue, add("d", 0, 0), true);
	queue_give(&queue, queue_find(&queue, "c"), 1);
	queue_give(&queue, queue_find(&queue, "a"), 2);
	entry = queue_each_given(&queue, NULL);
	ck_assert_str_eq(entry->id, "c");
	ck_assert_str_eq(queue_each_given(&queue, entry)->id, "a");
	queue_retype(&queue, entry, 1);
	queue_return(&queue, entry, 0, 0);
	entry = queue_each_given(&queue, NULL);
	ck_assert_str_eq(entry->id, "a");
	ck_assert_ptr_null(queue_each_given(&queue, entry));
	entry = queue_each_asked(&queue, NULL);
	ck_assert_str_eq(entry->id, "b");
	ck_assert_str_eq(queue_each_asked(&queue, entry)->id, "d");
	queue_remove(&queue, entry);
	queue_set_asked(&queue, queue_find(&queue, "d"), false);
	ck_assert_ptr_null(queue_each_asked(&queue, NULL));
}
END_TEST

START_TEST(a_type_at_its_limit_lets_others_pass)
{
	queue_init(&queue, entries, CAP);
	queue.types[0].limit = 1;
	queue_give(&queue, add("a", 0, 0), 1);
	add("b", 0, 0);
	add("c", 1, 0);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "c");
	queue_remove(&queue, queue_find(&queue, "a"));
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
}
END_TEST

START_TEST(a_closed_type_lets_others_pass)
{
	queue_init(&queue, entries, CAP);
	add("a", 0, 0);
	add("b", 1, 0);
	queue.types[0].closed = true;
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
	queue.types[0].closed = false;
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "a");
}
END_TEST

START_TEST(who_has_fewest_given_away_comes_first)
{
	queue_init(&queue, entries, CAP);
	add_of("a1", 1);
	add_of("a2", 1);
	add_of("a3", 1);
	add_of("a4", 1);
	add_of("b1", 2);
	add_of("b2", 2);
	add_of("c1", 3);
	ck_assert_str_eq(give_next(1), "a1");
	ck_assert_str_eq(give_next(2), "b1");
	ck_assert_str_eq(give_next(3), "c1");
	ck_assert_str_eq(give_next(4), "a2");
	ck_assert_str_eq(give_next(5), "b2");
	/* Two of user 1 have ended: its turn, though it came before. */
	queue_remove(&queue, queue_find(&queue, "a1"));
	queue_remove(&queue, queue_find(&queue, "a2"));
	add_of("d1", 4);
	ck_assert_str_eq(give_next(6), "a3");
	ck_assert_str_eq(give_next(7), "d1");
	ck_assert_str_eq(give_next(8), "a4");
	ck_assert_ptr_null(queue_pick(&queue, 0));
}
END_TEST

START_TEST(one_of_a_unique_value_runs_at_a_time)
{
	queue_init(&queue, entries, CAP);
	add("a", 0, 77);
	add("b", 0, 77);
	add("c", 0, 0);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "a");
	queue_give(&queue, queue_find(&queue, "a"), 1);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "c");
	queue_give(&queue, queue_find(&queue, "c"), 2);
	ck_assert_ptr_null(queue_pick(&queue, 0));
	queue_remove(&queue, queue_find(&queue, "a"));
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "b");
}
END_TEST

START_TEST(a_retry_waits_until_it_is_due)
{
	queue_init(&queue, entries, CAP);
	queue_return(&queue, add("a", 0, 0), 100, 400);
	ck_assert_ptr_null(queue_pick(&queue, 499));
	ck_assert_int_eq(queue_next_due(&queue, 499), 500);
	ck_assert_str_eq(queue_pick(&queue, 500)->id, "a");
	ck_assert_int_eq(queue_next_due(&queue, 500), QUEUE_NO_DEADLINE);
	/* The clock was set back by an hour. */
	ck_assert_str_eq(queue_pick(&queue, -3600000)->id, "a");
}
END_TEST

START_TEST(who_was_told_to_wait_keeps_its_place)
{
	queue_init(&queue, entries, CAP);
	queue_set_wait(&queue, add("a", 0, 0), 500, 400);
	add("b", 0, 0);
	ck_assert_str_eq(queue_pick(&queue, 200)->id, "b");
	ck_assert_int_eq(queue_next_due(&queue, 200), 500);
	queue_set_wait(&queue, queue_find(&queue, "a"), 300, 400);
	ck_assert_str_eq(queue_pick(&queue, 299)->id, "b");
	ck_assert_str_eq(queue_pick(&queue, 300)->id, "a");
}
END_TEST

START_TEST(live_jobs_are_found_by_id_and_unique_and_ended_ones_are_not)
{
	queue_init(&queue, entries, CAP);
	add("a", 0, 77);
	add("b", 0, 77);
	add("c", 0, 77 + QUEUE_BUCKETS);
	ck_assert_str_eq(queue_find_unique(&queue, 77, NULL)->id, "b");
	ck_assert_str_eq(
		queue_find_unique(&queue, 77, queue_find(&queue, "b"))->id,
		"a");
	queue_remove(&queue, queue_find(&queue, "b"));
	ck_assert_str_eq(queue_find_unique(&queue, 77, NULL)->id, "a");
	ck_assert_ptr_null(queue_find(&queue, "b"));
	ck_assert_ptr_null(queue_find_unique(&queue, 78, NULL));
}
END_TEST

START_TEST(a_full_queue_refuses_and_has_room_again_after_a_removal)
{
	char id[2] = "a";

	queue_init(&queue, entries, CAP);
	for (int i = 0; i < CAP; i++, id[0]++)
		ck_assert_ptr_nonnull(add(id, 0, 0));
	ck_assert_ptr_null(add("z", 0, 0));
	queue_remove(&queue, queue_find(&queue, "d"));
	ck_assert_ptr_nonnull(add("z", 0, 0));
	ck_assert_uint_eq(queue.count, CAP);
}
END_TEST

START_TEST(a_job_whose_type_is_gone_waits)
{
	queue_init(&queue, entries, CAP);
	queue_retype(&queue, add("a", 0, 0), QUEUE_NONE);
	ck_assert_ptr_null(queue_pick(&queue, 0));
	queue_retype(&queue, queue_find(&queue, "a"), 3);
	ck_assert_str_eq(queue_pick(&queue, 0)->id, "a");
	ck_assert_uint_eq(queue.types[3].waiting, 1);
	ck_assert_uint_eq(queue.types[0].waiting, 0);
}
END_TEST

START_TEST(the_delay_doubles_up_to_its_cap)
{
	ck_assert_int_eq(queue_backoff(1000, 60000, 1), 1000);
	ck_assert_int_eq(queue_backoff(1000, 60000, 4), 8000);
	ck_assert_int_eq(queue_backoff(1000, 60000, 40), 60000);
	ck_assert_int_eq(queue_backoff(0, 60000, 40), 0);
}
END_TEST

TEST_MAIN("queue", jobs_run_in_the_order_of_their_arrival,
	  what_nobody_has_taken_is_not_picked,
	  those_given_and_those_asked_for_are_gone_over_in_their_order,
	  a_type_at_its_limit_lets_others_pass, a_closed_type_lets_others_pass,
	  who_has_fewest_given_away_comes_first,
	  who_was_told_to_wait_keeps_its_place,
	  one_of_a_unique_value_runs_at_a_time, a_retry_waits_until_it_is_due,
	  live_jobs_are_found_by_id_and_unique_and_ended_ones_are_not,
	  a_full_queue_refuses_and_has_room_again_after_a_removal,
	  a_job_whose_type_is_gone_waits, the_delay_doubles_up_to_its_cap)
