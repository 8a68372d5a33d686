#define _GNU_SOURCE
#include <errno.h>

#include "tests/io/beats.h"

#define OTHER_KEY                                                          \
	"b ffffffffffffffff0123456789abcdef0123456789abcdef0123456789abcd" \
	"ef\n"

static unsigned looks[BEATS];
static unsigned percents[BEATS];

/* Counts what was told to look at, and how much of progress. */
static void count_news(void *arg, const struct datagram *datagram,
		       const struct peer *peer)
{
	size_t i = (size_t)((struct beat *)arg - beats);

	(void)peer;
	looks[i] += (unsigned)datagram->looks_count;
	percents[i] += (unsigned)datagram->progress_count;
}

static const struct peer *seen(int i, int x)
{
	int index = peers_find(&beats[i].peers, text_of(beats_names[x]));

	ck_assert_int_ge(index, 0);
	return &beats[i].peers.at[index];
}

START_TEST(it_is_enough_that_one_of_two_knows_the_other)
{
	beats_open_all();
	beats_wait(beats_all_hear());
	ck_assert(seen(A, C)->proven && seen(C, A)->proven);
	ck_assert_uint_eq(seen(A, B)->missed, 0);
	beats_end();
}
END_TEST

/* B hears C no more: who hears both knows it, and B knows what it hears. */
static bool cut_is_seen(void)
{
	return beats_one_hears_all_but(A, B, C) &&
	       beats_one_hears_all_but(C, B, C) &&
	       beats_hears(B, B, C) == PEERS_HEARS_NO &&
	       beats_hears(B, A, C) == PEERS_HEARS_YES &&
	       beats_hears(B, C, B) == PEERS_HEARS_UNKNOWN;
}

START_TEST(a_cut_direction_shows_in_who_hears_whom)
{
	int64_t took_ms;

	beats_open_all();
	beats_wait(beats_all_hear());
	beats_cut(B, C);
	took_ms = beats_wait(cut_is_seen());
	printf("cut seen by all after %d ms\n", (int)took_ms);
	beats_run(500);
	beats_wait(cut_is_seen());
	/* c knows that it is c who is not heard */
	ck_assert(beats[C].deaf[peers_find(&beats[C].peers, text_of("b"))]);
	beats_heal(B);
	took_ms = beats_wait(beats_all_hear());
	printf("healing seen by all after %d ms\n", (int)took_ms);
	beats_end();
}
END_TEST

START_TEST(with_half_of_it_lost_all_still_hear_each_other)
{
	beats_open_all();
	for (int i = 0; i < BEATS; i++)
		beats_lose(i, 50);
	beats_wait(beats_all_hear());
	beats_run(1000);
	beats_wait(beats_all_hear());
	ck_assert_uint_gt(seen(A, B)->missed, 0);
	beats_end();
}
END_TEST

START_TEST(a_look_is_told_at_once_and_more_than_once)
{
	struct datagram_look look = { LOOK_RELEASED, 3, 7 };
	int64_t took_ms;

	beats_heard = count_news;
	beats_open_all();
	beats_wait(beats_all_hear());
	for (int i = 0; i < BEATS; i++) {
		beats[i].targets.interval_ms = 60000;
		beats[i].targets.next_ms = clock_ms() + 60000;
	}
	beat_look(&beats[A], &look, clock_ms());
	beat_look(&beats[A], &look, clock_ms());
	took_ms = beats_wait(looks[B] >= BEAT_LOOK_ROUNDS &&
			     looks[C] >= BEAT_LOOK_ROUNDS);
	printf("%d looks heard by both within %d ms\n", BEAT_LOOK_ROUNDS,
	       (int)took_ms);
	ck_assert_int_lt(took_ms, 10000); /* not a minute */
	beats_run(100);
	ck_assert_uint_eq(looks[B], BEAT_LOOK_ROUNDS);
	ck_assert_uint_eq(beats[A].looks_count, 0);
	beats_end();
}
END_TEST

START_TEST(the_progress_of_many_jobs_goes_in_one_round)
{
	beats_heard = count_news;
	beats_open_all();
	beats_wait(beats_all_hear());
	for (uint64_t i = 0; i < 40; i++) {
		struct hint hint = { .token = 1 + i % 30,
				     .percent = 100,
				     .text = text_of("a page of many") };

		beat_hint(&beats[A], &hint, clock_ms());
	}
	ck_assert_uint_eq(beats[A].hints_count, 30);
	beats_wait(percents[B] == 30 && percents[C] == 30);
	ck_assert_uint_eq(beats[A].hints_count, 0);
	beats_end();
}
END_TEST

START_TEST(who_has_another_key_is_not_heard_until_it_has_ours)
{
	beats_begin();
	beats_open(A);
	beats_write_keys(OTHER_KEY);
	beats_know(B, A);
	beats_open(B);
	beats_wait(beats[A].refused[3] > 5);
	ck_assert_uint_eq(beats[A].peers.count, 1);
	beats_write_keys(OTHER_KEY BEATS_KEY);
	ck_assert_int_eq(beat_reload(&beats[A]), 0);
	beats_wait(beats_hears(A, A, B) == PEERS_HEARS_YES);
	beats_wait(beats_hears(B, B, A) == PEERS_HEARS_YES);
	beats_end();
}
END_TEST

START_TEST(without_keys_it_does_not_start)
{
	beats_begin();
	beats_clusters[A].key_file = NULL;
	ck_assert_int_eq(beats_try(A, "a", 0), -EINVAL);
	beats_clusters[A].key_file = beats_keys;
	beats_write_keys("a\n");
	ck_assert_int_eq(beats_try(A, "a", 0), -EINVAL);
	ck_assert_int_eq(beats[A].udp.fd, -1);
	beats_end();
}
END_TEST

START_TEST(a_restarted_node_is_heard_anew_at_once)
{
	uint16_t port;
	int64_t took_ms;

	beats_open_all();
	beats_wait(beats_all_hear());
	port = beats[A].udp.bound.port;
	beat_close(&beats[A]);
	ck_assert_int_eq(beats_try(A, "a", port), 0);
	took_ms = beats_wait(beats_all_hear());
	printf("restart seen by all after %d ms\n", (int)took_ms);
	ck_assert_uint_eq(seen(B, A)->replay.incarnation, beats_life);
	ck_assert(seen(B, A)->proven);
	beats_end();
}
END_TEST

START_TEST(one_that_leaves_is_missed_at_once)
{
	beats_open_all();
	beats_wait(beats_all_hear());
	beat_leave(&beats[A], clock_ms());
	beat_close(&beats[A]);
	beats_wait(beats_hears(B, B, A) == PEERS_HEARS_NO);
	ck_assert_uint_eq(seen(B, A)->flags, DATAGRAM_LEAVING);
	beats_end();
}
END_TEST

START_TEST(two_nodes_of_one_name_are_told_of_each_other)
{
	beats_begin();
	beats_open(A);
	beats_know(B, A);
	ck_assert_int_eq(beats_try(B, "a", 0), 0);
	beats_wait(beats[A].peers.twins > 0 && beats[B].peers.twins > 0);
	beats_end();
}
END_TEST

START_TEST(a_list_may_name_every_node_this_one_too)
{
	uint64_t sent;

	beats_begin();
	beats_open(A);
	beats_know(A, A);
	beat_close(&beats[A]);
	ck_assert_int_eq(beats_try(A, "a", beats[A].udp.bound.port), 0);
	beats_run(500);
	ck_assert_uint_eq(beats[A].peers.count, 1);
	sent = beats[A].udp.sent;
	ck_assert_uint_ge(sent, 1);
	ck_assert_uint_le(sent, 3);
	beats_end();
}
END_TEST

START_TEST(what_was_recorded_changes_nothing_when_it_is_sent_again)
{
	static uint8_t bytes[50][1300];
	int lens[50];
	struct udp thief;
	struct endpoint from;
	int count = 0;

	beats_open_all();
	udp_endpoint(text_of("127.0.0.1"), 1, &from);
	from.port = 0;
	ck_assert_int_eq(udp_open(&thief, &from, NULL), 0);
	targets_heard(&beats[A].targets, &thief.bound, clock_ms());
	beats_wait(beats_all_hear());
	beats_run(500);
	while (count < 50 &&
	       (lens[count] = udp_receive(&thief, thief.fd, bytes[count],
					  sizeof(bytes[count]), &from)) > 0)
		count++;
	ck_assert_int_gt(count, 5);
	beat_close(&beats[A]);
	beats_wait(beats_hears(B, B, A) == PEERS_HEARS_NO);
	for (int i = 0; i < count; i++)
		udp_send(&thief, &beats[B].udp.bound, bytes[i],
			 (size_t)lens[i]);
	/* some were told before a knew b, who may hear those late */
	beats_wait(beats[B].peers.replayed >= (unsigned)count - 5);
	beats_run(200);
	ck_assert_int_eq(beats_hears(B, B, A), PEERS_HEARS_NO);
	udp_close(&thief);
	beats_end();
}
END_TEST

START_TEST(a_name_in_the_list_is_looked_up)
{
	char entry[64];

	beats_begin();
	beats_open(A);
	snprintf(entry, sizeof(entry), "dns:localhost:%u",
		 beats[A].udp.bound.port);
	beats_list(B, entry);
	beats_open(B);
	beats_wait(beats_hears(A, A, B) == PEERS_HEARS_YES);
	beats_end();
}
END_TEST

START_TEST(a_group_finds_all_without_a_list)
{
	static char group[] = "239.255.74.0:7438";

	beats_begin();
	for (int i = 0; i < BEATS; i++) {
		beats_clusters[i].multicast = group;
		beats_open(i);
	}
	beats_wait(beats_all_hear());
	beats_end();
}
END_TEST

TEST_MAIN("beat", it_is_enough_that_one_of_two_knows_the_other,
	  a_cut_direction_shows_in_who_hears_whom,
	  with_half_of_it_lost_all_still_hear_each_other,
	  a_look_is_told_at_once_and_more_than_once,
	  the_progress_of_many_jobs_goes_in_one_round,
	  who_has_another_key_is_not_heard_until_it_has_ours,
	  without_keys_it_does_not_start,
	  a_restarted_node_is_heard_anew_at_once,
	  one_that_leaves_is_missed_at_once,
	  two_nodes_of_one_name_are_told_of_each_other,
	  a_list_may_name_every_node_this_one_too,
	  what_was_recorded_changes_nothing_when_it_is_sent_again,
	  a_name_in_the_list_is_looked_up, a_group_finds_all_without_a_list)
