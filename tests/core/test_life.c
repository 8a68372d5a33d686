#include "core/life.h"

#include "tests/core/test.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

/* ---- the table ---- */

struct row {
	enum unit_restart restart;
	enum life_end end;
	/* nothing; too often; asked to stop; both */
	enum life_next next[4];
};

#define STOPPED_BOTH LIFE_STOPPED, LIFE_STOPPED

static const struct row table[] = {
	{ RESTART_PERMANENT,
	  LIFE_END_OK,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_PERMANENT,
	  LIFE_END_CODE,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_PERMANENT,
	  LIFE_END_SIGNAL,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_PERMANENT,
	  LIFE_END_SILENT,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_PERMANENT,
	  LIFE_END_TIMEOUT,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_PERMANENT,
	  LIFE_END_NO_START,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_OK,
	  { LIFE_DONE, LIFE_DONE, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_CODE,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_SIGNAL,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_SILENT,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_TIMEOUT,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TRANSIENT,
	  LIFE_END_NO_START,
	  { LIFE_AGAIN, LIFE_GIVEN_UP, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_OK,
	  { LIFE_DONE, LIFE_DONE, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_CODE,
	  { LIFE_FAILED, LIFE_FAILED, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_SIGNAL,
	  { LIFE_FAILED, LIFE_FAILED, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_SILENT,
	  { LIFE_FAILED, LIFE_FAILED, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_TIMEOUT,
	  { LIFE_FAILED, LIFE_FAILED, STOPPED_BOTH } },
	{ RESTART_TEMPORARY,
	  LIFE_END_NO_START,
	  { LIFE_FAILED, LIFE_FAILED, STOPPED_BOTH } },
};

START_TEST(the_table_of_what_follows_an_end)
{
	ck_assert_uint_eq(COUNT(table),
			  (RESTART_TEMPORARY + 1) * (unsigned)LIFE_ENDS);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct row *row = &table[i];

		/* Each combination is there once. */
		ck_assert_uint_eq(row->restart, i / LIFE_ENDS);
		ck_assert_uint_eq(row->end, i % LIFE_ENDS);
		for (unsigned bits = 0; bits < 4; bits++)
			ck_assert_msg(life_judge(row->restart, row->end,
						 (bits & 1) != 0,
						 (bits & 2) != 0) ==
					      row->next[bits],
				      "row %zu column %u", i, bits);
	}
}
END_TEST

/* Every row of the table again, with what makes an end one too many. */
START_TEST(records_and_table_agree)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		for (unsigned bits = 0; bits < 4; bits++) {
			const struct row *row = &table[i];
			struct life_policy policy = {
				.restart = row->restart,
				.max_restarts = (bits & 1) != 0 ? 0 : 1,
				.max_seconds_ms = 1000,
			};
			struct life_record record = { 0 };
			struct life_verdict verdict;

			life_started(&record, 50);
			verdict = life_ended(&record, &policy, row->end,
					     (bits & 2) != 0, 0, 60);
			ck_assert_int_eq(verdict.next, row->next[bits]);
			ck_assert_int_eq(verdict.pause_ms, 0);
		}
	}
}
END_TEST

/* ---- the limit ---- */

/* Runs for RUN_MS, ends by a code, and pauses for PAUSE_MS before the next. */
struct run {
	int64_t run_ms;
	int64_t pause_ms;
	enum life_next next;
};

static void check_runs(const struct life_policy *policy, const struct run *runs,
		       size_t count)
{
	struct life_record record = { 0 };
	int64_t now_ms = 123456;

	for (size_t i = 0; i < count; i++) {
		struct life_verdict verdict;

		life_started(&record, now_ms);
		now_ms += runs[i].run_ms;
		verdict = life_ended(&record, policy, LIFE_END_CODE, false, 0,
				     now_ms);
		ck_assert_msg(verdict.next == runs[i].next, "run %zu", i);
		now_ms += runs[i].pause_ms;
	}
}

static const struct life_policy three_in_five = {
	.restart = RESTART_PERMANENT,
	.max_restarts = 3,
	.max_seconds_ms = 5000,
	.backoff_ms = 1000,
	.backoff_max_ms = 60000,
};

START_TEST(more_ends_than_allowed_in_the_time_are_too_many)
{
	static const struct run runs[] = {
		{ 1000, 0, LIFE_AGAIN },
		{ 1000, 0, LIFE_AGAIN },
		{ 1000, 0, LIFE_AGAIN },
		{ 1000, 0, LIFE_GIVEN_UP },
	};

	check_runs(&three_in_five, runs, COUNT(runs));
}
END_TEST

START_TEST(pauses_do_not_disarm_the_limit)
{
	static const struct run runs[] = {
		{ 100, 1000, LIFE_AGAIN },
		{ 100, 2000, LIFE_AGAIN },
		{ 100, 4000, LIFE_AGAIN },
		{ 100, 0, LIFE_GIVEN_UP },
	};

	check_runs(&three_in_five, runs, COUNT(runs));
}
END_TEST

START_TEST(the_time_itself_is_within_and_a_moment_more_is_not)
{
	static const struct run within[] = {
		{ 1, 9, LIFE_AGAIN },
		{ 2000, 9, LIFE_AGAIN },
		{ 2000, 9, LIFE_AGAIN },
		{ 1000, 9, LIFE_GIVEN_UP },
	};
	static const struct run beyond[] = {
		{ 1, 9, LIFE_AGAIN },	    { 2000, 9, LIFE_AGAIN },
		{ 2000, 9, LIFE_AGAIN },    { 1001, 9, LIFE_AGAIN },
		{ 1999, 9, LIFE_GIVEN_UP },
	};

	check_runs(&three_in_five, within, COUNT(within));
	check_runs(&three_in_five, beyond, COUNT(beyond));
}
END_TEST

START_TEST(no_restart_allowed_is_none)
{
	static const struct life_policy policy = { .restart = RESTART_PERMANENT,
						   .max_seconds_ms = 5000 };
	static const struct run runs[] = { { 999999, 0, LIFE_GIVEN_UP } };

	check_runs(&policy, runs, COUNT(runs));
}
END_TEST

START_TEST(the_highest_limit_holds)
{
	static const struct life_policy policy = {
		.restart = RESTART_PERMANENT,
		.max_restarts = LIFE_RESTARTS_MAX,
		.max_seconds_ms = 5000,
	};
	struct life_record record = { 0 };
	int64_t now_ms = 0;

	/* More than around the ring, first too slowly for the limit, then
	 * all at once: the slow ones still count until they are long ago. */
	for (int i = 0; i < LIFE_RESTARTS_MAX + 500; i++) {
		life_started(&record, now_ms);
		now_ms += 10;
		ck_assert_int_eq(life_ended(&record, &policy, LIFE_END_CODE,
					    false, 0, now_ms)
					 .next,
				 LIFE_AGAIN);
	}
	for (int i = 0;; i++) {
		life_started(&record, now_ms);
		if (life_ended(&record, &policy, LIFE_END_CODE, false, 0,
			       now_ms)
			    .next == LIFE_AGAIN)
			continue;
		/* 500 of 10 ms each fill the 5 s, the rest is at once. */
		ck_assert_int_eq(i, LIFE_RESTARTS_MAX - 501);
		break;
	}
}
END_TEST

/* ---- the pause ---- */

START_TEST(pauses_double_up_to_their_cap)
{
	static const int64_t expected[] = { 1000,  2000,  4000,	 8000,
					    16000, 32000, 60000, 60000 };

	for (uint32_t row = 1; row <= COUNT(expected); row++)
		ck_assert_int_eq(life_pause(&three_in_five, row, 0),
				 expected[row - 1]);
	ck_assert_int_eq(life_pause(&three_in_five, UINT32_MAX, 0), 60000);
}
END_TEST

START_TEST(chance_adds_up_to_a_tenth)
{
	int64_t least_ms = INT64_MAX;
	int64_t most_ms = 0;

	for (uint32_t chance = 0; chance < 5000; chance++) {
		int64_t pause_ms = life_pause(&three_in_five, 2, chance);

		if (pause_ms < least_ms)
			least_ms = pause_ms;
		if (pause_ms > most_ms)
			most_ms = pause_ms;
	}
	ck_assert_int_eq(least_ms, 2000);
	ck_assert_int_eq(most_ms, 2200);
	ck_assert_int_le(life_pause(&three_in_five, 2, UINT32_MAX), 2200);
}
END_TEST

START_TEST(no_backoff_is_at_once_whatever_the_row)
{
	static const struct life_policy policy = { .backoff_max_ms = 60000 };
	static const struct life_policy capped = { .backoff_ms = 1000 };

	for (uint32_t row = 1; row < 100; row++) {
		ck_assert_int_eq(life_pause(&policy, row, 77), 0);
		ck_assert_int_eq(life_pause(&capped, row, 77), 0);
	}
}
END_TEST

START_TEST(the_longest_backoff_there_is_does_not_overflow)
{
	static const struct life_policy policy = { .backoff_ms = INT64_MAX / 4,
						   .backoff_max_ms =
							   INT64_MAX / 2 };

	ck_assert_int_gt(life_pause(&policy, 64, 0), 0);
}
END_TEST

START_TEST(a_calm_run_begins_a_new_row)
{
	struct life_record record = { 0 };
	static const int64_t run_ms[] = { 10, 10, 5000, 5001, 10 };
	static const int64_t pause_ms[] = { 1000, 2000, 4000, 1000, 2000 };
	int64_t now_ms = 0;

	for (size_t i = 0; i < COUNT(run_ms); i++) {
		struct life_verdict verdict;

		life_started(&record, now_ms);
		now_ms += run_ms[i];
		verdict = life_ended(&record, &three_in_five, LIFE_END_SIGNAL,
				     false, 0, now_ms);
		ck_assert_int_eq(verdict.next, LIFE_AGAIN);
		ck_assert_int_eq(verdict.pause_ms, pause_ms[i]);
		now_ms += verdict.pause_ms;
	}
}
END_TEST

TEST_MAIN("life", the_table_of_what_follows_an_end, records_and_table_agree,
	  more_ends_than_allowed_in_the_time_are_too_many,
	  pauses_do_not_disarm_the_limit,
	  the_time_itself_is_within_and_a_moment_more_is_not,
	  no_restart_allowed_is_none, the_highest_limit_holds,
	  pauses_double_up_to_their_cap, chance_adds_up_to_a_tenth,
	  no_backoff_is_at_once_whatever_the_row,
	  the_longest_backoff_there_is_does_not_overflow,
	  a_calm_run_begins_a_new_row)
