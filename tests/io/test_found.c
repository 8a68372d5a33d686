#include "roles/ledger_found.h"

#include <stdio.h>

#include "tests/core/test.h"

#define MANY 5000

static struct text key_of(char *at, size_t size, unsigned number)
{
	return (struct text){ at,
			      (size_t)snprintf(at, size, "job/%u", number) };
}

START_TEST(what_is_found_again_is_there_once)
{
	struct ledger_found found = { 0 };
	char key[32];

	for (unsigned i = 0; i < 3 * MANY; i++)
		ck_assert_int_eq(
			ledger_found_add(
				&found, key_of(key, sizeof(key), i * 7 % MANY)),
			0);
	ck_assert_uint_eq(found.count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert(text_is(key_of(key, sizeof(key), i * 7 % MANY),
				  found.keys[i]));
	ledger_found_free(&found);
	ck_assert_uint_eq(found.count, 0);
}
END_TEST

TEST_MAIN("found", what_is_found_again_is_there_once)
