#include "core/replay.h"

#include "tests/core/test.h"

#define LIFE	   UINT64_C(0xfeed)
#define OTHER_LIFE UINT64_C(0xbeef)

static struct replay begun(uint64_t sequence)
{
	struct replay replay = { 0 };

	ck_assert_int_eq(replay_judge(&replay, LIFE, sequence), REPLAY_OTHER);
	ck_assert_uint_eq(replay_accept(&replay, LIFE, sequence), 0);
	return replay;
}

START_TEST(nothing_is_accepted_twice)
{
	struct replay replay = begun(10);

	for (uint64_t sequence = 11; sequence < 300; sequence++) {
		ck_assert_int_eq(replay_judge(&replay, LIFE, sequence),
				 REPLAY_FRESH);
		replay_accept(&replay, LIFE, sequence);
		ck_assert_int_ne(replay_judge(&replay, LIFE, sequence),
				 REPLAY_FRESH);
		ck_assert_int_ne(replay_judge(&replay, LIFE, sequence - 1),
				 REPLAY_FRESH);
	}
}
END_TEST

START_TEST(what_comes_late_within_the_window_is_fresh_once)
{
	struct replay replay = begun(100);
	uint64_t oldest = 200 - (REPLAY_WINDOW - 1);

	ck_assert_uint_eq(replay_accept(&replay, LIFE, 200), 99);
	ck_assert_int_eq(replay_judge(&replay, LIFE, oldest), REPLAY_FRESH);
	ck_assert_uint_eq(replay_accept(&replay, LIFE, oldest), 0);
	ck_assert_int_eq(replay_judge(&replay, LIFE, oldest), REPLAY_SEEN);
	ck_assert_int_eq(replay_judge(&replay, LIFE, oldest - 1), REPLAY_LATE);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 200), REPLAY_SEEN);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 199), REPLAY_FRESH);
}
END_TEST

START_TEST(a_step_of_just_the_window_forgets_all_before_it)
{
	struct replay replay = begun(100);

	replay_accept(&replay, LIFE, 100 + REPLAY_WINDOW);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 100), REPLAY_LATE);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 101), REPLAY_FRESH);
}
END_TEST

START_TEST(the_highest_sequence_there_is_is_no_special_case)
{
	struct replay replay = begun(UINT64_MAX - 1);

	replay_accept(&replay, LIFE, UINT64_MAX);
	ck_assert_int_eq(replay_judge(&replay, LIFE, UINT64_MAX), REPLAY_SEEN);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 1), REPLAY_LATE);
}
END_TEST

START_TEST(an_incarnation_that_ended_never_comes_back)
{
	struct replay replay = begun(5);

	ck_assert_int_eq(replay_judge(&replay, OTHER_LIFE, 1), REPLAY_OTHER);
	replay_accept(&replay, OTHER_LIFE, 1);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 6), REPLAY_ENDED);
	ck_assert_int_eq(replay_judge(&replay, OTHER_LIFE, 1), REPLAY_SEEN);
	for (uint64_t life = 1; life < REPLAY_ENDED_MAX; life++)
		replay_accept(&replay, life, 1);
	ck_assert_int_eq(replay_judge(&replay, LIFE, 6), REPLAY_ENDED);
}
END_TEST

TEST_MAIN("replay", nothing_is_accepted_twice,
	  what_comes_late_within_the_window_is_fresh_once,
	  a_step_of_just_the_window_forgets_all_before_it,
	  the_highest_sequence_there_is_is_no_special_case,
	  an_incarnation_that_ended_never_comes_back)
