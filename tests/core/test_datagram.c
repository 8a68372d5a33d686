#include "core/datagram.h"

#include <errno.h>

#include "tests/core/test.h"

static uint8_t buf[DATAGRAM_MAX];

static const struct datagram small = {
	.node = { "node-a", 6 },
	.incarnation = UINT64_C(0x0807060504030201),
	.sequence = 258,
	.sent_ms = 1000,
	.interval_ms = 500,
	.flags = DATAGRAM_LEADING,
	.address = { "10.0.7.11:8080", 14 },
	.version = { "1.2.3", 5 },
	.tags = { "ssd\0big", 8 },
	.place = { true, 3, 7, 67, 2, 4096 },
	.load = { 142, 4, 4, 2, 9, 5 },
	.hears = { { UINT64_C(0x1122334455667788), 120 } },
	.hears_count = 1,
	.looks = { { LOOK_RELEASED, 3, UINT64_C(0x4300000001) } },
	.looks_count = 1,
	.progress = { { .token = UINT64_C(0x4300000002),
			.step = 6,
			.percent = 4217,
			.text = { "page 3", 6 } } },
	.progress_count = 1,
};

/* The first byte of the field TAG, NULL if there is none. */
static uint8_t *find(uint8_t tag, size_t len)
{
	for (size_t at = 0; at < len;
	     at += 3 + (size_t)buf[at + 1] + (size_t)buf[at + 2] * 256)
		if (buf[at] == tag)
			return buf + at;
	return NULL;
}

/* All there is room for of everything. */
static struct datagram large(void)
{
	static char text[DATAGRAM_TAGS_MAX];
	static char line[JOB_MESSAGE_MAX];
	struct datagram in = small;

	memset(text, 'x', sizeof(text) - 1);
	memset(line, '7', sizeof(line));
	in.node = (struct text){ text, DATAGRAM_NODE_MAX };
	in.incarnation = in.sequence = UINT64_MAX;
	in.sent_ms = INT64_MAX;
	in.interval_ms = in.flags = UINT32_MAX;
	in.address = (struct text){ text, DATAGRAM_ADDRESS_MAX };
	in.version = (struct text){ text, DATAGRAM_VERSION_MAX };
	in.tags = (struct text){ text, DATAGRAM_TAGS_MAX };
	memset(&in.place, 0xff, sizeof(in.place));
	in.place.present = true;
	memset(&in.load, 0xff, sizeof(in.load));
	in.hears_count = DATAGRAM_HEARS_MAX;
	memset(in.looks, 0xff, sizeof(in.looks));
	in.looks_count = DATAGRAM_LOOKS_MAX;
	in.progress_count = DATAGRAM_PROGRESS_MAX;
	for (size_t i = 0; i < DATAGRAM_PROGRESS_MAX; i++)
		in.progress[i] = (struct hint){
			.id = { line, JOB_ID_LEN },
			.token = UINT64_MAX,
			.step = UINT32_MAX,
			.percent = 10000,
			.updated_ms = INT64_MAX,
			.text = { line, JOB_MESSAGE_MAX },
		};
	for (size_t i = 0; i < DATAGRAM_HEARS_MAX; i++)
		in.hears[i] = (struct datagram_hears){ i + 1, 10 };
	return in;
}

START_TEST(the_layout_stays_as_it_is)
{
	static const uint8_t golden[] = {
		0x01, 0x06, 0x00, 0x6e, 0x6f, 0x64, 0x65, 0x2d, 0x61, 0x02,
		0x08, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
		0x03, 0x02, 0x00, 0x02, 0x01, 0x04, 0x02, 0x00, 0xd0, 0x07,
		0x05, 0x02, 0x00, 0xf4, 0x01, 0x06, 0x01, 0x00, 0x04, 0x07,
		0x0e, 0x00, 0x31, 0x30, 0x2e, 0x30, 0x2e, 0x37, 0x2e, 0x31,
		0x31, 0x3a, 0x38, 0x30, 0x38, 0x30, 0x08, 0x05, 0x00, 0x31,
		0x2e, 0x32, 0x2e, 0x33, 0x09, 0x08, 0x00, 0x73, 0x73, 0x64,
		0x00, 0x62, 0x69, 0x67, 0x00, 0x0a, 0x15, 0x00, 0x01, 0x01,
		0x00, 0x03, 0x02, 0x01, 0x00, 0x07, 0x03, 0x01, 0x00, 0x43,
		0x04, 0x01, 0x00, 0x02, 0x05, 0x02, 0x00, 0x00, 0x10, 0x0b,
		0x18, 0x00, 0x01, 0x01, 0x00, 0x8e, 0x02, 0x01, 0x00, 0x04,
		0x03, 0x01, 0x00, 0x04, 0x04, 0x01, 0x00, 0x02, 0x05, 0x01,
		0x00, 0x09, 0x06, 0x01, 0x00, 0x05, 0x0d, 0x10, 0x00, 0x01,
		0x01, 0x00, 0x02, 0x02, 0x01, 0x00, 0x03, 0x03, 0x05, 0x00,
		0x01, 0x00, 0x00, 0x00, 0x43, 0x0c, 0x0a, 0x00, 0x88, 0x77,
		0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x0c, 0x00, 0x0e, 0x1a,
		0x00, 0x01, 0x05, 0x00, 0x02, 0x00, 0x00, 0x00, 0x43, 0x02,
		0x01, 0x00, 0x06, 0x03, 0x02, 0x00, 0x7a, 0x10, 0x04, 0x06,
		0x00, 0x70, 0x61, 0x67, 0x65, 0x20, 0x33,
	};
	struct datagram in = small;

	ck_assert_int_eq(datagram_encode(&in, buf, sizeof(buf)),
			 sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(a_datagram_comes_out_as_it_went_in)
{
	struct datagram in = small;
	struct datagram out;
	int len = datagram_encode(&in, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), 0);
	ck_assert(text_is(out.node, "node-a"));
	ck_assert_uint_eq(out.incarnation, small.incarnation);
	ck_assert_uint_eq(out.sequence, 258);
	ck_assert_int_eq(out.sent_ms, 1000);
	ck_assert_uint_eq(out.interval_ms, 500);
	ck_assert_uint_eq(out.flags, DATAGRAM_LEADING);
	ck_assert(text_equal(out.address, small.address));
	ck_assert(text_is(out.version, "1.2.3"));
	ck_assert(text_equal(out.tags, small.tags));
	ck_assert(out.place.present);
	ck_assert_uint_eq(out.place.slot, 3);
	ck_assert_uint_eq(out.place.generation, 7);
	ck_assert_uint_eq(out.place.epoch, 67);
	ck_assert_uint_eq(out.place.segment, 2);
	ck_assert_uint_eq(out.place.offset, 4096);
	ck_assert_mem_eq(&out.load, &small.load, sizeof(out.load));
	ck_assert_uint_eq(out.hears_count, 1);
	ck_assert_uint_eq(out.hears[0].incarnation, small.hears[0].incarnation);
	ck_assert_int_eq(out.hears[0].age_ms, 120);
	ck_assert_uint_eq(out.looks_count, 1);
	ck_assert_uint_eq(out.looks[0].kind, LOOK_RELEASED);
	ck_assert_uint_eq(out.looks[0].slot, 3);
	ck_assert_uint_eq(out.looks[0].number, small.looks[0].number);
	ck_assert_uint_eq(out.progress_count, 1);
	ck_assert_uint_eq(out.progress[0].token, small.progress[0].token);
	ck_assert_uint_eq(out.progress[0].step, 6);
	ck_assert_int_eq(out.progress[0].percent, 4217);
	ck_assert(text_is(out.progress[0].text, "page 3"));
}
END_TEST

START_TEST(what_is_not_there_reads_as_not_there)
{
	struct datagram in = { .node = { "b", 1 },
			       .incarnation = 1,
			       .sequence = 1,
			       .progress = { { .token = 1, .percent = -1 } },
			       .progress_count = 1 };
	struct datagram out;
	int len = datagram_encode(&in, buf, sizeof(buf));

	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), 0);
	ck_assert(!out.place.present);
	ck_assert_uint_eq(out.hears_count, 0);
	ck_assert_uint_eq(out.looks_count, 0);
	ck_assert_uint_eq(out.tags.len, 0);
	ck_assert_int_eq(out.progress[0].percent, -1);
}
END_TEST

START_TEST(what_a_node_is_and_its_looks_always_fit)
{
	struct datagram in = large();
	struct datagram out;
	int len = datagram_encode(&in, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_uint_ge(in.hears_count, 32);
	ck_assert_uint_lt(in.hears_count, DATAGRAM_HEARS_MAX);
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), 0);
	ck_assert_uint_eq(out.looks_count, DATAGRAM_LOOKS_MAX);
	ck_assert_uint_eq(out.hears_count, in.hears_count);
	ck_assert_uint_eq(out.progress_count, in.progress_count);
}
END_TEST

START_TEST(of_progress_as_much_goes_as_there_is_room_for)
{
	struct datagram in = large();
	struct datagram out;
	int len;

	in.hears_count = 0;
	len = datagram_encode(&in, buf, sizeof(buf));
	ck_assert_int_gt(len, 0);
	ck_assert_uint_gt(in.progress_count, 0);
	ck_assert_uint_lt(in.progress_count, DATAGRAM_PROGRESS_MAX);
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), 0);
	ck_assert_uint_eq(out.progress_count, in.progress_count);
}
END_TEST

START_TEST(a_text_beyond_its_bound_is_refused)
{
	struct datagram in = large();

	in.node.len++;
	ck_assert_int_eq(datagram_encode(&in, buf, sizeof(buf)), -EINVAL);
	in = small;
	ck_assert_int_eq(datagram_encode(&in, buf, 40), -ENOSPC);
}
END_TEST

START_TEST(an_unknown_field_is_skipped)
{
	struct datagram in = small;
	struct datagram out;
	int len = datagram_encode(&in, buf, sizeof(buf));

	memcpy(buf + len, "\xc8\x02\x00hi", 5);
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len + 5), 0);
	ck_assert_uint_eq(out.progress_count, 1);
}
END_TEST

START_TEST(one_that_does_not_say_who_sent_it_is_refused)
{
	static const uint8_t tags[] = { 1, 2, 3 };

	for (size_t i = 0; i < sizeof(tags); i++) {
		struct datagram in = small;
		struct datagram out;
		int len = datagram_encode(&in, buf, sizeof(buf));

		*find(tags[i], (size_t)len) = 200;
		ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len),
				 -EBADMSG);
	}
}
END_TEST

START_TEST(names_that_would_spoil_a_line_of_the_log_are_refused)
{
	struct datagram in = small;
	struct datagram out;
	int len;

	in.node = text_of("node\na");
	len = datagram_encode(&in, buf, sizeof(buf));
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), -EBADMSG);
	in = small;
	in.tags = text_of("open");
	len = datagram_encode(&in, buf, sizeof(buf));
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), -EBADMSG);
	in = small;
	in.progress[0].text = text_of("\xff");
	len = datagram_encode(&in, buf, sizeof(buf));
	ck_assert_int_eq(datagram_decode(&out, buf, (size_t)len), -EBADMSG);
}
END_TEST

START_TEST(one_that_was_cut_short_never_reads_past_its_end)
{
	struct datagram in = small;
	struct datagram out;
	int len = datagram_encode(&in, buf, sizeof(buf));

	for (size_t cut = 0; cut < (size_t)len; cut++) {
		uint8_t *exact = malloc(cut + 1);

		memcpy(exact, buf, cut);
		(void)datagram_decode(&out, exact, cut);
		free(exact);
	}
}
END_TEST

START_TEST(of_longer_lists_the_rest_is_left_out)
{
	struct enc enc = enc_init(buf, sizeof(buf));
	struct datagram out;

	enc_text(&enc, 1, text_of("a"));
	enc_u64(&enc, 2, 1);
	enc_u64(&enc, 3, 1);
	for (int i = 0; i < 2 * DATAGRAM_LOOKS_MAX; i++)
		enc_text(&enc, 13, (struct text){ "\x01\x01\x00\x09", 4 });
	ck_assert_int_eq(datagram_decode(&out, buf, enc.len), 0);
	ck_assert_uint_eq(out.looks_count, DATAGRAM_LOOKS_MAX);
	ck_assert_uint_eq(out.looks[7].kind, 9);
}
END_TEST

TEST_MAIN("datagram", the_layout_stays_as_it_is,
	  a_datagram_comes_out_as_it_went_in,
	  what_is_not_there_reads_as_not_there,
	  what_a_node_is_and_its_looks_always_fit,
	  of_progress_as_much_goes_as_there_is_room_for,
	  a_text_beyond_its_bound_is_refused, an_unknown_field_is_skipped,
	  one_that_does_not_say_who_sent_it_is_refused,
	  names_that_would_spoil_a_line_of_the_log_are_refused,
	  one_that_was_cut_short_never_reads_past_its_end,
	  of_longer_lists_the_rest_is_left_out)
