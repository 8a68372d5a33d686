/* Two nodes on one file in memory, driven step by step. */
#include "core/lease.h"

#include "tests/core/test.h"

#define FILE_ID UINT64_C(0x1d)
#define SLOTS	4
#define SECOND	INT64_C(1000000)
#define IO_US	2000

static uint8_t file[SLOTS][2][LEASE_RECORD];
static struct lease nodes[SLOTS];
static int64_t now_us;
static unsigned mute; /* promises nothing; 0 = none */

static struct lease_time now(void)
{
	return (struct lease_time){ now_us, now_us };
}

static struct lease_setup setup_of(uint32_t slot, uint64_t number)
{
	struct lease_setup setup = {
		.terms = lease_terms_for(3000, SLOTS),
		.file_id = FILE_ID,
		.number = number,
		.incarnation = 100 * slot + number,
		.slot = slot,
		.name = "a",
	};

	setup.name[0] = (char)('a' + slot);
	return setup;
}

static void start(uint32_t slot, uint64_t number)
{
	struct lease_setup setup = setup_of(slot, number);

	lease_init(&nodes[slot], &setup, NULL);
	lease_stand(&nodes[slot], true);
}

static void read_slots(struct lease *lease, uint32_t slots)
{
	struct lease_look look = { now(), now() };

	now_us += IO_US;
	look.returned = now();
	for (uint32_t i = 0; i < slots; i++)
		lease_took(lease, i, file[i][0], file[i][1], &look);
	lease_read_done(lease, &look, 0);
}

static void write_block(struct lease *lease, bool other, int64_t io_us, int rc)
{
	uint8_t bytes[LEASE_RECORD];
	unsigned block = lease_block_of(lease->setup.number);
	struct lease_time stamp = now();
	struct lease_time returned;

	lease_compose(lease, &stamp, bytes);
	now_us += io_us;
	if (rc == 0)
		memcpy(file[lease->setup.slot][other ? block ^ 1 : block],
		       bytes, sizeof(bytes));
	returned = now();
	lease_written(lease, &returned, rc);
}

/* Does what is to be done now; how long to wait then. */
static int64_t step(struct lease *lease)
{
	for (;;) {
		struct lease_end end = { lease->kept.generation, 0 };
		struct lease_time time = now();
		struct lease_act act;

		if (lease_wish(lease) != 0 &&
		    (mute == 0 || lease != &nodes[mute]))
			lease_promise(lease, lease_wish(lease), &end);
		if (lease->standing == LEASE_PASSED)
			lease_lead(lease);
		act = lease_next(lease, &time);
		if (act.what == LEASE_READ)
			read_slots(lease, act.slots);
		else if (act.what == LEASE_WRITE || act.what == LEASE_BURY)
			write_block(lease, act.what == LEASE_BURY, IO_US, 0);
		else
			return act.what == LEASE_WAIT ? act.wait_us : SECOND;
	}
}

/* Lets the nodes of MASK run for US. */
static void run(unsigned mask, int64_t us)
{
	int64_t until = now_us + us;

	while (now_us < until) {
		int64_t wait = SECOND;

		for (uint32_t i = 0; i < SLOTS; i++)
			if ((mask & 1U << i) != 0) {
				int64_t mine = step(&nodes[i]);

				wait = mine < wait ? mine : wait;
			}
		now_us += wait > 1000 ? wait : 1000;
	}
}

static bool leads(uint32_t slot)
{
	struct lease_time time = now();

	return lease_is_leading(&nodes[slot], &time);
}

static bool holds(uint32_t slot)
{
	struct lease_time time = now();

	return lease_holds(&nodes[slot], &time);
}

START_TEST(alone_in_a_new_file_it_leads_at_once)
{
	start(0, 1);
	run(1, SECOND / 5);
	ck_assert(leads(0));
	ck_assert_uint_eq(nodes[0].shown.epoch, SLOTS);
}
END_TEST

START_TEST(of_two_that_start_together_one_leads)
{
	start(0, 1);
	start(1, 1);
	run(3, SECOND);
	ck_assert(leads(0) != leads(1));
	ck_assert_uint_eq(nodes[0].shown.epoch, nodes[1].shown.epoch);
}
END_TEST

START_TEST(a_leader_stays_one)
{
	uint64_t epoch;

	start(0, 1);
	run(1, SECOND);
	epoch = nodes[0].shown.epoch;
	start(1, 1);
	run(3, 20 * SECOND);
	ck_assert(leads(0));
	ck_assert_uint_eq(nodes[0].shown.epoch, epoch);
	ck_assert_uint_eq(nodes[1].shown.epoch, epoch);
}
END_TEST

/* T10 */
START_TEST(a_dead_leader_is_followed_within_the_bound)
{
	struct lease_terms terms = lease_terms_for(3000, SLOTS);

	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	start(2, 1);
	run(7, 5 * SECOND);
	ck_assert(leads(0));
	run(6, 2400 * 1000);
	ck_assert(!leads(1) && !leads(2));
	run(6, lease_failover_us(&terms) - 2400 * 1000);
	ck_assert(leads(1) != leads(2));
}
END_TEST

START_TEST(a_released_leader_is_followed_at_once)
{
	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	run(3, SECOND);
	lease_release(&nodes[0]);
	ck_assert(!holds(0));
	run(3, SECOND / 100);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_RELEASED);
	lease_hint(&nodes[1]);
	run(2, SECOND / 10);
	ck_assert(leads(1));
}
END_TEST

START_TEST(a_leader_that_resigns_is_followed)
{
	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	run(3, SECOND);
	lease_stand(&nodes[0], false);
	run(3, SECOND);
	ck_assert(leads(1) && holds(0));
}
END_TEST

/* The barrier */
START_TEST(who_has_not_promised_holds_up_a_claim)
{
	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	run(3, SECOND);
	lease_stand(&nodes[0], false);
	run(1, 50 * 1000);  /* shows that it does not lead */
	run(2, 2 * SECOND); /* and then nothing, though alive */
	ck_assert_int_eq(nodes[1].standing, LEASE_CLAIMS);
	ck_assert(!leads(1));
	run(3, SECOND);
	ck_assert(leads(1));
}
END_TEST

/* T1 */
START_TEST(the_stamp_is_of_before_the_write)
{
	struct lease_time time;

	start(0, 1);
	run(1, SECOND);
	time = now();
	lease_next(&nodes[0], &time);
	write_block(&nodes[0], false, SECOND, 0);
	ck_assert_int_eq(nodes[0].kept.stamp.boot_us, time.boot_us);
}
END_TEST

/* T3 */
START_TEST(a_renewal_that_returns_too_late_is_void)
{
	start(0, 1);
	run(1, SECOND);
	write_block(&nodes[0], false, 3 * SECOND, 0);
	ck_assert(!holds(0));
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_LATE);
	run(1, SECOND);
	ck_assert_int_eq(nodes[0].phase, LEASE_PHASE_OUT);
}
END_TEST

/* T2 */
START_TEST(it_gives_up_the_kill_budget_before_the_end)
{
	start(0, 1);
	run(1, SECOND);
	now_us = nodes[0].kept.stamp.boot_us + 2499 * 1000;
	ck_assert(holds(0));
	now_us += 1000;
	ck_assert(!holds(0));
}
END_TEST

/* S11: it may land later, over what was shown since */
START_TEST(after_a_write_that_failed_it_goes_on_under_another_number)
{
	struct lease_setup setup = setup_of(0, 2);
	struct lease_kept kept;

	start(0, 1);
	run(1, SECOND);
	write_block(&nodes[0], false, IO_US, -5);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_DOUBT);
	ck_assert(holds(0));
	kept = nodes[0].kept;
	lease_init(&nodes[0], &setup, &kept);
	run(1, 5 * SECOND);
	ck_assert(leads(0));
	ck_assert_uint_eq(nodes[0].shown.generation, 1);
}
END_TEST

START_TEST(a_first_write_that_failed_leaves_nothing_to_go_on_with)
{
	struct lease_setup setup = setup_of(0, 2);
	struct lease_kept kept;

	start(0, 1);
	read_slots(&nodes[0], SLOTS);
	write_block(&nodes[0], false, IO_US, -5);
	kept = nodes[0].kept;
	lease_init(&nodes[0], &setup, &kept);
	ck_assert_uint_eq(nodes[0].kept.generation, 2);
}
END_TEST

/* What is damaged may be the claim that it is to promise. */
START_TEST(who_joins_waits_until_every_slot_is_certain)
{
	start(0, 1);
	run(1, SECOND);
	file[0][1][100] ^= 1;
	start(1, 1);
	run(2, SECOND);
	ck_assert_int_eq(nodes[1].phase, LEASE_PHASE_JOINING);
	run(3, SECOND);
	ck_assert_int_eq(nodes[1].phase, LEASE_PHASE_IN);
	ck_assert_uint_eq(nodes[1].shown.epoch, nodes[0].shown.epoch);
	ck_assert(leads(0));
}
END_TEST

/* All claims wait for it. */
START_TEST(who_joins_and_cannot_promise_gives_up)
{
	struct lease_setup setup = setup_of(1, 1);

	start(0, 1);
	run(1, SECOND);
	setup.patience = 2;
	lease_init(&nodes[1], &setup, NULL);
	mute = 1;
	run(3, 5 * SECOND);
	ck_assert_int_eq(nodes[1].phase, LEASE_PHASE_JOINING);
	run(3, 2 * SECOND);
	mute = 0;
	ck_assert_int_eq(nodes[1].phase, LEASE_PHASE_OUT);
	ck_assert_int_eq(nodes[1].reason, LEASE_REASON_BEHIND);
	ck_assert(leads(0));
}
END_TEST

/* O8 */
START_TEST(a_slot_whose_holder_may_live_is_watched_for_a_lease)
{
	start(0, 1);
	run(1, SECOND);
	start(0, 2);
	run(1, 3 * SECOND);
	ck_assert_int_eq(nodes[0].phase, LEASE_PHASE_LOOKING);
	run(1, SECOND);
	ck_assert(leads(0));
}
END_TEST

START_TEST(what_is_proven_dead_on_this_boot_is_taken_back_at_once)
{
	struct lease_setup setup = setup_of(0, 2);

	start(0, 1);
	run(1, SECOND);
	setup.reclaim = true;
	lease_init(&nodes[0], &setup, NULL);
	lease_stand(&nodes[0], true);
	run(1, SECOND / 5);
	ck_assert(leads(0));
	ck_assert_uint_eq(nodes[0].kept.generation, 2);
	ck_assert_uint_gt(nodes[0].shown.epoch, SLOTS);
}
END_TEST

START_TEST(a_new_start_goes_on_with_the_generation_and_leads_on)
{
	struct lease_kept kept;
	struct lease_setup setup = setup_of(0, 2);

	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	run(3, SECOND);
	kept = nodes[0].kept;
	setup.incarnation = 99;
	lease_init(&nodes[0], &setup, &kept);
	ck_assert(leads(0));
	run(3, 10 * SECOND);
	ck_assert(leads(0));
	ck_assert_uint_eq(nodes[0].shown.generation, 1);
	ck_assert_uint_eq(nodes[0].shown.number, 2);
	ck_assert_int_eq(nodes[1].peers[0].verdict, LEASE_PEER_ALIVE);
}
END_TEST

START_TEST(a_barrier_that_was_passed_is_passed_again_by_the_next_start)
{
	struct lease_setup setup = setup_of(0, 2);
	struct lease_kept kept;

	start(0, 1);
	run(1, SECOND);
	kept = nodes[0].kept;
	kept.standing = LEASE_PASSED;
	lease_init(&nodes[0], &setup, &kept);
	lease_lead(&nodes[0]);
	ck_assert(!leads(0));
	run(1, SECOND / 5);
	ck_assert(leads(0));
}
END_TEST

/* A release that hangs may land yet. */
START_TEST(what_was_being_released_is_not_gone_on_with)
{
	struct lease_kept kept;
	struct lease_setup setup = setup_of(0, 2);

	start(0, 1);
	run(1, SECOND);
	lease_release(&nodes[0]);
	kept = nodes[0].kept;
	lease_init(&nodes[0], &setup, &kept);
	ck_assert(!nodes[0].go_on);
	ck_assert_uint_eq(nodes[0].kept.generation, 2);
}
END_TEST

START_TEST(a_predecessors_late_write_changes_nothing)
{
	uint8_t late[LEASE_RECORD];
	struct lease_time time;
	struct lease_kept kept;
	struct lease_setup setup = setup_of(0, 2);

	start(0, 1);
	run(1, SECOND);
	start(1, 1);
	run(3, SECOND);
	time = now();
	lease_compose(&nodes[0], &time, late);
	kept = nodes[0].kept;
	lease_init(&nodes[0], &setup, &kept);
	run(3, SECOND);
	memcpy(file[0][1], late, sizeof(late));
	run(3, SECOND);
	ck_assert(leads(0));
	/* The tombstone is back in its place. */
	ck_assert_mem_ne(file[0][1], late, sizeof(late));
}
END_TEST

/* O9 */
START_TEST(two_with_one_identity_stop)
{
	static struct lease copy;

	start(0, 1);
	run(1, SECOND);
	copy = nodes[0];
	copy.setup.number = 3;
	copy.kept.incarnation = 4711;
	write_block(&copy, false, IO_US, 0);
	run(1, SECOND);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_DUPLICATE);
	lease_release(&nodes[0]);
	ck_assert(!nodes[0].releasing);
}
END_TEST

START_TEST(a_copy_does_not_enter_a_slot_that_is_renewed)
{
	struct lease_setup setup = setup_of(0, 2);

	start(0, 1);
	run(1, SECOND);
	lease_init(&nodes[3], &setup, NULL);
	run(1 | 8, 10 * SECOND);
	ck_assert_int_eq(nodes[3].reason, LEASE_REASON_IN_USE);
	ck_assert(leads(0));
}
END_TEST

/* Torn each time it would else look like a sign of life. */
START_TEST(a_release_is_tried_again_in_the_same_words)
{
	struct lease *lease = &nodes[0];
	struct lease_time now;
	uint8_t first[LEASE_RECORD];
	uint8_t again[LEASE_RECORD];

	start(0, 1);
	run(1, SECOND);
	now = (struct lease_time){ now_us, now_us };
	lease_release(lease);
	lease_compose(lease, &now, first);
	lease_written(lease, &now, -1);
	lease_compose(lease, &now, again);
	ck_assert_mem_eq(first, again, LEASE_RECORD);
}
END_TEST

/* Scenario 19 */
START_TEST(a_file_that_forgot_stops_the_holder)
{
	start(0, 1);
	run(1, SECOND);
	memset(file, 0, sizeof(file));
	run(1, SECOND);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_REGRESSED);
}
END_TEST

/* Scenario 19 */
START_TEST(a_file_that_was_replaced_stops_the_holder)
{
	struct lease_time now = { 2 * SECOND, 2 * SECOND };

	start(0, 1);
	run(1, SECOND);
	lease_replaced(&nodes[0]);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_REPLACED);
	ck_assert(!lease_holds(&nodes[0], &now));
	ck_assert_int_eq(lease_next(&nodes[0], &now).what, LEASE_STOP);
}
END_TEST

/* S26 */
START_TEST(a_machine_that_slept_has_lost_its_lease)
{
	struct lease_time woke;

	start(0, 1);
	run(1, SECOND);
	woke = (struct lease_time){ now_us + SECOND, now_us };
	ck_assert_int_eq(lease_next(&nodes[0], &woke).what, LEASE_STOP);
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_GAP);
}
END_TEST

START_TEST(who_cannot_promise_for_a_lease_is_out)
{
	start(0, 1);
	run(1, SECOND);
	lease_saw_epoch(&nodes[0], 77);
	for (int i = 0; i < 1000 && nodes[0].phase != LEASE_PHASE_OUT; i++) {
		struct lease_time time = now();
		struct lease_act act = lease_next(&nodes[0], &time);

		if (act.what == LEASE_READ)
			read_slots(&nodes[0], act.slots);
		else if (act.what == LEASE_WRITE)
			write_block(&nodes[0], false, IO_US, 0);
		else
			now_us += act.wait_us;
	}
	ck_assert_int_eq(nodes[0].reason, LEASE_REASON_BEHIND);
}
END_TEST

START_TEST(the_next_epoch_is_above_and_of_the_slot)
{
	for (uint32_t slot = 0; slot < 5; slot++)
		for (uint64_t epoch = 0; epoch < 40; epoch++) {
			uint64_t next = lease_epoch_above(epoch, slot, 5);

			ck_assert_uint_gt(next, epoch);
			ck_assert_uint_eq(next % 5, slot);
		}
	ck_assert_uint_eq(lease_epoch_above(UINT32_MAX - 1, 3, 5), 0);
}
END_TEST

TEST_MAIN("lease", alone_in_a_new_file_it_leads_at_once,
	  of_two_that_start_together_one_leads, a_leader_stays_one,
	  a_dead_leader_is_followed_within_the_bound,
	  a_released_leader_is_followed_at_once,
	  a_leader_that_resigns_is_followed,
	  who_has_not_promised_holds_up_a_claim,
	  the_stamp_is_of_before_the_write,
	  a_renewal_that_returns_too_late_is_void,
	  it_gives_up_the_kill_budget_before_the_end,
	  after_a_write_that_failed_it_goes_on_under_another_number,
	  a_first_write_that_failed_leaves_nothing_to_go_on_with,
	  who_joins_waits_until_every_slot_is_certain,
	  who_joins_and_cannot_promise_gives_up,
	  a_slot_whose_holder_may_live_is_watched_for_a_lease,
	  what_is_proven_dead_on_this_boot_is_taken_back_at_once,
	  a_new_start_goes_on_with_the_generation_and_leads_on,
	  a_barrier_that_was_passed_is_passed_again_by_the_next_start,
	  what_was_being_released_is_not_gone_on_with,
	  a_predecessors_late_write_changes_nothing, two_with_one_identity_stop,
	  a_copy_does_not_enter_a_slot_that_is_renewed,
	  a_release_is_tried_again_in_the_same_words,
	  a_file_that_forgot_stops_the_holder,
	  a_file_that_was_replaced_stops_the_holder,
	  a_machine_that_slept_has_lost_its_lease,
	  who_cannot_promise_for_a_lease_is_out,
	  the_next_epoch_is_above_and_of_the_slot)
