#include "core/single.h"

#include <errno.h>

#include "tests/core/test.h"

static const struct single full = {
	.version = { UINT64_C(0x100000002), 3 },
	.held = true,
	.accepted = true,
	.done = true,
	.token = UINT64_C(0x100000002),
	.node = "node-a",
	.generation = 41,
	.digest = UINT64_C(0x1122334455667788),
	.slot_ms = 1800000000000,
	.since_ms = 1700000000000,
	.began_ms = 1800000000005,
	.ended_ms = 1800000001000,
	.how = HOW_FAILED,
	.exit = -1,
	.times = UINT64_C(0x8877665544332211),
};

static struct single there_and_back(const struct single *single)
{
	uint8_t value[512];
	struct record record = { .version = single->version };
	struct single back;
	int len = single_encode(single, value, sizeof(value));

	ck_assert_int_gt(len, 0);
	record.value = (struct text){ (const char *)value, (size_t)len };
	ck_assert_int_eq(single_decode(&back, &record), 0);
	return back;
}

START_TEST(what_is_written_is_read)
{
	struct single back = there_and_back(&full);

	ck_assert_int_eq(version_compare(back.version, full.version), 0);
	ck_assert(back.held && back.accepted && back.done);
	ck_assert_uint_eq(back.generation, 41);
	ck_assert_uint_eq(back.token, full.token);
	ck_assert_str_eq(back.node, full.node);
	ck_assert_uint_eq(back.digest, full.digest);
	ck_assert_int_eq(back.slot_ms, full.slot_ms);
	ck_assert_int_eq(back.since_ms, full.since_ms);
	ck_assert_int_eq(back.began_ms, full.began_ms);
	ck_assert_int_eq(back.ended_ms, full.ended_ms);
	ck_assert_int_eq(back.how, full.how);
	ck_assert_int_eq(back.exit, -1);
	ck_assert_uint_eq(back.times, full.times);
}
END_TEST

START_TEST(the_bytes_stay_what_they_were)
{
	static const uint8_t golden[] = {
		16, 1, 0,  1,  17, 0, 0,  18, 1, 0, 7,	19, 1, 0, 'n',
		20, 0, 0,  21, 1,  0, 4,  22, 1, 0, 2,	23, 0, 0, 24,
		0,  0, 25, 1,  0,  1, 26, 1,  0, 6, 27, 0,  0,
	};
	const struct single small = { .held = true,
				      .accepted = true,
				      .token = 7,
				      .node = "n",
				      .slot_ms = 2,
				      .since_ms = 1,
				      .how = HOW_DONE,
				      .exit = 3 };
	uint8_t value[64];
	int len = single_encode(&small, value, sizeof(value));

	ck_assert_int_eq(len, sizeof(golden));
	ck_assert_mem_eq(value, golden, sizeof(golden));
}
END_TEST

START_TEST(what_is_offered_is_not_accepted_yet)
{
	struct single single = { .held = true, .token = 7, .generation = 3 };
	struct single back = there_and_back(&single);

	ck_assert(back.held && !back.accepted);
	ck_assert_uint_eq(back.generation, 3);
	single.accepted = true;
	back = there_and_back(&single);
	ck_assert(back.held && back.accepted);
	single.held = false;
	back = there_and_back(&single);
	ck_assert(!back.held && !back.accepted);
}
END_TEST

START_TEST(what_does_not_fit_or_is_cut_is_refused)
{
	uint8_t value[512];
	int len = single_encode(&full, value, sizeof(value));
	struct record record = { .value = { (const char *)value,
					    (size_t)len - 1 } };
	struct single back;

	ck_assert_int_eq(single_encode(&full, value, (size_t)len - 1), -ENOSPC);
	ck_assert_int_eq(single_decode(&back, &record), -EBADMSG);
}
END_TEST

START_TEST(the_key_is_its_name)
{
	char key[RECORD_KEY_MAX + 1];
	char name[RECORD_KEY_MAX + 1];

	ck_assert(text_is(single_key(text_of("sweep"), key), "single/sweep"));
	ck_assert_str_eq(key, "single/sweep");
	memset(name, 'x', sizeof(name));
	ck_assert_uint_eq(
		single_key((struct text){ name, sizeof(name) }, key).len, 0);
}
END_TEST

TEST_MAIN("single", what_is_written_is_read, the_bytes_stay_what_they_were,
	  what_is_offered_is_not_accepted_yet,
	  what_does_not_fit_or_is_cut_is_refused, the_key_is_its_name)
