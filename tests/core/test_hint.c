#include "core/hint.h"

#include <errno.h>

#include "tests/core/test.h"

#define ID "0123456789abcdefghjkmnpqrs"

static uint8_t buf[1024];

static const struct hint some = { .id = { ID, JOB_ID_LEN },
				  .token = UINT64_C(0x4300000002),
				  .step = 6,
				  .percent = 4217,
				  .resumed = 1000,
				  .updated_ms = INT64_C(1795000000123),
				  .text = { "page 3", 6 } };

/* The first field of what ENC holds. */
static struct field first(const struct enc *enc)
{
	struct dec dec = dec_init(enc->buf, enc->len);
	struct field field;

	ck_assert(dec_next(&dec, &field));
	ck_assert_uint_eq(field.tag, HINT_TAG);
	return field;
}

START_TEST(a_hint_comes_out_as_it_went_in)
{
	struct enc enc = enc_init(buf, sizeof(buf));
	struct field field;
	struct hint out;

	ck_assert(hint_put(&enc, &some));
	field = first(&enc);
	ck_assert_int_eq(hint_take(&out, &field), 0);
	ck_assert(text_equal(out.id, some.id));
	ck_assert_uint_eq(out.token, some.token);
	ck_assert_uint_eq(out.step, 6);
	ck_assert_int_eq(out.percent, 4217);
	ck_assert_uint_eq(out.resumed, 1000);
	ck_assert_int_eq(out.updated_ms, some.updated_ms);
	ck_assert(text_is(out.text, "page 3"));
}
END_TEST

START_TEST(the_longest_fits_its_bound)
{
	static char text[JOB_MESSAGE_MAX + 1];
	struct enc enc = enc_init(buf, HINT_BYTES_MAX);
	struct hint in = { .id = some.id,
			   .token = UINT64_MAX,
			   .step = UINT32_MAX,
			   .percent = 10000,
			   .resumed = 10000,
			   .updated_ms = INT64_MIN,
			   .text = { text, JOB_MESSAGE_MAX } };

	memset(text, 'x', sizeof(text));
	ck_assert(hint_put(&enc, &in));
	in.text.len++;
	enc = enc_init(buf, sizeof(buf));
	ck_assert(!hint_put(&enc, &in));
	ck_assert_uint_eq(enc.len, 0);
}
END_TEST

START_TEST(what_has_no_room_leaves_no_trace)
{
	struct enc enc = enc_init(buf, 100);
	size_t len;

	ck_assert(hint_put(&enc, &some));
	len = enc.len;
	ck_assert(!hint_put(&enc, &some));
	ck_assert_uint_eq(enc.len, len);
	ck_assert_int_eq(enc_end(&enc), (int)len);
}
END_TEST

START_TEST(a_damaged_hint_is_none)
{
	struct hint bad[] = { some, some, some };
	struct field field;
	struct hint out;

	bad[0].token = 0;
	bad[1].id = text_of("../../../../../../etc/pass");
	bad[2].text = text_of("\xff");
	for (size_t i = 0; i < 3; i++) {
		struct enc enc = enc_init(buf, sizeof(buf));

		ck_assert(hint_put(&enc, &bad[i]));
		field = first(&enc);
		ck_assert_int_eq(hint_take(&out, &field), -EBADMSG);
	}
}
END_TEST

TEST_MAIN("hint", a_hint_comes_out_as_it_went_in, the_longest_fits_its_bound,
	  what_has_no_room_leaves_no_trace, a_damaged_hint_is_none)
