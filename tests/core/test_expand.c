#include "core/expand.h"

#include <errno.h>

#include "tests/core/test.h"

static char buf[256];
static struct text bad;

static bool environment(void *context, struct text name, struct text *value)
{
	if (text_is(name, "HOME"))
		*value = text_of("/root");
	else if (text_is(name, "PRICE"))
		*value = text_of("5$ ${HOME}");
	else if (text_is(name, "EMPTY"))
		*value = text_of("");
	else
		return false;
	return true;
}

static bool run(void *context, struct text name, struct text *value)
{
	if (text_is(name, "param.month"))
		*value = text_of("2026-11");
	else if (text_is(name, "job.output"))
		*value = text_of("/x/$HOME");
	else
		return false;
	return true;
}

static int load(const char *in, enum expand_result result)
{
	struct out out = out_init(buf, sizeof(buf));
	int rc =
		expand_load(text_of(in), result, environment, NULL, &out, &bad);

	return rc != 0 ? rc : out_end(&out);
}

/* Both stages. */
static const char *both(const char *in)
{
	char template[sizeof(buf)];
	struct out out;

	ck_assert_int_eq(load(in, EXPAND_TEMPLATE), 0);
	memcpy(template, buf, sizeof(buf));
	out = out_init(buf, sizeof(buf));
	ck_assert_int_eq(expand_run(text_of(template), run, NULL, &out), 0);
	ck_assert_int_eq(out_end(&out), 0);
	return buf;
}

START_TEST(the_environment_is_filled_in_at_load)
{
	ck_assert_int_eq(load("a${HOME}b", EXPAND_FINAL), 0);
	ck_assert_str_eq(buf, "a/rootb");
	ck_assert_int_eq(load("${EMPTY}", EXPAND_FINAL), 0);
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(a_default_stands_for_what_is_unset_or_empty)
{
	ck_assert_int_eq(
		load("${NO:-x} ${EMPTY:-y} ${HOME:-z} ${NO:-}", EXPAND_FINAL),
		0);
	ck_assert_str_eq(buf, "x y /root ");
}
END_TEST

START_TEST(an_unset_name_without_default_is_an_error_that_names_it)
{
	ck_assert_int_eq(load("a ${NO} b", EXPAND_FINAL), -ENOENT);
	ck_assert(text_is(bad, "NO"));
}
END_TEST

START_TEST(two_dollars_are_one_and_a_lone_one_is_itself)
{
	ck_assert_int_eq(load("$$ $${HOME} a$b ^x$ $", EXPAND_FINAL), 0);
	ck_assert_str_eq(buf, "$ ${HOME} a$b ^x$ $");
	ck_assert_str_eq(both("$$ $${HOME} a$b ^x$ $"), "$ ${HOME} a$b ^x$ $");
}
END_TEST

START_TEST(a_value_is_never_expanded_again)
{
	ck_assert_int_eq(load("${PRICE}", EXPAND_FINAL), 0);
	ck_assert_str_eq(buf, "5$ ${HOME}");
	ck_assert_str_eq(both("${PRICE}"), "5$ ${HOME}");
	ck_assert_str_eq(both("$${job.output} ${job.output}"),
			 "${job.output} /x/$HOME");
}
END_TEST

START_TEST(what_is_of_the_run_waits_for_it)
{
	ck_assert_int_eq(load("${HOME}-${param.month}", EXPAND_TEMPLATE), 0);
	ck_assert_str_eq(buf, "/root-${param.month}");
	ck_assert_str_eq(both("${HOME}-${param.month}"), "/root-2026-11");
	ck_assert_str_eq(both("[${param.day}]${param.day:-all}"), "[]all");
}
END_TEST

START_TEST(what_is_of_the_run_means_nothing_in_a_final_string)
{
	ck_assert_int_eq(load("${param.month}", EXPAND_FINAL), -EPERM);
	ck_assert(text_is(bad, "param.month"));
	ck_assert_int_eq(load("${job.id:-x}", EXPAND_FINAL), -EPERM);
}
END_TEST

START_TEST(what_is_no_placeholder_is_an_error)
{
	static const char *const wrong[] = { "${",     "${HOME",  "${}",
					     "${:-x}", "${1A}",	  "${A B}",
					     "${a.b}", "${job.}", "${param.}" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(load(wrong[i], EXPAND_TEMPLATE) == -EINVAL, "%s",
			      wrong[i]);
}
END_TEST

START_TEST(placeholders_are_found_one_by_one)
{
	struct text rest = text_of("a$$${param.a}${job.id:-x}$");
	struct text name;

	ck_assert(expand_next(&rest, &name));
	ck_assert(text_is(name, "param.a"));
	ck_assert(expand_next(&rest, &name));
	ck_assert(text_is(name, "job.id"));
	ck_assert(!expand_next(&rest, &name));
}
END_TEST

START_TEST(what_does_not_fit_is_remembered_by_the_buffer)
{
	struct out out = out_init(buf, 4);

	ck_assert_int_eq(expand_load(text_of("${HOME}"), EXPAND_FINAL,
				     environment, NULL, &out, &bad),
			 0);
	ck_assert_int_eq(out_end(&out), -ENOSPC);
}
END_TEST

TEST_MAIN("expand", the_environment_is_filled_in_at_load,
	  a_default_stands_for_what_is_unset_or_empty,
	  an_unset_name_without_default_is_an_error_that_names_it,
	  two_dollars_are_one_and_a_lone_one_is_itself,
	  a_value_is_never_expanded_again, what_is_of_the_run_waits_for_it,
	  what_is_of_the_run_means_nothing_in_a_final_string,
	  what_is_no_placeholder_is_an_error, placeholders_are_found_one_by_one,
	  what_does_not_fit_is_remembered_by_the_buffer)
