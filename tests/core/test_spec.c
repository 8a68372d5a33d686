#include "core/spec.h"

#include <errno.h>

#include "tests/core/test.h"

static uint8_t bytes[SPEC_MAX];

START_TEST(a_spec_comes_out_as_it_went_in)
{
	static const struct spec in = {
		.token = UINT64_C(0x500000009),
		.attempt = 2,
		.unit = "report",
		.id = "0123456789abcdefghjkmnpqrs",
		.argv = { "/bin/sh", "-c", "", "a\nb" },
		.env = { "A=1", "B=" },
		.dir = "/tmp",
		.user = "nobody",
		.group = "nogroup",
		.umask = 077,
		.nice = -5,
		.stop_signal = 15,
		.stop_timeout_ms = 10000,
		.timeout_ms = INT64_MAX,
		.work_dir = "/var/lib/x",
		.wants_output = true,
		.max_output = UINT64_MAX,
		.ok_exit = { 0, -1, 255 },
		.ok_exit_count = 3,
	};
	struct spec out;
	int len = spec_encode(&in, bytes, sizeof(bytes));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(spec_decode(&out, bytes, (size_t)len), 0);
	ck_assert_uint_eq(out.token, in.token);
	ck_assert_uint_eq(out.attempt, 2);
	ck_assert_str_eq(out.unit, "report");
	ck_assert_str_eq(out.id, in.id);
	ck_assert_str_eq(out.argv[0], "/bin/sh");
	ck_assert_str_eq(out.argv[2], "");
	ck_assert_str_eq(out.argv[3], "a\nb");
	ck_assert_ptr_null(out.argv[4]);
	ck_assert_str_eq(out.env[1], "B=");
	ck_assert_ptr_null(out.env[2]);
	ck_assert_str_eq(out.dir, "/tmp");
	ck_assert_str_eq(out.user, "nobody");
	ck_assert_str_eq(out.group, "nogroup");
	ck_assert_int_eq(out.umask, 077);
	ck_assert_int_eq(out.nice, -5);
	ck_assert_int_eq(out.stop_signal, 15);
	ck_assert_int_eq(out.stop_timeout_ms, 10000);
	ck_assert_int_eq(out.timeout_ms, INT64_MAX);
	ck_assert_str_eq(out.work_dir, "/var/lib/x");
	ck_assert(out.wants_output);
	ck_assert_uint_eq(out.max_output, UINT64_MAX);
	ck_assert_uint_eq(out.ok_exit_count, 3);
	ck_assert_int_eq(out.ok_exit[1], -1);
}
END_TEST

START_TEST(what_is_left_out_is_empty_and_the_mask_inherited)
{
	static const uint8_t least[] = { 1, 1, 0, 7, 5, 2, 0, 'x', 0 };
	struct spec out;

	ck_assert_int_eq(spec_decode(&out, least, sizeof(least)), 0);
	ck_assert_str_eq(out.argv[0], "x");
	ck_assert_str_eq(out.user, "");
	ck_assert_str_eq(out.work_dir, "");
	ck_assert_int_eq(out.umask, -1);
}
END_TEST

START_TEST(as_many_strings_as_allowed_fit_and_not_one_more)
{
	static struct spec in = { .token = 1 };
	struct spec out;
	int len;

	for (size_t i = 0; i < SPEC_STRINGS_MAX; i++)
		in.argv[i] = "x";
	len = spec_encode(&in, bytes, sizeof(bytes));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(spec_decode(&out, bytes, (size_t)len), 0);
	ck_assert_ptr_null(out.argv[SPEC_STRINGS_MAX]);
	memcpy(bytes + len, "\5\2\0x", 5);
	ck_assert_int_eq(spec_decode(&out, bytes, (size_t)len + 5), -EBADMSG);
}
END_TEST

START_TEST(a_string_too_long_for_a_field_is_refused)
{
	static char string[CODEC_FIELD_MAX + 1];
	static struct spec in = { .token = 1, .argv = { "x", string } };

	memset(string, 'y', CODEC_FIELD_MAX);
	ck_assert_int_eq(spec_encode(&in, bytes, sizeof(bytes)), -ENOSPC);
	string[CODEC_FIELD_MAX - 1] = '\0';
	ck_assert_int_gt(spec_encode(&in, bytes, sizeof(bytes)), 0);
}
END_TEST

START_TEST(damaged_bytes_are_refused)
{
	static const uint8_t open_end[] = { 1, 1, 0, 7, 5, 1, 0, 'x' };
	static const uint8_t inner_end[] = { 1, 1, 0, 7, 5, 3, 0, 0, 'x', 0 };
	static const uint8_t no_token[] = { 5, 2, 0, 'x', 0 };
	static const uint8_t no_command[] = { 1, 1, 0, 7 };
	static const uint8_t cut[] = { 1, 1, 0, 7, 5, 2, 0, 'x', 0, 2, 9 };
	struct spec out;

	ck_assert_int_eq(spec_decode(&out, open_end, sizeof(open_end)),
			 -EBADMSG);
	ck_assert_int_eq(spec_decode(&out, inner_end, sizeof(inner_end)),
			 -EBADMSG);
	ck_assert_int_eq(spec_decode(&out, no_token, sizeof(no_token)),
			 -EBADMSG);
	ck_assert_int_eq(spec_decode(&out, no_command, sizeof(no_command)),
			 -EBADMSG);
	ck_assert_int_eq(spec_decode(&out, cut, sizeof(cut)), -EBADMSG);
}
END_TEST

TEST_MAIN("spec", a_spec_comes_out_as_it_went_in,
	  what_is_left_out_is_empty_and_the_mask_inherited,
	  as_many_strings_as_allowed_fit_and_not_one_more,
	  a_string_too_long_for_a_field_is_refused, damaged_bytes_are_refused)
