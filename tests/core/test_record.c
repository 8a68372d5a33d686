#include "core/record.h"

#include <errno.h>

#include "tests/core/test.h"

START_TEST(the_layout_stays_as_it_is)
{
	static const uint8_t golden[] = {
		1,  5, 0, 'e', 'p', 'o', 'c', 'h', /* key */
		2,  5, 0, 2,   0,   0,	 0,   3,   /* token */
		3,  1, 0, 9,			   /* step */
		16, 1, 0, 'v',			   /* value */
	};
	struct record record = { text_of("epoch"),
				 { token_make(3, 2), 9 },
				 { "\020\001\000v", 4 } };
	struct record back;
	uint8_t buf[64];

	ck_assert_int_eq(record_encode(&record, buf, sizeof(buf)),
			 sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
	ck_assert_int_eq(record_decode(&back, buf, sizeof(golden)), 0);
	ck_assert(text_is(back.key, "epoch"));
	ck_assert_int_eq(version_compare(back.version, record.version), 0);
	ck_assert(text_equal(back.value, record.value));
}
END_TEST

START_TEST(a_register_without_key_or_token_is_refused)
{
	struct record none = { text_of(""), { 1, 0 }, { NULL, 0 } };
	struct record old = { text_of("k"), { 0, 1 }, { NULL, 0 } };
	struct record back;
	uint8_t buf[64];
	int len = record_encode(&none, buf, sizeof(buf));

	ck_assert_int_eq(record_decode(&back, buf, (size_t)len), -EBADMSG);
	len = record_encode(&old, buf, sizeof(buf));
	ck_assert_int_eq(record_decode(&back, buf, (size_t)len), -EBADMSG);
	ck_assert_int_eq(record_decode(&back, buf, 0), -EBADMSG);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	struct record record = { text_of("key"),
				 { 1, 1 },
				 { "\020\001\000v", 4 } };
	uint8_t buf[64];
	int len = record_encode(&record, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	for (int cap = 0; cap < len; cap++)
		ck_assert_int_eq(record_encode(&record, buf, (size_t)cap),
				 -ENOSPC);
}
END_TEST

TEST_MAIN("record", the_layout_stays_as_it_is,
	  a_register_without_key_or_token_is_refused,
	  what_does_not_fit_is_refused)
