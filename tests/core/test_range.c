#include "core/range.h"

#include "tests/core/test.h"

static struct range range;

static enum range_verdict judge(const char *field, uint64_t size)
{
	range = (struct range){ 0 };
	return range_judge(text_of(field), size, &range);
}

START_TEST(one_range_is_a_part)
{
	ck_assert_int_eq(judge("bytes=0-0", 10), RANGE_PART);
	ck_assert_uint_eq(range.first, 0);
	ck_assert_uint_eq(range.len, 1);
	ck_assert_int_eq(judge("bytes=4-", 10), RANGE_PART);
	ck_assert_uint_eq(range.first, 4);
	ck_assert_uint_eq(range.len, 6);
	ck_assert_int_eq(judge("Bytes= 2-100", 10), RANGE_PART);
	ck_assert_uint_eq(range.first, 2);
	ck_assert_uint_eq(range.len, 8);
}
END_TEST

START_TEST(a_suffix_counts_from_the_end)
{
	ck_assert_int_eq(judge("bytes=-3", 10), RANGE_PART);
	ck_assert_uint_eq(range.first, 7);
	ck_assert_uint_eq(range.len, 3);
	ck_assert_int_eq(judge("bytes=-30", 10), RANGE_PART);
	ck_assert_uint_eq(range.first, 0);
	ck_assert_uint_eq(range.len, 10);
}
END_TEST

START_TEST(what_begins_behind_the_end_cannot_be_satisfied)
{
	ck_assert_int_eq(judge("bytes=10-", 10), RANGE_UNSATISFIED);
	ck_assert_int_eq(judge("bytes=-0", 10), RANGE_UNSATISFIED);
	ck_assert_int_eq(judge("bytes=0-", 0), RANGE_UNSATISFIED);
	ck_assert_int_eq(judge("bytes=99999999999999999999-", 10),
			 RANGE_UNSATISFIED);
}
END_TEST

START_TEST(malformed_and_several_ranges_give_the_whole)
{
	static const char *const fields[] = {
		"",	      "bytes",	     "bytes=",
		"bytes=-",    "bytes=5-2",   "bytes=a-b",
		"bytes=1",    "lines=1-2",   "bytes=0-1,3-4",
		"bytes=+1-2", "bytes=1-2-3", "bytes=--1",
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		ck_assert_msg(judge(fields[i], 10) == RANGE_WHOLE, "%s",
			      fields[i]);
}
END_TEST

START_TEST(numbers_too_large_mean_the_end)
{
	ck_assert_int_eq(judge("bytes=3-99999999999999999999", 10), RANGE_PART);
	ck_assert_uint_eq(range.len, 7);
	ck_assert_int_eq(judge("bytes=1-18446744073709551615", UINT64_MAX),
			 RANGE_PART);
	ck_assert_uint_eq(range.len, UINT64_MAX - 1);
}
END_TEST

TEST_MAIN("range", one_range_is_a_part, a_suffix_counts_from_the_end,
	  what_begins_behind_the_end_cannot_be_satisfied,
	  malformed_and_several_ranges_give_the_whole,
	  numbers_too_large_mean_the_end)
