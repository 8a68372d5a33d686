#include "core/frame.h"

#include <errno.h>

#include "core/codec.h"
#include "core/crc32c.h"

#include "tests/core/test.h"

#define SALT UINT64_C(0x0123456789abcdef)

static uint8_t buf[4096];

static size_t seal(const char *payload, size_t len, uint64_t offset,
		   uint64_t batch)
{
	struct frame_place place = { SALT, offset, batch };

	memset(buf, 0xaa, sizeof(buf));
	memcpy(buf + FRAME_HEADER, payload, len);
	return frame_seal(buf, len, &place);
}

START_TEST(the_layout_of_a_frame_stays_as_it_is)
{
	static const uint8_t golden[] = {
		'h', 'f', 'r', 'm', 5,	 0,   0,   0,	0x53, 0x88, 0x5e, 0xca,
		128, 0,	  0,   0,   'h', 'e', 'l', 'l', 'o',  0,    0,	  0,
	};

	ck_assert_uint_eq(seal("hello", 5, 2048, 1024), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(the_layout_of_a_header_stays_as_it_is)
{
	static const uint8_t golden[] = {
		'h',  'f',  's', 'e', 'g',  'm',  'n',	't',  2,    0,	  0,
		0,    7,    0,	 0,   0,    0xef, 0xcd, 0xab, 0x89, 0x67, 0x45,
		0x23, 0x01, 9,	 0,   0,    0,	  0xad, 0xde, 0,    0,	  0,
		0,    0,    0,	 'a', 0x34, 0xce, 0xca, 0x6e,
	};
	struct frame_segment segment = { 7, SALT, 0xdead, "a" };
	struct frame_segment back;

	frame_segment_encode(&segment, buf);
	ck_assert_mem_eq(buf, golden, sizeof(golden));
	ck_assert_mem_eq(buf + FRAME_SECTOR, golden, sizeof(golden));
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)), 0);
	ck_assert_uint_eq(back.number, 7);
	ck_assert_uint_eq(back.salt, SALT);
	ck_assert_uint_eq(back.generation, 0xdead);
	ck_assert_str_eq(back.node, "a");
}
END_TEST

START_TEST(a_header_of_format_1_is_of_no_generation)
{
	static const uint8_t golden[] = {
		'h',  'f',  's', 'e', 'g', 'm',	 'n',  't',  1,	   0,	 0,
		0,    7,    0,	 0,   0,   0xef, 0xcd, 0xab, 0x89, 0x67, 0x45,
		0x23, 0x01, 1,	 0,   0,   0,	 'a',  0x86, 0x48, 0xb4, 0x09,
	};
	struct frame_segment back = { .generation = 5 };

	memset(buf, 0, FRAME_FIRST);
	memcpy(buf, golden, sizeof(golden));
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)), 0);
	ck_assert_uint_eq(back.number, 7);
	ck_assert_uint_eq(back.salt, SALT);
	ck_assert_uint_eq(back.generation, 0);
	ck_assert_str_eq(back.node, "a");
}
END_TEST

START_TEST(a_header_of_a_later_format_is_known_as_such)
{
	static const size_t lens[] = { 0, 1, 100, FRAME_SECTOR - 32 };
	struct frame_segment back;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(buf, 0, FRAME_FIRST);
		memcpy(buf, "hfsegmnt", 8);
		le32_put(buf + 8, FRAME_FORMAT + 1);
		le32_put(buf + 24, (uint32_t)lens[i]);
		le32_put(buf + 28 + lens[i], crc32c(0, buf, 28 + lens[i]));
		ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)),
				 -EPROTONOSUPPORT);
	}
	le32_put(buf + 24, FRAME_SECTOR - 31);
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)),
			 -EBADMSG);
}
END_TEST

START_TEST(the_longest_name_fits_a_header)
{
	struct frame_segment segment = { 7, SALT, UINT64_MAX, "" };
	struct frame_segment back;

	memset(segment.node, 'n', FRAME_NODE_MAX);
	frame_segment_encode(&segment, buf);
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)), 0);
	ck_assert_str_eq(back.node, segment.node);
	ck_assert_uint_eq(back.generation, UINT64_MAX);
}
END_TEST

START_TEST(one_bad_sector_of_the_header_loses_nothing)
{
	struct frame_segment segment = { 7, SALT, 3, "node-a" };
	struct frame_segment back;

	frame_segment_encode(&segment, buf);
	memset(buf, 0xff, FRAME_SECTOR);
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)), 0);
	buf[FRAME_SECTOR + 20] ^= 1;
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)),
			 -EBADMSG);
	frame_segment_encode(&segment, buf);
	memset(buf + FRAME_SECTOR, 0, FRAME_SECTOR);
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)), 0);
	memset(buf, 0, FRAME_SECTOR);
	ck_assert_int_eq(frame_segment_decode(&back, buf, sizeof(buf)),
			 -ENODATA);
	ck_assert_int_eq(frame_segment_decode(&back, buf, 100), -ENODATA);
}
END_TEST

START_TEST(a_frame_is_read_as_it_was_sealed)
{
	struct frame frame;
	size_t bytes = seal("hello", 5, 2048, 1024);

	ck_assert_int_eq(frame_look(&frame, buf, sizeof(buf), SALT, 2048),
			 FRAME_VALID);
	ck_assert(text_is(frame.payload, "hello"));
	ck_assert_uint_eq(frame.bytes, bytes);
	ck_assert_uint_eq(frame.batch, 1024);
}
END_TEST

START_TEST(a_frame_counts_only_where_it_was_sealed)
{
	struct frame frame;

	seal("hello", 5, 2048, 1024);
	ck_assert_int_eq(frame_look(&frame, buf, 64, SALT, 2056), FRAME_BAD);
	ck_assert_int_eq(frame_look(&frame, buf, 64, SALT + 1, 2048),
			 FRAME_BAD);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
	struct frame frame;
	size_t bytes = seal("hello, world", 12, 2048, 1024);

	/* the padding, four bytes here, says nothing */
	for (size_t bit = 0; bit < (bytes - 4) * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_ne(
			frame_look(&frame, buf, sizeof(buf), SALT, 2048),
			FRAME_VALID);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(a_frame_that_goes_on_is_short)
{
	struct frame frame;
	size_t bytes = seal("hello, world", 12, 2048, 1024);

	for (size_t len = 1; len < bytes; len++)
		ck_assert_int_eq(frame_look(&frame, buf, len, SALT, 2048),
				 FRAME_SHORT);
	memset(buf, 0, sizeof(buf));
	ck_assert_int_eq(frame_look(&frame, buf, 64, SALT, 2048), FRAME_ZERO);
	ck_assert_int_eq(frame_look(&frame, buf, 3, SALT, 2048), FRAME_ZERO);
}
END_TEST

START_TEST(a_missing_sector_is_torn_and_a_wrong_one_is_not)
{
	char payload[2000];
	size_t bytes;

	memset(payload, 'x', sizeof(payload));
	bytes = seal(payload, sizeof(payload), 1024 + 256, 1024);
	ck_assert(!frame_is_torn(buf, bytes, 1024 + 256));
	memset(buf + 256, 0, 512);
	ck_assert(frame_is_torn(buf, bytes, 1024 + 256));
	seal(payload, sizeof(payload), 1024 + 256, 1024);
	memset(buf, 0, 256);
	ck_assert(frame_is_torn(buf, bytes, 1024 + 256));
	seal(payload, sizeof(payload), 1024 + 256, 1024);
	memset(buf + 300, 0, 512); /* as no disk does it */
	ck_assert(!frame_is_torn(buf, bytes, 1024 + 256));
	/* cut off by the end of the segment */
	ck_assert(!frame_is_torn(buf, bytes - 8, 1024 + 256));
}
END_TEST

TEST_MAIN("frame", the_layout_of_a_frame_stays_as_it_is,
	  the_layout_of_a_header_stays_as_it_is,
	  a_header_of_format_1_is_of_no_generation,
	  a_header_of_a_later_format_is_known_as_such,
	  the_longest_name_fits_a_header,
	  one_bad_sector_of_the_header_loses_nothing,
	  a_frame_is_read_as_it_was_sealed,
	  a_frame_counts_only_where_it_was_sealed, every_flipped_bit_is_noticed,
	  a_frame_that_goes_on_is_short,
	  a_missing_sector_is_torn_and_a_wrong_one_is_not)
