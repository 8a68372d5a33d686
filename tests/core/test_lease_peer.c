#include "core/lease_peer.h"

#include "tests/core/test.h"

#define SECOND INT64_C(1000000)

static struct lease_peer peer;
static struct lease_slot slot;

static struct lease_time at(int64_t us)
{
	return (struct lease_time){ us, us };
}

static const struct lease_terms terms = { 4, 3000, 500, LEASE_DRIFT_PPM };

static void show(uint64_t number, uint64_t generation, uint64_t sequence,
		 uint32_t flags)
{
	slot = (struct lease_slot){
		.state = LEASE_SLOT_SHOWN,
		.has_record = true,
		.record = { .number = number,
			    .generation = generation,
			    .sequence = sequence,
			    .flags = flags,
			    .lease_ms = 3000 },
		.prints = { number * 1000 + sequence, flags },
	};
}

static enum lease_verdict look(int64_t submitted_us, int64_t returned_us)
{
	struct lease_look look = { at(submitted_us), at(returned_us) };

	lease_peer_look(&peer, &slot, &look, &terms);
	return peer.verdict;
}

/* T4 */
START_TEST(a_slot_is_dead_a_lease_and_drift_after_the_look_that_changed)
{
	show(1, 1, 1, 0);
	look(0, 10);
	ck_assert_int_eq(look(3 * SECOND + 3010, 3 * SECOND + 3020),
			 LEASE_PEER_ALIVE);
	ck_assert_int_eq(look(3 * SECOND + 3012, 3 * SECOND + 3020),
			 LEASE_PEER_DEAD);
	ck_assert(lease_peer_has_ended(&peer, 1));
	ck_assert(!lease_peer_has_ended(&peer, 2));
}
END_TEST

START_TEST(a_look_submitted_in_time_counts_not_one_that_returned_then)
{
	show(1, 1, 1, 0);
	look(0, 0);
	ck_assert_int_eq(look(2 * SECOND, 9 * SECOND), LEASE_PEER_ALIVE);
	ck_assert_int_eq(look(9 * SECOND, 9 * SECOND), LEASE_PEER_DEAD);
}
END_TEST

START_TEST(the_stamp_is_taken_after_the_look_that_showed_the_change)
{
	show(1, 1, 1, 0);
	look(0, 0);
	show(1, 1, 2, 0);
	look(SECOND, 5 * SECOND);
	ck_assert_int_eq(look(6 * SECOND, 6 * SECOND), LEASE_PEER_ALIVE);
	ck_assert_int_eq(look(9 * SECOND, 9 * SECOND), LEASE_PEER_DEAD);
}
END_TEST

/* T7: suspend counts at the holder, not here */
START_TEST(sleep_of_the_observer_is_no_observation)
{
	struct lease_look woke = { { 9 * SECOND, SECOND },
				   { 9 * SECOND, SECOND } };

	show(1, 1, 1, 0);
	look(0, 0);
	lease_peer_look(&peer, &slot, &woke, &terms);
	ck_assert_int_eq(peer.verdict, LEASE_PEER_ALIVE);
}
END_TEST

/* S2: over a record that nobody saw a renewal may have been torn */
START_TEST(damage_begins_the_time_anew)
{
	show(1, 1, 1, 0);
	look(0, 0);
	slot.state = LEASE_SLOT_UNSURE;
	slot.has_record = false;
	slot.prints[0]++;
	ck_assert_int_eq(look(2 * SECOND, 2 * SECOND), LEASE_PEER_UNSURE);
	ck_assert_int_eq(look(4 * SECOND, 4 * SECOND), LEASE_PEER_UNSURE);
	ck_assert_int_eq(look(6 * SECOND, 6 * SECOND), LEASE_PEER_DEAD);
}
END_TEST

START_TEST(released_is_gone_at_once)
{
	show(1, 1, 1, LEASE_RELEASED);
	ck_assert_int_eq(look(0, 0), LEASE_PEER_RELEASED);
	ck_assert(lease_peer_has_ended(&peer, 1));
}
END_TEST

START_TEST(released_does_not_count_in_a_slot_with_damage)
{
	show(1, 1, 1, LEASE_RELEASED);
	slot.state = LEASE_SLOT_UNSURE;
	ck_assert_int_eq(look(0, 0), LEASE_PEER_UNSURE);
	ck_assert(!lease_peer_has_ended(&peer, 1));
}
END_TEST

START_TEST(a_dead_generation_stays_dead_when_a_late_write_lands)
{
	show(1, 1, 1, 0);
	look(0, 0);
	look(4 * SECOND, 4 * SECOND);
	show(1, 1, 2, 0);
	ck_assert_int_eq(look(5 * SECOND, 5 * SECOND), LEASE_PEER_DEAD);
	show(2, 2, 1, 0);
	ck_assert_int_eq(look(5 * SECOND, 5 * SECOND), LEASE_PEER_ALIVE);
}
END_TEST

START_TEST(a_higher_generation_ends_the_lower_ones)
{
	show(3, 3, 1, 0);
	look(0, 0);
	ck_assert(lease_peer_has_ended(&peer, 2));
	ck_assert(!lease_peer_has_ended(&peer, 3));
	show(4, 3, 1, 0);
	ck_assert_int_eq(look(1, 1), LEASE_PEER_ALIVE);
	ck_assert(!lease_peer_has_ended(&peer, 3));
}
END_TEST

START_TEST(what_was_seen_is_not_unseen)
{
	show(5, 4, 1, 0);
	look(0, 0);
	show(4, 4, 9, LEASE_RELEASED);
	ck_assert_int_eq(look(1, 1), LEASE_PEER_UNSURE);
	ck_assert_uint_eq(peer.slot.record.number, 5);
	ck_assert(!lease_peer_has_ended(&peer, 4));
}
END_TEST

START_TEST(half_a_lease_without_change_is_silence)
{
	struct lease_time early = at(SECOND);
	struct lease_time late = at(2 * SECOND);

	show(1, 1, 1, 0);
	look(0, 0);
	ck_assert(!lease_peer_is_silent(&peer, &early, &terms));
	ck_assert(lease_peer_is_silent(&peer, &late, &terms));
	ck_assert(!lease_peer_is_ending(&peer, &late, &terms));
}
END_TEST

TEST_MAIN("lease_peer",
	  a_slot_is_dead_a_lease_and_drift_after_the_look_that_changed,
	  a_look_submitted_in_time_counts_not_one_that_returned_then,
	  the_stamp_is_taken_after_the_look_that_showed_the_change,
	  sleep_of_the_observer_is_no_observation, damage_begins_the_time_anew,
	  released_is_gone_at_once,
	  released_does_not_count_in_a_slot_with_damage,
	  a_dead_generation_stays_dead_when_a_late_write_lands,
	  a_higher_generation_ends_the_lower_ones, what_was_seen_is_not_unseen,
	  half_a_lease_without_change_is_silence)
