#include "core/units.h"

#include <errno.h>

#include "tests/core/test.h"

static int64_t duration(const char *string)
{
	int64_t ms = -1;
	int rc = units_parse_duration(text_of(string), &ms);

	return rc != 0 ? rc : ms;
}

static int64_t size(const char *string)
{
	uint64_t bytes = 0;
	int rc = units_parse_size(text_of(string), &bytes);

	return rc != 0 ? rc : (int64_t)bytes;
}

START_TEST(durations_are_a_number_and_a_unit)
{
	ck_assert_int_eq(duration("500ms"), 500);
	ck_assert_int_eq(duration("3s"), 3000);
	ck_assert_int_eq(duration("5m"), 300000);
	ck_assert_int_eq(duration("24h"), 86400000);
	ck_assert_int_eq(duration("7d"), 604800000);
	ck_assert_int_eq(duration("0s"), 0);
}
END_TEST

START_TEST(sizes_count_in_1024s)
{
	ck_assert_int_eq(size("512B"), 512);
	ck_assert_int_eq(size("64K"), 65536);
	ck_assert_int_eq(size("10M"), 10485760);
	ck_assert_int_eq(size("1G"), 1073741824);
	ck_assert_int_eq(size("2T"), INT64_C(2199023255552));
}
END_TEST

START_TEST(a_number_alone_lacks_its_unit)
{
	ck_assert_int_eq(duration("3000"), -EDOM);
	ck_assert_int_eq(size("64"), -EDOM);
}
END_TEST

START_TEST(anything_else_is_neither)
{
	static const char *const wrong[] = { "",      "s",    "-3s",  "3 s",
					     " 3s",   "3s ",  "1.5s", "3S",
					     "1h30m", "3sec", "0x3s" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_msg(duration(wrong[i]) == -EINVAL, "%s", wrong[i]);
		ck_assert_msg(size(wrong[i]) == -EINVAL, "%s", wrong[i]);
	}
	ck_assert_int_eq(size("64k"), -EINVAL);
	ck_assert_int_eq(size("64KiB"), -EINVAL);
}
END_TEST

START_TEST(what_does_not_fit_is_out_of_range_and_never_wraps)
{
	ck_assert_int_eq(duration("9223372036854775807ms"), INT64_MAX);
	ck_assert_int_eq(duration("9223372036854775808ms"), -ERANGE);
	ck_assert_int_eq(duration("106751991167d"),
			 INT64_C(9223372036828800000));
	ck_assert_int_eq(duration("106751991168d"), -ERANGE);
	ck_assert_int_eq(duration("99999999999999999999999d"), -ERANGE);
	ck_assert_int_eq(size("16777215T"), INT64_C(-1099511627776));
	ck_assert_int_eq(size("16777216T"), -ERANGE);
}
END_TEST

START_TEST(what_is_written_is_read_back_the_same)
{
	static const int64_t durations[] = {
		0, 1, 999, 1000, 90000, 3600000, 86400000, INT64_MAX
	};
	char buf[32];

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		struct out out = out_init(buf, sizeof(buf));

		units_out_duration(&out, durations[i]);
		ck_assert_int_eq(out_end(&out), 0);
		ck_assert_int_eq(duration(buf), durations[i]);
		out = out_init(buf, sizeof(buf));
		units_out_size(&out, (uint64_t)durations[i]);
		ck_assert_int_eq(out_end(&out), 0);
		ck_assert_int_eq(size(buf), durations[i]);
	}
}
END_TEST

START_TEST(the_largest_unit_that_is_whole_is_written)
{
	char buf[64];
	struct out out = out_init(buf, sizeof(buf));

	units_out_duration(&out, 1500);
	out_char(&out, ' ');
	units_out_duration(&out, 90000);
	out_char(&out, ' ');
	units_out_duration(&out, 86400000);
	out_char(&out, ' ');
	units_out_size(&out, 65536);
	out_char(&out, ' ');
	units_out_size(&out, 1000);
	ck_assert_int_eq(out_end(&out), 0);
	ck_assert_str_eq(buf, "1500ms 90s 1d 64K 1000B");
}
END_TEST

TEST_MAIN("units", durations_are_a_number_and_a_unit, sizes_count_in_1024s,
	  a_number_alone_lacks_its_unit, anything_else_is_neither,
	  what_does_not_fit_is_out_of_range_and_never_wraps,
	  what_is_written_is_read_back_the_same,
	  the_largest_unit_that_is_whole_is_written)
