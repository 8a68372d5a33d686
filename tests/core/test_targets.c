#include "core/targets.h"

#include "tests/core/test.h"

#define INTERVAL 500

static struct targets targets;
static struct endpoint out[TARGETS_MAX];

static struct endpoint number(unsigned i)
{
	return (struct endpoint){ { (uint8_t)i, (uint8_t)(i >> 8) }, 7400, 0 };
}

static void begin(void)
{
	targets_init(&targets, INTERVAL, 42, 1000);
}

static bool goes_to(size_t count, const struct endpoint *to)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_equal(&out[i], to))
			return true;
	return false;
}

/* In how many of the next ROUNDS something goes to TO. */
static unsigned sent(const struct endpoint *to, unsigned rounds)
{
	unsigned times = 0;

	for (unsigned i = 0; i < rounds; i++) {
		size_t count = targets_due(&targets, targets.next_ms, out);

		times += goes_to(count, to) ? 1 : 0;
	}
	return times;
}

START_TEST(rounds_are_one_interval_apart_or_a_little_less)
{
	struct endpoint to = number(1);
	int64_t shortest = INTERVAL;

	begin();
	targets_set(&targets, 0, &to, 1);
	ck_assert_uint_eq(targets_due(&targets, 999, out), 0);
	ck_assert_uint_eq(targets_due(&targets, 1000, out), 1);
	for (int i = 0; i < 100; i++) {
		int64_t next = targets.next_ms;
		int64_t step = next - targets.last_ms;

		ck_assert_int_le(step, INTERVAL);
		ck_assert_int_ge(step, INTERVAL * 9 / 10);
		shortest = step < shortest ? step : shortest;
		ck_assert_uint_eq(targets_due(&targets, next - 1, out), 0);
		targets_due(&targets, next, out);
	}
	ck_assert_int_lt(shortest, INTERVAL * 95 / 100);
}
END_TEST

START_TEST(one_that_does_not_answer_is_told_in_every_fourth_round)
{
	struct endpoint to = number(1);

	begin();
	targets_set(&targets, 0, &to, 1);
	ck_assert_uint_eq(sent(&to, 10), 10);
	ck_assert_uint_eq(sent(&to, 40), 10);
	targets_heard(&targets, &to, targets.last_ms);
	ck_assert_uint_eq(sent(&to, 8), 8);
}
END_TEST

START_TEST(whoever_speaks_is_answered_until_it_is_silent_for_long)
{
	struct endpoint to = number(1);

	begin();
	targets_heard(&targets, &to, 1000);
	ck_assert_uint_eq(sent(&to, 8), 8);
	ck_assert_uint_eq(targets.count, 1);
	sent(&to, 2 * TARGETS_FORGET_MS / INTERVAL);
	ck_assert_uint_eq(targets.count, 0);
}
END_TEST

START_TEST(our_own_address_is_told_next_to_nothing)
{
	struct endpoint to = number(1);

	begin();
	targets_set(&targets, 0, &to, 1);
	targets_own(&targets, &to);
	ck_assert_uint_eq(sent(&to, 128), 2);
	/* it moved to another node */
	targets_heard(&targets, &to, targets.last_ms);
	ck_assert_uint_eq(sent(&to, 8), 8);
}
END_TEST

START_TEST(a_group_is_told_at_first_then_now_and_then)
{
	struct endpoint to = number(1);

	begin();
	ck_assert(targets_add_group(&targets, &to));
	ck_assert_uint_eq(sent(&to, 4), 4);
	ck_assert_uint_eq(sent(&to, 40), 10);
	targets_own(&targets, &to);
	ck_assert_uint_eq(sent(&to, 40), 10);
}
END_TEST

START_TEST(haste_brings_the_next_round_forward_but_bounded)
{
	struct endpoint to = number(1);
	unsigned rounds = 0;

	begin();
	targets_set(&targets, 0, &to, 1);
	targets_due(&targets, 1000, out);
	targets_repeat(&targets, 1002);
	ck_assert_int_eq(targets.next_ms, 1000 + TARGETS_HURRY_MS);
	targets_due(&targets, 1010, out);
	targets_repeat(&targets, 1200);
	ck_assert_int_eq(targets.next_ms, 1200);
	targets_heard(&targets, &to, 1200);
	for (int64_t now = 1200; now < 2200; now++) {
		targets_repeat(&targets, now);
		rounds += targets_due(&targets, now, out) > 0 ? 1 : 0;
	}
	ck_assert_uint_eq(rounds, 1000 / TARGETS_HURRY_MS);
}
END_TEST

START_TEST(news_go_out_at_once_unless_there_were_many)
{
	struct endpoint to = number(1);
	unsigned rounds = 0;

	begin();
	targets_set(&targets, 0, &to, 1);
	targets_heard(&targets, &to, 1000);
	for (int i = 0; i < TARGETS_SPARE; i++) {
		targets_hurry(&targets, 1000);
		ck_assert_int_eq(targets.next_ms, 1000);
		ck_assert_uint_eq(targets_due(&targets, 1000, out), 1);
	}
	targets_hurry(&targets, 1000);
	ck_assert_int_eq(targets.next_ms, 1000 + TARGETS_PACE_MS);
	for (int64_t now = 2000; now < 3000; now++) {
		targets_heard(&targets, &to, now);
		targets_hurry(&targets, now);
		rounds += targets_due(&targets, now, out) > 0 ? 1 : 0;
	}
	ck_assert_uint_ge(rounds, 1000 / TARGETS_PACE_MS);
	ck_assert_uint_le(rounds, 1000 / TARGETS_PACE_MS + TARGETS_SPARE);
}
END_TEST

START_TEST(the_more_hear_it_the_slower_news_go_out)
{
	struct endpoint to[TARGETS_MAX];

	begin();
	for (unsigned i = 0; i < 100; i++)
		to[i] = number(i + 1);
	targets_set(&targets, 0, to, 2);
	ck_assert_int_eq(targets_pace_ms(&targets), TARGETS_PACE_MS);
	targets_set(&targets, 0, to, 3 * TARGETS_PER_MS);
	ck_assert_int_eq(targets_pace_ms(&targets), TARGETS_PACE_MS + 3);
	targets_set(&targets, 0, to, 100);
	ck_assert_int_eq(targets_pace_ms(&targets), TARGETS_PACE_MAX_MS);
}
END_TEST

START_TEST(a_name_that_points_elsewhere_moves_its_targets)
{
	struct endpoint before[] = { number(1), number(2), number(3) };
	struct endpoint after[] = { number(2), number(4) };

	begin();
	targets_set(&targets, 7, before, 3);
	targets_heard(&targets, &before[2], 1000);
	targets_set(&targets, 7, after, 2);
	sent(&before[0], 1);
	/* who still speaks is still answered */
	ck_assert_uint_eq(targets.count, 3);
	ck_assert_uint_eq(sent(&before[0], 2), 0);
	ck_assert_uint_eq(sent(&before[2], 2), 2);
	ck_assert_uint_eq(sent(&after[1], 2), 2);
}
END_TEST

START_TEST(one_address_in_two_entries_is_told_once)
{
	struct endpoint to = number(1);

	begin();
	targets_set(&targets, 0, &to, 1);
	targets_set(&targets, 1, &to, 1);
	ck_assert_uint_eq(targets.count, 1);
	targets_set(&targets, 1, NULL, 0);
	ck_assert_int_eq(targets.at[0].origin, TARGET_LISTED);
}
END_TEST

START_TEST(the_table_is_bounded_and_keeps_room_for_the_list)
{
	static struct endpoint list[TARGETS_MAX];

	begin();
	for (unsigned i = 0; i < TARGETS_MAX; i++) {
		struct endpoint to = number(1000 + i);

		targets_heard(&targets, &to, 1000);
		list[i] = number(i);
	}
	ck_assert_uint_eq(targets.count, TARGETS_LEARNED_MAX);
	ck_assert_uint_eq(targets_set(&targets, 0, list, TARGETS_MAX),
			  TARGETS_LEARNED_MAX);
	ck_assert_uint_eq(targets.count, TARGETS_MAX);
}
END_TEST

TEST_MAIN("targets", rounds_are_one_interval_apart_or_a_little_less,
	  one_that_does_not_answer_is_told_in_every_fourth_round,
	  whoever_speaks_is_answered_until_it_is_silent_for_long,
	  our_own_address_is_told_next_to_nothing,
	  a_group_is_told_at_first_then_now_and_then,
	  haste_brings_the_next_round_forward_but_bounded,
	  news_go_out_at_once_unless_there_were_many,
	  the_more_hear_it_the_slower_news_go_out,
	  a_name_that_points_elsewhere_moves_its_targets,
	  one_address_in_two_entries_is_told_once,
	  the_table_is_bounded_and_keeps_room_for_the_list)
