#include "core/progress.h"

#include "core/tidy.h"
#include "tests/core/test.h"

static void assert_reads(const char *line, int32_t percent, const char *message)
{
	struct progress progress;

	ck_assert_msg(progress_parse(text_of(line), &progress), "%s", line);
	ck_assert_int_eq(progress.percent, percent);
	ck_assert_msg(text_is(progress.message, message), "%s", line);
}

START_TEST(a_percentage_may_stand_alone_or_before_a_message)
{
	assert_reads("0", 0, "");
	assert_reads("100", 10000, "");
	assert_reads("42 copying", 4200, "copying");
	assert_reads("42.17 a  b", 4217, "a  b");
	assert_reads("42.179 x", 4217, "x");
	assert_reads("7.5", 750, "");
	assert_reads("7.", 700, "");
	assert_reads(" \t42%\tcopying", 4200, "copying");
	assert_reads("042 x", 4200, "x");
	assert_reads("100.4", 10000, "");
}
END_TEST

START_TEST(what_is_no_progress_is_left_aside)
{
	static const char *const lines[] = {
		"",	 "hello", "-1 x", "101", "1234 files copied",
		"12abc", ".5",	  "4,5",  "%",	 "99999999999999999999999",
		"+4",	 "4.5.6", "1e1",
	};
	struct progress progress;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(!progress_parse(text_of(lines[i]), &progress),
			      "%s", lines[i]);
}
END_TEST

START_TEST(a_notice_tells_all_it_was_told)
{
	struct notice notice;

	notice_parse(text_of("READY=1\nSTATUS=Up = fine\nWATCHDOG=1\n"
			     "X_HOLDFAST_ADDRESS=10.0.0.1:80\nMAINPID=7\n"
			     "X_HOLDFAST_PROGRESS=12.5 half\nSTOPPING=1\n"),
		     &notice);
	ck_assert(notice.ready);
	ck_assert(notice.watchdog);
	ck_assert(!notice.failing);
	ck_assert(notice.stopping);
	ck_assert(notice.has_status);
	ck_assert(text_is(notice.status, "Up = fine"));
	ck_assert(notice.has_address);
	ck_assert(text_is(notice.address, "10.0.0.1:80"));
	ck_assert(notice.has_progress);
	ck_assert_int_eq(notice.progress.percent, 1250);
	ck_assert(text_is(notice.progress.message, "half"));
}
END_TEST

START_TEST(a_foreign_notice_says_nothing)
{
	struct notice notice;

	notice_parse(text_of("READY=0\nSTATU=x\nSTATUS\n\n=\nready=1\n"
			     "X_HOLDFAST_PROGRESS=soon"),
		     &notice);
	ck_assert(!notice.ready);
	ck_assert(!notice.has_status);
	ck_assert(!notice.has_progress);
	notice_parse(text_of(""), &notice);
	ck_assert(!notice.ready);
}
END_TEST

static void assert_tidy(const char *line, const char *shown)
{
	char buf[64];

	ck_assert_uint_eq(tidy_copy(text_of(line), buf, sizeof(buf)),
			  strlen(shown));
	ck_assert_str_eq(buf, shown);
}

START_TEST(foreign_bytes_are_made_fit_to_be_shown)
{
	assert_tidy("", "");
	assert_tidy("  plain  words\t\r ", "plain words");
	assert_tidy("\x1b[1;31mred\x1b[0m \x1bMx\x1b[", "red Mx");
	assert_tidy("gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f "
						       "\xe2\x82\xac");
	assert_tidy("a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd");
	assert_tidy("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(a_cut_never_falls_inside_a_character)
{
	char buf[6];

	ck_assert_uint_eq(tidy_copy(text_of("abcd\xc3\xbc"), buf, sizeof(buf)),
			  4);
	ck_assert_str_eq(buf, "abcd");
	ck_assert_uint_eq(tidy_copy(text_of("abc\xc3\xbc"), buf, sizeof(buf)),
			  5);
	ck_assert_uint_eq(tidy_copy(text_of("abcd e"), buf, sizeof(buf)), 4);
	ck_assert_uint_eq(tidy_copy(text_of("x"), buf, 1), 0);
}
END_TEST

TEST_MAIN("progress", a_percentage_may_stand_alone_or_before_a_message,
	  what_is_no_progress_is_left_aside, a_notice_tells_all_it_was_told,
	  a_foreign_notice_says_nothing, foreign_bytes_are_made_fit_to_be_shown,
	  a_cut_never_falls_inside_a_character)
