#include "cli/disposition.h"

#include "tests/core/test.h"

static char name[64];

START_TEST(both_forms_of_a_name_are_read)
{
	ck_assert(disposition_name(
		text_of("attachment; filename=\"a \\\"b\\\".txt\""), name,
		sizeof(name)));
	ck_assert_str_eq(name, "a \"b\".txt");
	ck_assert(disposition_name(text_of("attachment; filename=plain.gz"),
				   name, sizeof(name)));
	ck_assert_str_eq(name, "plain.gz");
	ck_assert(
		disposition_name(text_of("attachment; filename=\"e.pdf\"; "
					 "filename*=UTF-8''%c3%A9t%c3%a9.pdf"),
				 name, sizeof(name)));
	ck_assert_str_eq(name, "été.pdf");
}
END_TEST

START_TEST(a_name_is_never_a_path)
{
	ck_assert(disposition_name(
		text_of("attachment; filename=\"../../etc/passwd\""), name,
		sizeof(name)));
	ck_assert_str_eq(name, "passwd");
	ck_assert(disposition_name(
		text_of("attachment; filename*=UTF-8''..%2f%5c..%5Cx"), name,
		sizeof(name)));
	ck_assert_str_eq(name, "x");
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
	static const char *const wrong[] = {
		"",
		"attachment",
		"attachment; filename=",
		"attachment; filename=\"a/\"",
		"attachment; filename=\"..\"",
		"attachment; filename=\".profile\"",
		"attachment; filename*=UTF-8''a%0ab",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert(!disposition_name(text_of(wrong[i]), name,
					    sizeof(name)));
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	char line[400] = "attachment; filename=";

	memset(line + strlen(line), 'a', 300);
	ck_assert(disposition_name(text_of(line), name, sizeof(name)));
	ck_assert_uint_eq(strlen(name), sizeof(name) - 1);
}
END_TEST

TEST_MAIN("disposition", both_forms_of_a_name_are_read, a_name_is_never_a_path,
	  what_is_no_name_is_refused, a_long_name_is_cut)
