#include "core/suggest.h"

#include "tests/core/test.h"

static size_t distance(const char *a, const char *b)
{
	return suggest_distance(text_of(a), text_of(b));
}

static struct text nearest(const char *word)
{
	static const char *const known[] = { "command", "user", "group",
					     "umask",	"env",	"env-file" };
	struct suggest suggest = suggest_init(text_of(word));

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		suggest_offer(&suggest, text_of(known[i]));
	return suggest.nearest;
}

START_TEST(each_slip_of_the_finger_counts_once)
{
	ck_assert_int_eq(distance("command", "command"), 0);
	ck_assert_int_eq(distance("comand", "command"), 1);
	ck_assert_int_eq(distance("commmand", "command"), 1);
	ck_assert_int_eq(distance("commend", "command"), 1);
	ck_assert_int_eq(distance("ocmmand", "command"), 1);
	ck_assert_int_eq(distance("", "abc"), 3);
	ck_assert_int_eq(distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(a_near_word_is_offered)
{
	ck_assert(text_is(nearest("comand"), "command"));
	ck_assert(text_is(nearest("usr"), "user"));
	ck_assert(text_is(nearest("env_file"), "env-file"));
	ck_assert(text_is(nearest("umsak"), "umask"));
}
END_TEST

START_TEST(a_far_word_is_not)
{
	ck_assert_int_eq(nearest("banana").len, 0);
	ck_assert_int_eq(nearest("x").len, 0);
	ck_assert_int_eq(nearest("").len, 0);
}
END_TEST

START_TEST(a_word_longer_than_any_is_near_to_nothing)
{
	char word[SUGGEST_MAX + 2];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ck_assert_int_eq(distance(word, word), SUGGEST_MAX);
	ck_assert_int_eq(nearest(word).len, 0);
	ck_assert_int_eq(distance(word + 1, word + 1), 0);
}
END_TEST

TEST_MAIN("suggest", each_slip_of_the_finger_counts_once,
	  a_near_word_is_offered, a_far_word_is_not,
	  a_word_longer_than_any_is_near_to_nothing)
