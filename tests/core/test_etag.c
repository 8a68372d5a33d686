#include "core/etag.h"

#include "tests/core/test.h"

static bool listed(const char *field)
{
	return etag_is_listed(text_of(field), text_of("\"9.2\""));
}

START_TEST(a_tag_is_found_anywhere_in_the_list)
{
	ck_assert(listed("\"9.2\""));
	ck_assert(listed("\"a\", \"9.2\""));
	ck_assert(listed(" \"a,b\" ,W/\"9.2\""));
	ck_assert(listed("*"));
}
END_TEST

START_TEST(anything_else_is_not_the_tag)
{
	ck_assert(!listed(""));
	ck_assert(!listed("9.2"));
	ck_assert(!listed("\"9.20\""));
	ck_assert(!listed("\"9.2"));
	ck_assert(!listed("\"a, \"9.2\""));
	ck_assert(!listed("W/"));
}
END_TEST

START_TEST(a_part_needs_the_very_same_bytes)
{
	struct text tag = text_of("\"9\"");

	ck_assert(etag_allows_range(text_of(""), tag));
	ck_assert(etag_allows_range(text_of("\"9\""), tag));
	ck_assert(!etag_allows_range(text_of("W/\"9\""), tag));
	ck_assert(!etag_allows_range(text_of("Sat, 21 Nov 2026 01:00:00 GMT"),
				     tag));
}
END_TEST

START_TEST(the_highest_version_of_a_list_is_found)
{
	struct version version = { 0 };

	ck_assert(!etag_highest(text_of(""), &version));
	ck_assert(!etag_highest(text_of("*"), &version));
	ck_assert(!etag_highest(text_of("\"b-12ab\""), &version));
	ck_assert(
		etag_highest(text_of("\"b-1\", W/\"7.3\", \"6.9\""), &version));
	ck_assert_uint_eq(version.token, 7);
	ck_assert_uint_eq(version.step, 3);
}
END_TEST

START_TEST(what_is_stale_is_of_the_same_version)
{
	struct version version = { .token = 7, .step = 3 };
	char tag[ETAG_VERSION_MAX];

	etag_of_version(tag, version, false);
	ck_assert_str_eq(tag, "\"7.3\"");
	etag_of_version(tag, version, true);
	ck_assert_str_eq(tag, "\"7.3-stale\"");
	version = (struct version){ 0 };
	ck_assert(etag_highest(text_of(tag), &version));
	ck_assert_uint_eq(version.token, 7);
	ck_assert_uint_eq(version.step, 3);
}
END_TEST

TEST_MAIN("etag", the_highest_version_of_a_list_is_found,
	  what_is_stale_is_of_the_same_version,
	  a_tag_is_found_anywhere_in_the_list, anything_else_is_not_the_tag,
	  a_part_needs_the_very_same_bytes)
