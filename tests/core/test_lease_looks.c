/* How much of the file a node reads, and when it has to be all. */
#include "core/lease.h"

#include <errno.h>

#include "tests/core/test.h"

#define FILE_ID UINT64_C(0x1d)
#define SLOTS	32
#define MS	INT64_C(1000)
#define OTHER	9 /* joins when nobody looks there */

static uint8_t file[SLOTS][2][LEASE_RECORD];
static struct lease lease;
static int64_t now_us;
static int failing; /* looks at all slots that fail */
static unsigned all;
static unsigned some;
static uint32_t slots; /* of the latest look */

static struct lease_time now(void)
{
	return (struct lease_time){ now_us, now_us };
}

static void look(uint32_t count)
{
	struct lease_look look = { now(), now() };
	int rc = count == SLOTS && failing > 0 ? -EIO : 0;

	now_us += MS;
	look.returned = now();
	failing -= rc != 0;
	all += count == SLOTS;
	some += count < SLOTS;
	slots = count;
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		lease_took(&lease, i, file[i][0], file[i][1], &look);
	lease_read_done(&lease, &look, rc);
}

static void put(bool tomb)
{
	uint8_t bytes[LEASE_RECORD];
	unsigned block = lease_block_of(lease.setup.number);
	struct lease_time time = now();

	lease_compose(&lease, &time, bytes);
	memcpy(file[lease.setup.slot][tomb ? block ^ 1 : block], bytes,
	       sizeof(bytes));
	now_us += MS;
	time = now();
	lease_written(&lease, &time, 0);
}

/* One step of node 0, which is willing; false when it is to wait. */
static bool step(void)
{
	struct lease_end end = { 1, 0 };
	struct lease_time time = now();
	struct lease_act act;

	if (lease_wish(&lease) != 0)
		lease_promise(&lease, lease_wish(&lease), &end);
	act = lease_next(&lease, &time);
	if (act.what == LEASE_READ)
		look(act.slots);
	else if (act.what == LEASE_WRITE || act.what == LEASE_BURY)
		put(act.what == LEASE_BURY);
	else
		now_us += act.wait_us;
	return act.what != LEASE_WAIT;
}

/* Another node is in, under EPOCH, and renews. */
static void show_other(uint64_t epoch)
{
	static uint64_t sequence;
	struct lease_record record = {
		.file_id = FILE_ID,
		.slot = OTHER,
		.number = 1,
		.generation = 1,
		.incarnation = 7,
		.sequence = ++sequence,
		.epoch = epoch,
		.lease_ms = 3000,
		.name = "b",
	};

	lease_record_encode(&record, file[OTHER][1]);
	record.flags = LEASE_TOMB;
	lease_record_encode(&record, file[OTHER][0]);
}

/* Until node 0 has shown a claim, and before it looked again. */
static void claim(void)
{
	struct lease_setup setup = { .terms = lease_terms_for(3000, SLOTS),
				     .file_id = FILE_ID,
				     .number = 1,
				     .incarnation = 1,
				     .name = "a" };

	memset(file, 0, sizeof(file));
	now_us = failing = 0;
	lease_init(&lease, &setup, NULL);
	lease_stand(&lease, true);
	for (int i = 0; i < 1000 && (lease.shown.flags & LEASE_CLAIMING) == 0;
	     i++)
		step();
	ck_assert_int_eq(lease.standing, LEASE_CLAIMS);
	all = some = 0;
}

START_TEST(the_first_look_after_a_claim_is_at_all_slots)
{
	claim();
	while (lease.standing == LEASE_CLAIMS)
		step();
	ck_assert_int_eq(lease.standing, LEASE_PASSED);
	ck_assert_uint_eq(all, 1);
	ck_assert_uint_eq(some, 0);
}
END_TEST

START_TEST(while_a_claim_waits_it_looks_where_somebody_is)
{
	int64_t until;

	claim();
	show_other(0);
	until = now_us + 1000 * MS;
	while (now_us < until) {
		step();
		show_other(0);
	}
	ck_assert_int_eq(lease.standing, LEASE_CLAIMS);
	ck_assert_uint_eq(all, 1);
	ck_assert_uint_ge(some, 20);
	ck_assert_uint_eq(slots, OTHER + 2);
	show_other(lease.kept.claim);
	until = now_us + 50 * MS;
	while (now_us < until)
		step();
	ck_assert_int_eq(lease.standing, LEASE_PASSED);
	ck_assert_uint_eq(all, 1);
}
END_TEST

START_TEST(nobody_passes_the_barrier_before_all_slots_were_read)
{
	claim();
	show_other(0);
	failing = 3;
	while (failing > 0) {
		step();
		ck_assert_int_eq(lease.standing, LEASE_CLAIMS);
	}
	ck_assert_uint_eq(all, 3);
	for (int i = 0; i < 10; i++)
		step();
	ck_assert_uint_eq(all, 4);
	ck_assert_int_eq(lease.standing, LEASE_CLAIMS);
}
END_TEST

START_TEST(a_member_looks_for_newcomers_once_a_lease)
{
	int64_t until;

	claim();
	while (lease.standing == LEASE_CLAIMS)
		step();
	lease_lead(&lease);
	all = some = 0;
	until = now_us + 10 * 3000 * MS;
	while (now_us < until)
		step();
	ck_assert_uint_ge(all, 8);
	ck_assert_uint_le(all, 10);
	ck_assert_uint_ge(some, 100);
}
END_TEST

TEST_MAIN("lease_looks", the_first_look_after_a_claim_is_at_all_slots,
	  while_a_claim_waits_it_looks_where_somebody_is,
	  nobody_passes_the_barrier_before_all_slots_were_read,
	  a_member_looks_for_newcomers_once_a_lease)
