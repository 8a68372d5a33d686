#include "core/lease_record.h"

#include <errno.h>

#include "tests/core/test.h"

#define FILE_ID UINT64_C(0x0123456789abcdef)
#define SLOT	3

static uint8_t blocks[2][LEASE_RECORD];

static struct lease_record record_of(uint64_t number, uint32_t flags)
{
	struct lease_record record = {
		.file_id = FILE_ID,
		.slot = SLOT,
		.flags = flags,
		.number = number,
		.generation = 1,
		.incarnation = 77,
		.sequence = 9,
		.epoch = 131,
		.end = { 2, 4096 },
		.lease_ms = 3000,
		.name = "node-a",
	};

	memset(record.boot_id, 0xb0, sizeof(record.boot_id));
	return record;
}

static void put(uint64_t number, uint32_t flags)
{
	struct lease_record record = record_of(number, flags);
	unsigned block = lease_block_of(number);

	if ((flags & LEASE_TOMB) != 0)
		block ^= 1;
	lease_record_encode(&record, blocks[block]);
}

static struct lease_slot look(void)
{
	struct lease_slot slot;

	lease_slot_decode(&slot, blocks[0], blocks[1], FILE_ID, SLOT);
	return slot;
}

static void clear(void)
{
	memset(blocks, 0, sizeof(blocks));
}

START_TEST(the_layout_of_a_record_stays_as_it_is)
{
	static const uint8_t golden[] = {
		'h',  'f',  'l',  'e',	'a',  's',  'e',  's',	0x01, 0x00,
		0x00, 0x00, 'Q',  0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0xef,
		0xcd, 0xab, 0x89, 'g',	'E',  0x23, 0x01, 0x06, 0x01, 0x00,
		0x03, 0x07, 0x01, 0x00, 0x08, 0x08, 0x01, 0x00, 0x05, 0x09,
		0x01, 0x00, 0x01, 0x0a, 0x01, 0x00, 'M',  0x0b, 0x01, 0x00,
		0x09, 0x0c, 0x01, 0x00, 0x83, 0x0d, 0x01, 0x00, 0x02, 0x0e,
		0x02, 0x00, 0x00, 0x10, 0x03, 0x02, 0x00, 0xb8, 0x0b, 0x0f,
		0x10, 0x00, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0,
		0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0x10, 0x06,
		0x00, 'n',  'o',  'd',	'e',  0x2d, 'a',
	};
	struct lease_record record = record_of(5, LEASE_LEADING);

	lease_record_encode(&record, blocks[1]);
	ck_assert_mem_eq(blocks[1], golden, sizeof(golden));
	ck_assert_mem_eq(blocks[1] + 508, "\xbc\x30\x08\x78", 4);
}
END_TEST

START_TEST(a_record_is_read_as_it_was_written)
{
	struct lease_record back;
	struct lease_record record = record_of(5, LEASE_CLAIMING);

	put(5, LEASE_CLAIMING);
	ck_assert_int_eq(
		lease_record_decode(&back, blocks[1], FILE_ID, SLOT, 1),
		LEASE_BLOCK_VALID);
	ck_assert_mem_eq(&back, &record, sizeof(back));
}
END_TEST

START_TEST(a_header_is_read_as_it_was_written)
{
	struct lease_header header = { FILE_ID, lease_terms_for(3000, 64) };
	struct lease_header back;

	lease_header_encode(&header, blocks[0]);
	ck_assert_int_eq(lease_header_decode(&back, blocks[0]), 0);
	ck_assert_mem_eq(&back, &header, sizeof(back));
	blocks[0][8] = 2; /* and the CRC no longer fits */
	ck_assert_int_eq(lease_header_decode(&back, blocks[0]), -EBADMSG);
	clear();
	ck_assert_int_eq(lease_header_decode(&back, blocks[0]), -ENODATA);
}
END_TEST

/* S2 */
START_TEST(one_wrong_bit_anywhere_is_damage)
{
	struct lease_record back;

	for (unsigned bit = 0; bit < 8 * LEASE_RECORD; bit++) {
		put(5, 0);
		blocks[1][bit / 8] ^= (uint8_t)(1U << bit % 8);
		ck_assert_int_eq(
			lease_record_decode(&back, blocks[1], FILE_ID, SLOT, 1),
			LEASE_BLOCK_DAMAGED);
	}
}
END_TEST

/* S3 */
START_TEST(a_record_of_elsewhere_is_foreign)
{
	struct lease_record back;

	put(5, 0);
	ck_assert_int_eq(
		lease_record_decode(&back, blocks[1], FILE_ID + 1, SLOT, 1),
		LEASE_BLOCK_FOREIGN);
	ck_assert_int_eq(
		lease_record_decode(&back, blocks[1], FILE_ID, SLOT + 1, 1),
		LEASE_BLOCK_FOREIGN);
	ck_assert_int_eq(
		lease_record_decode(&back, blocks[1], FILE_ID, SLOT, 0),
		LEASE_BLOCK_FOREIGN);
}
END_TEST

START_TEST(zeros_are_a_free_slot)
{
	struct lease_slot slot = look();

	ck_assert_int_eq(slot.state, LEASE_SLOT_FREE);
	ck_assert(!slot.has_record);
}
END_TEST

/* But it is believed beside its tombstone only. */
START_TEST(the_higher_number_is_the_record)
{
	struct lease_slot slot;

	put(4, LEASE_RELEASED);
	put(5, 0);
	slot = look();
	ck_assert_int_eq(slot.state, LEASE_SLOT_UNSURE);
	ck_assert_uint_eq(slot.record.number, 5);
	put(6, 0);
	ck_assert_uint_eq(look().record.number, 6);
	put(6, LEASE_TOMB);
	ck_assert_int_eq(look().state, LEASE_SLOT_SHOWN);
}
END_TEST

START_TEST(a_tombstone_leaves_the_record_in_place)
{
	struct lease_slot slot;

	put(5, LEASE_LEADING);
	put(5, LEASE_TOMB);
	slot = look();
	ck_assert_int_eq(slot.state, LEASE_SLOT_SHOWN);
	ck_assert_uint_eq(slot.record.flags, LEASE_LEADING);
}
END_TEST

/* Number 4 released, 5 and 6 started; then a write of number 4 lands on the
 * record of 6.
 */
START_TEST(a_late_write_over_the_record_does_not_pass_for_it)
{
	struct lease_slot slot;

	put(6, 0);
	put(6, LEASE_TOMB);
	put(4, LEASE_RELEASED);
	slot = look();
	ck_assert_int_eq(slot.state, LEASE_SLOT_UNSURE);
	ck_assert_uint_eq(slot.record.number, 6);
}
END_TEST

/* Numbers 8 and 9 released, 10 started; then failed writes of both land. */
START_TEST(late_writes_over_both_blocks_do_not_pass_for_the_truth)
{
	put(10, 0);
	put(10, LEASE_TOMB);
	put(8, LEASE_RELEASED);
	put(9, LEASE_RELEASED);
	ck_assert_int_eq(look().state, LEASE_SLOT_UNSURE);
}
END_TEST

START_TEST(a_damaged_block_makes_the_slot_unsure)
{
	struct lease_slot slot;

	put(5, LEASE_RELEASED);
	put(5, LEASE_TOMB);
	blocks[0][100] ^= 1;
	slot = look();
	ck_assert_int_eq(slot.state, LEASE_SLOT_UNSURE);
	ck_assert(slot.has_record);
	blocks[1][100] ^= 1;
	slot = look();
	ck_assert_int_eq(slot.state, LEASE_SLOT_UNSURE);
	ck_assert(!slot.has_record);
}
END_TEST

START_TEST(any_change_changes_the_print)
{
	struct lease_record record = record_of(5, 0);
	uint64_t before;

	lease_record_encode(&record, blocks[1]);
	before = look().prints[1];
	record.sequence++;
	lease_record_encode(&record, blocks[1]);
	ck_assert_uint_ne(look().prints[1], before);
	before = look().prints[1];
	blocks[1][509] ^= 1;
	ck_assert_uint_ne(look().prints[1], before);
}
END_TEST

/* T10, T11 */
START_TEST(the_bounds_of_three_seconds_are_what_is_promised)
{
	struct lease_terms terms = lease_terms_for(3000, 64);

	ck_assert_int_le(lease_failover_us(&terms), 3500000);
	ck_assert_int_ge(lease_stall_us(&terms, 0), 2000000);
	ck_assert_int_gt(lease_observe_us(&terms), 3000000);
}
END_TEST

START_TEST(every_lease_from_one_to_sixty_seconds_has_bounds)
{
	for (uint32_t ms = LEASE_MS_MIN; ms <= LEASE_MS_MAX; ms += 100) {
		struct lease_terms terms = lease_terms_for(ms, 64);

		ck_assert(lease_terms_ok(&terms));
		ck_assert_int_le(lease_failover_us(&terms),
				 ms * INT64_C(1000) + 500000);
		ck_assert_int_ge(lease_stall_us(&terms, 0), ms * 500);
	}
}
END_TEST

TEST_MAIN("lease_record", the_layout_of_a_record_stays_as_it_is,
	  a_record_is_read_as_it_was_written,
	  a_header_is_read_as_it_was_written, one_wrong_bit_anywhere_is_damage,
	  a_record_of_elsewhere_is_foreign, zeros_are_a_free_slot,
	  the_higher_number_is_the_record,
	  a_tombstone_leaves_the_record_in_place,
	  a_late_write_over_the_record_does_not_pass_for_it,
	  late_writes_over_both_blocks_do_not_pass_for_the_truth,
	  a_damaged_block_makes_the_slot_unsure, any_change_changes_the_print,
	  the_bounds_of_three_seconds_are_what_is_promised,
	  every_lease_from_one_to_sixty_seconds_has_bounds)
