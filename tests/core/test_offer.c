#include "core/offer.h"

#include <errno.h>
#include <stdio.h>

#include "core/list.h"
#include "tests/core/test.h"

#define LIST(TEXT)                       \
	{                                \
		(TEXT), sizeof(TEXT) - 1 \
	}

static uint8_t buf[RECORD_MAX];

static const struct offer head = { .generation = 300,
				   .draining = true,
				   .cores = 4,
				   .tags = LIST("ssd\0eu\0") };

static const struct offer_unit leaf = {
	.kind = UNIT_SINGLETON,
	.name = LIST("billing"),
	.digest = UINT64_C(0x0123456789abcdef),
	.enabled = false,
	.every_ms = 60000,
	.cron = LIST("0 3 * * *"),
	.time_zone = LIST("UTC"),
	.missed = MISSED_RUN_ONCE,
	.backoff_ms = 1000,
	.backoff_max_ms = 60000,
	.restart = RESTART_TEMPORARY,
	.essential = true,
	.rebalance = REBALANCE_JOIN,
	.min_nodes = 2,
	.prefer = LIST("a\0b\0"),
	.require = LIST("ssd\0"),
};

static struct record record_of(int len)
{
	return (struct record){ .key = text_of("offer/a"),
				.version = { 9, 1 },
				.value = { (const char *)buf, (size_t)len } };
}

static void ck_text(struct text a, struct text b)
{
	ck_assert_uint_eq(a.len, b.len);
	ck_assert(text_equal(a, b));
}

static void ck_unit(const struct offer_unit *a, const struct offer_unit *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_text(a->name, b->name);
	ck_assert_uint_eq(a->digest, b->digest);
	ck_assert_int_eq(a->enabled, b->enabled);
	ck_assert_int_eq(a->every_ms, b->every_ms);
	ck_text(a->cron, b->cron);
	ck_text(a->time_zone, b->time_zone);
	ck_assert_int_eq(a->missed, b->missed);
	ck_assert_int_eq(a->backoff_ms, b->backoff_ms);
	ck_assert_int_eq(a->backoff_max_ms, b->backoff_max_ms);
	ck_assert_int_eq(a->restart, b->restart);
	ck_assert_int_eq(a->essential, b->essential);
	ck_assert_int_eq(a->rebalance, b->rebalance);
	ck_assert_uint_eq(a->min_nodes, b->min_nodes);
	ck_text(a->prefer, b->prefer);
	ck_text(a->require, b->require);
}

START_TEST(the_layout_stays_as_it_is)
{
	static const uint8_t golden[] = {
		0x10, 0x02, 0x00, 0x2c, 0x01, 0x11, 0x01, 0x00, 0x01, 0x12,
		0x01, 0x00, 0x04, 0x13, 0x07, 0x00, 0x73, 0x73, 0x64, 0x00,
		0x65, 0x75, 0x00, 0x14, 0x60, 0x00, 0x01, 0x01, 0x00, 0x01,
		0x02, 0x07, 0x00, 0x62, 0x69, 0x6c, 0x6c, 0x69, 0x6e, 0x67,
		0x03, 0x08, 0x00, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23,
		0x01, 0x04, 0x01, 0x00, 0x01, 0x05, 0x02, 0x00, 0x60, 0xea,
		0x06, 0x09, 0x00, 0x30, 0x20, 0x33, 0x20, 0x2a, 0x20, 0x2a,
		0x20, 0x2a, 0x08, 0x01, 0x00, 0x01, 0x09, 0x02, 0x00, 0xe8,
		0x03, 0x0a, 0x02, 0x00, 0x60, 0xea, 0x0b, 0x01, 0x00, 0x02,
		0x0c, 0x01, 0x00, 0x01, 0x0d, 0x01, 0x00, 0x01, 0x0e, 0x01,
		0x00, 0x02, 0x07, 0x03, 0x00, 0x55, 0x54, 0x43, 0x0f, 0x04,
		0x00, 0x61, 0x00, 0x62, 0x00, 0x10, 0x04, 0x00, 0x73, 0x73,
		0x64, 0x00, 0x14, 0x13, 0x00, 0x01, 0x01, 0x00, 0x02, 0x02,
		0x01, 0x00, 0x62, 0x03, 0x08, 0x00, 0xef, 0xcd, 0xab, 0x89,
		0x67, 0x45, 0x23, 0x01,
	};
	struct offer_unit job = { .kind = UNIT_JOB,
				  .name = LIST("b"),
				  .digest = leaf.digest };
	struct offer_writer writer;

	offer_begin(&writer, buf, sizeof(buf), &head);
	offer_put(&writer, &leaf);
	offer_put(&writer, &job);
	ck_assert_int_eq(offer_end(&writer), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(what_was_written_is_read)
{
	struct offer_unit job = { .kind = UNIT_JOB,
				  .name = LIST("report"),
				  .digest = 5,
				  .per_node = 2,
				  .max_running = 7 };
	struct offer_unit plain = { .kind = UNIT_SINGLETON,
				    .name = LIST("x"),
				    .enabled = true,
				    .min_nodes = 1 };
	struct offer_writer writer;
	struct offer_each each;
	struct offer_unit unit;
	struct offer offer;
	struct record record;

	offer_begin(&writer, buf, sizeof(buf), &head);
	offer_put(&writer, &leaf);
	offer_put(&writer, &job);
	offer_put(&writer, &plain);
	offer_put(&writer, &leaf);
	record = record_of(offer_end(&writer));
	ck_assert_int_eq(offer_decode(&offer, &record), 0);
	ck_assert_uint_eq(offer.version.token, 9);
	ck_assert_uint_eq(offer.generation, 300);
	ck_assert(offer.draining);
	ck_assert_uint_eq(offer.cores, 4);
	ck_text(offer.tags, head.tags);
	ck_assert_uint_eq(offer.count, 4);
	each = offer_each(&offer);
	ck_assert(offer_next(&each, &unit));
	ck_unit(&unit, &leaf);
	ck_assert(offer_next(&each, &unit));
	ck_assert_int_eq(unit.kind, UNIT_JOB);
	ck_text(unit.name, job.name);
	ck_assert_uint_eq(unit.digest, 5);
	ck_assert_uint_eq(unit.per_node, 2);
	ck_assert_uint_eq(unit.max_running, 7);
	ck_assert(offer_next(&each, &unit));
	ck_unit(&unit, &plain);
	ck_assert(offer_next(&each, &unit));
	ck_unit(&unit, &leaf);
	ck_assert(!offer_next(&each, &unit));
}
END_TEST

START_TEST(units_of_two_kinds_may_share_a_name)
{
	struct offer_unit job = leaf;
	struct offer_writer writer;
	struct offer_unit unit;
	struct offer_each each;
	struct offer offer;
	struct record record;

	job.kind = UNIT_JOB;
	job.digest = 2;
	offer_begin(&writer, buf, sizeof(buf), &head);
	offer_put(&writer, &job);
	offer_put(&writer, &leaf);
	record = record_of(offer_end(&writer));
	ck_assert_int_eq(offer_decode(&offer, &record), 0);
	each = offer_each(&offer);
	ck_assert(offer_next(&each, &unit));
	ck_assert_int_eq(unit.kind, UNIT_JOB);
	ck_assert_uint_eq(unit.digest, 2);
	ck_assert(offer_next(&each, &unit));
	ck_unit(&unit, &leaf);
	ck_assert(!offer_next(&each, &unit));
}
END_TEST

START_TEST(a_node_that_offers_nothing_says_so)
{
	struct offer none = { 0 };
	struct offer_writer writer;
	struct offer_unit unit;
	struct offer_each each;
	struct offer offer;
	struct record record;

	offer_begin(&writer, buf, sizeof(buf), &none);
	record = record_of(offer_end(&writer));
	ck_assert_int_eq(offer_decode(&offer, &record), 0);
	ck_assert_uint_eq(offer.count, 0);
	each = offer_each(&offer);
	ck_assert(!offer_next(&each, &unit));
	record.value.len = 0;
	ck_assert_int_eq(offer_decode(&offer, &record), 0);
}
END_TEST

static int put_many(int units, struct offer_unit unit)
{
	char name[OFFER_NAME_MAX + 1];
	struct offer_writer writer;

	offer_begin(&writer, buf, sizeof(buf), &head);
	for (int i = 0; i < units; i++) {
		snprintf(name, sizeof(name), "%0*d", OFFER_NAME_MAX, i);
		unit.name = text_of(name);
		unit.digest = UINT64_MAX - (uint64_t)i;
		offer_put(&writer, &unit);
	}
	return offer_end(&writer);
}

/* Each with the longest name there can be, a time table, and lists. */
START_TEST(as_many_singletons_as_a_node_may_have_fit)
{
	struct offer_unit unit = leaf;
	struct offer offer;
	struct record record;
	int len;

	unit.enabled = true;
	unit.essential = false;
	unit.every_ms = 0;
	len = put_many(CONFIG_KEPT_MAX, unit);
	ck_assert_int_gt(len, 0);
	ck_assert_int_le(len, OFFER_MAX);
	record = record_of(len);
	ck_assert_int_eq(offer_decode(&offer, &record), 0);
	ck_assert_uint_eq(offer.count, CONFIG_KEPT_MAX);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	char longest[OFFER_TEXT_MAX + 1];
	struct offer_unit unit = { .kind = UNIT_JOB };

	ck_assert_int_eq(put_many(2000, leaf), -ENOSPC);
	memset(longest, 'x', sizeof(longest));
	unit.kind = UNIT_SINGLETON;
	unit.cron = (struct text){ longest, sizeof(longest) };
	ck_assert_int_eq(put_many(1, unit), -ENOSPC);
	unit.cron.len--;
	ck_assert_int_gt(put_many(1, unit), 0);
}
END_TEST

START_TEST(more_units_than_a_node_may_have_are_refused)
{
	struct offer_unit unit = { .kind = UNIT_JOB, .name = LIST("j") };
	struct offer_writer writer;

	offer_begin(&writer, buf, sizeof(buf), &head);
	for (int i = 0; i < OFFER_UNITS_MAX; i++)
		offer_put(&writer, &unit);
	ck_assert_int_gt(offer_end(&writer), 0);
	offer_put(&writer, &unit);
	ck_assert_int_eq(offer_end(&writer), -ENOSPC);
}
END_TEST

/* Decodes an offer of one unit of the fields in ENC. */
static int decode_unit(const struct enc *enc, struct offer *offer)
{
	struct enc whole = enc_init(buf, sizeof(buf));
	struct record record;

	enc_text(&whole, 20, (struct text){ (const char *)enc->buf, enc->len });
	record = record_of(enc_end(&whole));
	return offer_decode(offer, &record);
}

START_TEST(what_a_later_version_adds_is_left_out)
{
	uint8_t bytes[100];
	struct enc enc = enc_init(bytes, sizeof(bytes));
	struct offer_each each;
	struct offer_unit unit;
	struct offer offer;

	enc_text(&enc, 2, text_of("u"));
	enc_u64(&enc, 1, 3); /* a kind not known */
	ck_assert_int_eq(decode_unit(&enc, &offer), 0);
	ck_assert_uint_eq(offer.count, 0);
	enc_u64(&enc, 1, UNIT_SINGLETON);
	enc_u64(&enc, 200, 3);
	enc_u64(&enc, 8, 77); /* a word not known */
	ck_assert_int_eq(decode_unit(&enc, &offer), 0);
	each = offer_each(&offer);
	ck_assert(offer_next(&each, &unit));
	ck_assert_int_eq(unit.missed, MISSED_SKIP);
}
END_TEST

START_TEST(damage_is_noticed)
{
	static const struct {
		uint8_t tag;
		struct text body;
	} rows[] = {
		{ 2, LIST("") },      /* no name */
		{ 2, LIST("a\0b") },  /* no string */
		{ 6, LIST("a\0") },   /* no string */
		{ 15, LIST("a\0b") }, /* no list */
		{ 16, LIST("a") },    /* no list */
		{ 5, LIST("\xff\xff\xff\xff\xff\xff\xff\xff") },
		{ 14, LIST("\xff\xff\xff\xff\xff") },
	};
	uint8_t bytes[100];
	struct offer offer;
	struct enc enc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enc = enc_init(bytes, sizeof(bytes));
		enc_u64(&enc, 1, UNIT_SINGLETON);
		enc_text(&enc, 2, text_of("u"));
		ck_assert_int_eq(decode_unit(&enc, &offer), 0);
		enc_text(&enc, rows[i].tag, rows[i].body);
		ck_assert_int_eq(decode_unit(&enc, &offer), -EBADMSG);
	}
	enc = enc_init(bytes, sizeof(bytes));
	ck_assert_int_eq(decode_unit(&enc, &offer), -EBADMSG);
	enc_text(&enc, 2, text_of("u"));
	enc.len--;
	ck_assert_int_eq(decode_unit(&enc, &offer), -EBADMSG);
}
END_TEST

START_TEST(a_configured_unit_is_offered_as_it_is)
{
	static char name[] = "billing";
	static char cron[] = "0 3 * * *";
	static char zone[] = "UTC";
	static char node_a[] = "a";
	static char node_b[] = "b";
	static char tag[] = "ssd";
	static char *prefer[] = { node_a, node_b, NULL };
	static char *require[] = { tag, NULL };
	const struct unit unit = {
		.kind = UNIT_SINGLETON,
		.name = name,
		.every_ms = 60000,
		.cron = cron,
		.time_zone = zone,
		.missed = MISSED_RUN_ONCE,
		.backoff_ms = 1000,
		.backoff_max_ms = 60000,
		.restart = RESTART_TEMPORARY,
		.essential = true,
		.rebalance = REBALANCE_JOIN,
		.min_nodes = 2,
		.prefer = { prefer, 2 },
		.require = { require, 1 },
	};
	char lists[8];
	struct offer_unit offered;

	ck_assert_int_eq(offer_unit_of(&offered, &unit, leaf.digest, lists,
				       sizeof(lists)),
			 0);
	ck_unit(&offered, &leaf);
	ck_assert_int_eq(offer_unit_of(&offered, &unit, 0, lists, 7), -ENOSPC);
	ck_assert_int_eq(offer_unit_of(&offered, &unit, 0, lists, 1), -ENOSPC);
}
END_TEST

START_TEST(the_register_is_named_after_the_node)
{
	char key[RECORD_KEY_MAX + 1];
	char node[RECORD_KEY_MAX];

	ck_assert(text_is(offer_key(text_of("node-a"), key), "offer/node-a"));
	memset(node, 'n', sizeof(node));
	ck_assert_uint_eq(
		offer_key((struct text){ node, sizeof(node) }, key).len, 0);
}
END_TEST

TEST_MAIN("offer", the_layout_stays_as_it_is, what_was_written_is_read,
	  units_of_two_kinds_may_share_a_name,
	  a_node_that_offers_nothing_says_so,
	  as_many_singletons_as_a_node_may_have_fit,
	  what_does_not_fit_is_refused,
	  more_units_than_a_node_may_have_are_refused,
	  what_a_later_version_adds_is_left_out, damage_is_noticed,
	  a_configured_unit_is_offered_as_it_is,
	  the_register_is_named_after_the_node)
