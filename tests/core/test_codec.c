#include "core/codec.h"

#include <errno.h>

#include "core/crc32c.h"
#include "tests/core/test.h"

START_TEST(fields_come_out_as_they_went_in)
{
	static const int64_t numbers[] = { 0,	1,	   -1,	     255,
					   256, INT64_MIN, INT64_MAX };
	uint8_t buf[256];
	struct enc enc = enc_init(buf, sizeof(buf));
	struct dec dec;
	struct field field;
	size_t count = sizeof(numbers) / sizeof(numbers[0]);

	for (size_t i = 0; i < count; i++)
		enc_i64(&enc, (uint8_t)(i + 1), numbers[i]);
	enc_text(&enc, 99, text_of("hello"));
	ck_assert_int_gt(enc_end(&enc), 0);
	dec = dec_init(buf, enc.len);
	for (size_t i = 0; i < count; i++) {
		ck_assert(dec_next(&dec, &field));
		ck_assert_uint_eq(field.tag, i + 1);
		ck_assert_int_eq(field_i64(&field), numbers[i]);
	}
	ck_assert(dec_next(&dec, &field));
	ck_assert(text_is(field.body, "hello"));
	ck_assert(!dec_next(&dec, &field));
	ck_assert_int_eq(dec_end(&dec), 0);
}
END_TEST

START_TEST(the_layout_stays_as_it_is)
{
	static const uint8_t golden[] = { 7, 2, 0, 0x34, 0x12, 9,
					  0, 0, 8, 1,	 0,    'x' };
	uint8_t buf[64];
	struct enc enc = enc_init(buf, sizeof(buf));

	enc_u64(&enc, 7, 0x1234);
	enc_u64(&enc, 9, 0);
	enc_text(&enc, 8, text_of("x"));
	ck_assert_int_eq(enc_end(&enc), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(every_cut_inside_a_field_is_noticed)
{
	uint8_t buf[64];
	struct enc enc = enc_init(buf, sizeof(buf));

	enc_text(&enc, 1, text_of("abc"));
	for (size_t len = 1; len < enc.len; len++) {
		struct dec dec = dec_init(buf, len);
		struct field field;

		ck_assert(!dec_next(&dec, &field));
		ck_assert_int_eq(dec_end(&dec), -EBADMSG);
	}
}
END_TEST

START_TEST(what_does_not_fit_is_refused_as_a_whole)
{
	uint8_t buf[8];
	struct enc enc = enc_init(buf, sizeof(buf));

	enc_text(&enc, 1, text_of("123456"));
	ck_assert_int_eq(enc_end(&enc), -ENOSPC);
	ck_assert_uint_eq(enc.len, 0);
}
END_TEST

/* RFC 3720 appendix B.4 */
START_TEST(the_checksum_is_castagnolis)
{
	uint8_t bytes[32] = { 0 };

	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x46dd794e);
	ck_assert_uint_eq(crc32c(crc32c(0, bytes, 13), bytes + 13, 19),
			  0x46dd794e);
}
END_TEST

TEST_MAIN("codec", fields_come_out_as_they_went_in, the_layout_stays_as_it_is,
	  every_cut_inside_a_field_is_noticed,
	  what_does_not_fit_is_refused_as_a_whole, the_checksum_is_castagnolis)
