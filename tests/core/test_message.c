#include "core/message.h"

#include <errno.h>

#include "core/config.h"
#include "tests/core/test.h"

START_TEST(a_submission_comes_out_as_it_went_in)
{
	static uint8_t buf[MESSAGE_MAX];
	struct message in = {
		.kind = MESSAGE_SUBMIT,
		.request = UINT64_MAX,
		.id = "0123456789abcdefghjkmnpqrs",
		.type = text_of("report"),
		.user = text_of("ann"),
		.key = text_of("k-1"),
		.unique = text_of("report/ann"),
		.params = { { text_of("month"), text_of("2026-11") },
			    { text_of("note"), text_of("") },
			    { text_of("dir"), text_of("/a b\n") } },
		.params_count = 3,
		.busy = 2,
		.which = 7,
		.percent = JOB_PERCENT_NONE,
	};
	struct message out;
	int len = message_encode(&in, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(message_decode(&out, buf, (size_t)len), 0);
	ck_assert_int_eq(out.kind, MESSAGE_SUBMIT);
	ck_assert_uint_eq(out.request, UINT64_MAX);
	ck_assert_str_eq(out.id, in.id);
	ck_assert(text_is(out.type, "report"));
	ck_assert(text_is(out.user, "ann"));
	ck_assert(text_is(out.key, "k-1"));
	ck_assert(text_is(out.unique, "report/ann"));
	ck_assert_uint_eq(out.params_count, 3);
	ck_assert(text_is(out.params[1].name, "note"));
	ck_assert(text_is(out.params[1].value, ""));
	ck_assert(text_is(out.params[2].value, "/a b\n"));
	ck_assert_uint_eq(out.busy, 2);
	ck_assert_uint_eq(out.which, 7);
	ck_assert_int_eq(out.percent, JOB_PERCENT_NONE);
}
END_TEST

START_TEST(an_outcome_comes_out_as_it_went_in)
{
	uint8_t buf[256];
	struct message in = {
		.kind = MESSAGE_OUTCOME,
		.token = UINT64_C(0x300000007),
		.slot = 2047,
		.percent = 0,
		.text = text_of("disk full"),
		.how = HOW_FAILED,
		.exit = -1,
		.has_output = true,
		.output_size = UINT64_C(1) << 40,
		.status = -ENOENT,
		.joined = true,
	};
	struct message out;
	int len = message_encode(&in, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(message_decode(&out, buf, (size_t)len), 0);
	ck_assert_uint_eq(out.token, in.token);
	ck_assert_uint_eq(out.slot, 2047);
	ck_assert_int_eq(out.percent, 0);
	ck_assert(text_is(out.text, "disk full"));
	ck_assert_int_eq(out.how, HOW_FAILED);
	ck_assert_int_eq(out.exit, -1);
	ck_assert(out.has_output);
	ck_assert_uint_eq(out.output_size, in.output_size);
	ck_assert_int_eq(out.status, -ENOENT);
	ck_assert(out.joined);
}
END_TEST

START_TEST(the_layout_stays_as_it_is)
{
	static const uint8_t golden[] = {
		1,  1, 0, 6,	      /* kind: progress */
		13, 2, 0, 0x34, 0x12, /* token */
		14, 1, 0, 3,	      /* slot */
		15, 2, 0, 0xf4, 0x20, /* 42.17 % */
		16, 2, 0, 'h',	'i',  /* text */
	};
	struct message in = { .kind = MESSAGE_PROGRESS,
			      .token = 0x1234,
			      .slot = 3,
			      .percent = 4217,
			      .text = text_of("hi") };
	uint8_t buf[64];

	ck_assert_int_eq(message_encode(&in, buf, sizeof(buf)), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(the_layout_of_a_wish_stays_as_it_is)
{
	static const uint8_t golden[] = {
		1,   1,	  0,  8,		  /* kind: unit */
		4,   4,	  0,  'm', 'a', 'i', 'l', /* its name */
		16,  6,	  0,  'n', 'o', 'd', 'e',
		'-', 'b', 21, 1,   0,	1, /* singleton */
		22,  1,	  0,  6,	   /* handover */
	};
	struct message in = { .kind = MESSAGE_UNIT,
			      .type = text_of("mail"),
			      .unit_kind = UNIT_SINGLETON,
			      .action = ACTION_HANDOVER,
			      .percent = JOB_PERCENT_NONE,
			      .text = text_of("node-b") };
	struct message out;
	uint8_t buf[64];

	ck_assert_int_eq(message_encode(&in, buf, sizeof(buf)), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
	ck_assert_int_eq(message_decode(&out, golden, sizeof(golden)), 0);
	ck_assert_int_eq(out.action, ACTION_HANDOVER);
	ck_assert(text_is(out.text, "node-b"));
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	struct message in = { .kind = MESSAGE_PROGRESS,
			      .text = text_of("0123456789") };
	uint8_t buf[10];

	ck_assert_int_eq(message_encode(&in, buf, sizeof(buf)), -ENOSPC);
}
END_TEST

START_TEST(damaged_or_foreign_bytes_are_refused)
{
	static const uint8_t no_kind[] = { 13, 1, 0, 5 };
	static const uint8_t odd_kind[] = { 1, 1, 0, 99 };
	static const uint8_t value_alone[] = { 1, 1, 0, 1, 9, 1, 0, 'x' };
	static const uint8_t cut[] = { 1, 1, 0, 1, 4, 9, 0, 'x' };
	uint8_t params[4 + (JOB_PARAMS_MAX + 1) * 3] = { 1, 1, 0, 1 };
	struct message out;

	for (size_t at = 4; at < sizeof(params); at += 3)
		params[at] = 8;
	ck_assert_int_eq(message_decode(&out, no_kind, sizeof(no_kind)),
			 -EBADMSG);
	ck_assert_int_eq(message_decode(&out, odd_kind, sizeof(odd_kind)),
			 -EBADMSG);
	ck_assert_int_eq(message_decode(&out, value_alone, sizeof(value_alone)),
			 -EBADMSG);
	ck_assert_int_eq(message_decode(&out, cut, sizeof(cut)), -EBADMSG);
	ck_assert_int_eq(message_decode(&out, params, sizeof(params)),
			 -EBADMSG);
	ck_assert_int_eq(message_decode(&out, params, sizeof(params) - 3), 0);
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
	static const uint8_t bytes[] = { 1, 1, 0, 3, 200, 2, 0, 'x', 'y' };
	struct message out;

	ck_assert_int_eq(message_decode(&out, bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(out.kind, MESSAGE_FORGET);
}
END_TEST

TEST_MAIN("message", a_submission_comes_out_as_it_went_in,
	  an_outcome_comes_out_as_it_went_in, the_layout_stays_as_it_is,
	  the_layout_of_a_wish_stays_as_it_is, what_does_not_fit_is_refused,
	  damaged_or_foreign_bytes_are_refused, unknown_fields_are_skipped)
