#include "io/params.h"

#include <errno.h>

#include "core/config.h"
#include "tests/core/test.h"

static char month[] = "month";
static char month_match[] = "[0-9]{4}-[0-9]{2}|all";
static char format[] = "format";
static char format_match[] = "(a|b)\\1?";
static char pdf[] = "a";
static char note[] = "note";
static char title[] = "title";

static struct config_param declared[] = {
	{ .name = month, .match = month_match, .required = true },
	{ .name = format, .match = format_match, .fallback = pdf },
	{ .name = note },
	{ .name = title, .required = true },
};

static const struct unit unit = { .params = declared, .params_count = 4 };

static struct job_param params[JOB_PARAMS_MAX];
static size_t count;
static struct text bad;
static const char *why;

static void give(const char *name, const char *value)
{
	params[count++] = (struct job_param){ text_of(name), text_of(value) };
}

static int check(void)
{
	return params_check(&unit, params, &count, &bad, &why);
}

static void give_required(void)
{
	count = 0;
	give("month", "2026-11");
	give("title", "x");
}

START_TEST(what_is_declared_passes_and_defaults_are_added)
{
	give_required();
	ck_assert_int_eq(check(), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert(text_is(params[2].name, "format"));
	ck_assert(text_is(params[2].value, "a"));
}
END_TEST

START_TEST(what_is_not_declared_is_named)
{
	give_required();
	give("colour", "red");
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert(text_is(bad, "colour"));
	ck_assert_str_eq(why, "is not a parameter of this job");
}
END_TEST

START_TEST(what_is_given_twice_is_named)
{
	give_required();
	give("month", "2026-12");
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert(text_is(bad, "month"));
	ck_assert_str_eq(why, "is given twice");
}
END_TEST

START_TEST(what_is_required_and_absent_or_empty_is_named)
{
	count = 0;
	give("month", "2026-11");
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert(text_is(bad, "title"));
	ck_assert_str_eq(why, "is required");
	count = 0;
	give("month", "2026-11");
	give("title", "");
	ck_assert_int_eq(check(), -EINVAL);
	ck_assert(text_is(bad, "title"));
}
END_TEST

START_TEST(a_pattern_holds_for_the_whole_value)
{
	static const char *const wrong[] = { "",	  "2026-1",
					     "x2026-11",  "2026-11x",
					     "2026-11\n", "alll" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(params_fault(&declared[0], text_of(wrong[i])) !=
				      NULL,
			      "%s", wrong[i]);
	ck_assert_ptr_null(params_fault(&declared[0], text_of("all")));
	ck_assert_ptr_null(params_fault(&declared[0], text_of("2026-11")));
}
END_TEST

START_TEST(groups_of_a_pattern_keep_their_numbers)
{
	ck_assert_ptr_null(params_fault(&declared[1], text_of("aa")));
	ck_assert_ptr_nonnull(params_fault(&declared[1], text_of("ab")));
}
END_TEST

START_TEST(a_value_is_bounded_and_has_no_zero_byte)
{
	static char big[PARAMS_VALUE_MAX + 1];

	memset(big, 'x', sizeof(big));
	ck_assert_ptr_nonnull(
		params_fault(&declared[2], (struct text){ big, sizeof(big) }));
	ck_assert_ptr_null(params_fault(&declared[2],
					(struct text){ big, sizeof(big) - 1 }));
	ck_assert_ptr_nonnull(
		params_fault(&declared[2], (struct text){ "a\0b", 3 }));
	ck_assert_ptr_null(
		params_fault(&declared[2], (struct text){ NULL, 0 }));
}
END_TEST

TEST_MAIN("params", what_is_declared_passes_and_defaults_are_added,
	  what_is_not_declared_is_named, what_is_given_twice_is_named,
	  what_is_required_and_absent_or_empty_is_named,
	  a_pattern_holds_for_the_whole_value,
	  groups_of_a_pattern_keep_their_numbers,
	  a_value_is_bounded_and_has_no_zero_byte)
