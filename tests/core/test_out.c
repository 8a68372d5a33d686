#include "core/out.h"

#include <errno.h>

#include "core/version.h"
#include "tests/core/test.h"

static char buf[256];

START_TEST(json_escapes_what_it_must_and_mends_bad_utf8)
{
	struct out out = out_init(buf, sizeof(buf));

	out_json(&out, text_of("a\"\\\n\x01 \xc3\xa9 \xff\xe2\x82"));
	ck_assert_int_eq(out_end(&out), 0);
	ck_assert_str_eq(buf, "\"a\\\"\\\\\\n\\u0001 \xc3\xa9 "
			      "\\ufffd\\ufffd\\ufffd\"");
}
END_TEST

START_TEST(times_are_rfc_3339_in_utc)
{
	struct out out = out_init(buf, sizeof(buf));

	out_time(&out, 0);
	out_char(&out, ' ');
	out_time(&out, INT64_C(951782400123)); /* a leap day */
	out_char(&out, ' ');
	out_json_time(&out, INT64_C(1795222861005));
	out_char(&out, ' ');
	out_json_time(&out, 0);
	ck_assert_int_eq(out_end(&out), 0);
	ck_assert_str_eq(buf, "1970-01-01T00:00:00.000Z "
			      "2000-02-29T00:00:00.123Z "
			      "\"2026-11-21T01:01:01.005Z\" null");
}
END_TEST

START_TEST(hundredths_lose_needless_zeros)
{
	struct out out = out_init(buf, sizeof(buf));

	out_hundredths(&out, 4217);
	out_char(&out, ' ');
	out_hundredths(&out, 4210);
	out_char(&out, ' ');
	out_hundredths(&out, 10000);
	out_char(&out, ' ');
	out_hundredths(&out, 5);
	ck_assert_int_eq(out_end(&out), 0);
	ck_assert_str_eq(buf, "42.17 42.1 100 0.05");
}
END_TEST

START_TEST(an_overflow_is_remembered_and_nothing_is_written_past_the_end)
{
	struct out out = out_init(buf, 4);

	out_string(&out, "abc");
	ck_assert(!out.full);
	out_string(&out, "d");
	ck_assert_int_eq(out_end(&out), -ENOSPC);
	ck_assert_str_eq(buf, "abc");
}
END_TEST

START_TEST(versions_are_compared_part_by_part)
{
	struct version a = { .token = 9, .step = 70000 };
	struct version b = { .token = 10, .step = 0 };
	struct version back;
	struct out out = out_init(buf, sizeof(buf));

	ck_assert_int_lt(version_compare(a, b), 0);
	ck_assert_int_gt(version_compare(b, a), 0);
	version_out(&out, a);
	ck_assert_int_eq(out_end(&out), 0);
	ck_assert_str_eq(buf, "9.70000");
	ck_assert_int_eq(version_parse(text_of(buf), &back), 0);
	ck_assert_int_eq(version_compare(a, back), 0);
	ck_assert_int_eq(version_parse(text_of("9."), &back), -EINVAL);
	ck_assert_int_eq(version_parse(text_of("9.4294967296"), &back),
			 -EINVAL);
	ck_assert_int_eq(
		version_parse(text_of("18446744073709551616.1"), &back),
		-EINVAL);
}
END_TEST

TEST_MAIN("out", json_escapes_what_it_must_and_mends_bad_utf8,
	  times_are_rfc_3339_in_utc, hundredths_lose_needless_zeros,
	  an_overflow_is_remembered_and_nothing_is_written_past_the_end,
	  versions_are_compared_part_by_part)
