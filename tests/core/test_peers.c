#include "core/peers.h"

#include "tests/core/test.h"

#define INTERVAL 500
#define SILENCE	 (3 * INTERVAL)
#define LIFE_A	 UINT64_C(0xa1)
#define LIFE_B	 UINT64_C(0xb1)
#define LIFE_C	 UINT64_C(0xc1)

static struct peers peers;
static const struct endpoint somewhere = { { 1 }, 7400, 0 };
static const struct endpoint elsewhere = { { 2 }, 7400, 0 };

/* We are node a. */
static void begin(void)
{
	peers_init(&peers, "a", LIFE_A, INTERVAL);
}

static struct datagram from(const char *node, uint64_t life, uint64_t sequence)
{
	return (struct datagram){ .node = text_of(node),
				  .incarnation = life,
				  .sequence = sequence,
				  .interval_ms = INTERVAL };
}

static struct datagram hearing(struct datagram datagram, uint64_t life,
			       int64_t age_ms)
{
	datagram.hears[datagram.hears_count++] =
		(struct datagram_hears){ life, age_ms };
	return datagram;
}

static enum peers_verdict hear(struct datagram datagram, int64_t now_ms)
{
	size_t index;

	return peers_hear(&peers, &datagram, &somewhere, now_ms, &index);
}

static size_t index_of(const char *node)
{
	int index = peers_find(&peers, text_of(node));

	ck_assert_int_ge(index, 0);
	return (size_t)index;
}

static enum peers_hears hears(const char *a, const char *b, int64_t now_ms)
{
	return peers_hears(&peers, index_of(a), index_of(b), now_ms);
}

START_TEST(one_that_speaks_is_known_and_heard_until_it_is_silent)
{
	begin();
	ck_assert_int_eq(hear(from("b", LIFE_B, 1), 1000), PEERS_NEW);
	ck_assert_int_eq(hear(from("b", LIFE_B, 2), 1500), PEERS_HEARD);
	ck_assert(peers_is_heard(&peers, index_of("b"), 1500 + SILENCE));
	ck_assert(!peers_is_heard(&peers, index_of("b"), 1501 + SILENCE));
	ck_assert_int_eq(peers_deadline(&peers, 1500), 1501 + SILENCE);
	ck_assert_int_eq(peers_deadline(&peers, 1501 + SILENCE), INT64_MAX);
	ck_assert_int_eq(hear(from("b", LIFE_B, 9), 9000), PEERS_NEW);
	ck_assert_int_eq(peers.at[index_of("b")].since_ms, 9000);
}
END_TEST

START_TEST(a_slow_sender_is_waited_for_longer)
{
	struct datagram datagram = from("b", LIFE_B, 1);

	begin();
	datagram.interval_ms = 10000;
	hear(datagram, 1000);
	ck_assert(peers_is_heard(&peers, index_of("b"), 31000));
	datagram.interval_ms = UINT32_MAX;
	datagram.sequence++;
	hear(datagram, 2000);
	ck_assert(!peers_is_heard(&peers, index_of("b"), 200000));
}
END_TEST

START_TEST(one_that_leaves_is_silent_at_once)
{
	struct datagram datagram = from("b", LIFE_B, 2);

	begin();
	hear(from("b", LIFE_B, 1), 1000);
	datagram.flags = DATAGRAM_LEAVING;
	hear(datagram, 1001);
	ck_assert(!peers_is_heard(&peers, index_of("b"), 1001));
}
END_TEST

START_TEST(what_it_says_of_itself_is_kept_from_the_latest)
{
	struct datagram datagram = from("b", LIFE_B, 5);
	const struct peer *peer;

	begin();
	datagram.version = text_of("1.2");
	datagram.address = text_of("10.0.0.2:8080");
	datagram.tags = (struct text){ "ssd\0", 4 };
	datagram.place = (struct datagram_place){ true, 3, 1, 2, 3, 4 };
	hear(datagram, 1000);
	datagram.sequence = 4;
	datagram.version = text_of("1.1");
	ck_assert_int_eq(hear(datagram, 1001), PEERS_HEARD);
	peer = &peers.at[index_of("b")];
	ck_assert_str_eq(peer->version, "1.2");
	ck_assert_str_eq(peer->address, "10.0.0.2:8080");
	ck_assert_uint_eq(peer->tags_len, 4);
	ck_assert_uint_eq(peer->place.slot, 3);
	ck_assert(endpoint_equal(&peer->from, &somewhere));
}
END_TEST

START_TEST(what_is_missed_is_counted_and_what_comes_late_is_not_missed)
{
	begin();
	hear(from("b", LIFE_B, 10), 1000);
	hear(from("b", LIFE_B, 14), 1000);
	ck_assert_uint_eq(peers.at[index_of("b")].missed, 3);
	hear(from("b", LIFE_B, 12), 1000);
	ck_assert_uint_eq(peers.at[index_of("b")].missed, 2);
	ck_assert_uint_eq(peers.at[index_of("b")].heard, 3);
}
END_TEST

START_TEST(one_that_was_overtaken_is_no_sign_of_life)
{
	begin();
	hear(from("b", LIFE_B, 10), 1000);
	hear(from("b", LIFE_B, 12), 1500);
	ck_assert_int_eq(hear(hearing(from("b", LIFE_B, 11), LIFE_A, 0), 9000),
			 PEERS_HEARD);
	ck_assert(!peers_is_heard(&peers, index_of("b"), 9000));
	ck_assert(!peers.at[index_of("b")].proven);
}
END_TEST

START_TEST(a_replayed_datagram_changes_nothing)
{
	begin();
	hear(from("b", LIFE_B, 1), 1000);
	ck_assert_int_eq(hear(from("b", LIFE_B, 1), 2000), PEERS_REPLAYED);
	ck_assert_int_eq(peers.at[index_of("b")].heard_ms, 1000);
	ck_assert_uint_eq(peers.replayed, 1);
}
END_TEST

START_TEST(yesterdays_life_does_not_displace_a_proven_one)
{
	begin();
	hear(hearing(from("b", LIFE_B, 1), LIFE_A, 0), 1000);
	ck_assert_int_eq(hear(from("b", LIFE_B + 1, 900), 1100),
			 PEERS_UNPROVEN);
	ck_assert_int_eq(
		hear(hearing(from("b", LIFE_B + 1, 901), LIFE_C, 0), 1100),
		PEERS_UNPROVEN);
	ck_assert_int_eq(hear(from("b", LIFE_B, 2), 1500), PEERS_HEARD);
}
END_TEST

START_TEST(a_restarted_node_takes_its_place_as_soon_as_it_hears_us)
{
	begin();
	hear(hearing(from("b", LIFE_B, 1), LIFE_A, 0), 1000);
	ck_assert_int_eq(hear(from("b", LIFE_B + 1, 1), 1100), PEERS_UNPROVEN);
	ck_assert_int_eq(
		hear(hearing(from("b", LIFE_B + 1, 2), LIFE_A, 0), 1200),
		PEERS_RESTARTED);
	ck_assert(peers.at[index_of("b")].proven);
	ck_assert_int_eq(hear(hearing(from("b", LIFE_B, 2), LIFE_A, 0), 1300),
			 PEERS_REPLAYED);
}
END_TEST

START_TEST(a_restarted_node_that_never_hears_us_waits_for_silence)
{
	begin();
	hear(hearing(from("b", LIFE_B, 1), LIFE_A, 0), 1000);
	ck_assert_int_eq(hear(from("b", LIFE_B + 1, 1), 1001 + SILENCE),
			 PEERS_RESTARTED);
	ck_assert(!peers.at[index_of("b")].proven);
}
END_TEST

START_TEST(a_recording_that_took_the_place_of_a_silent_node_gives_it_back)
{
	begin();
	hear(hearing(from("b", LIFE_B, 1), LIFE_A, 0), 1000);
	/* b is cut off, and someone replays a former life of it */
	ck_assert_int_eq(hear(from("b", LIFE_B - 1, 1), 9000), PEERS_RESTARTED);
	ck_assert_int_eq(hear(from("b", LIFE_B, 17), 9500), PEERS_REPLAYED);
	ck_assert_int_eq(hear(hearing(from("b", LIFE_B, 18), LIFE_A, 0), 9600),
			 PEERS_RESTARTED);
	ck_assert_int_eq(hear(from("b", LIFE_B - 1, 2), 9700), PEERS_REPLAYED);
}
END_TEST

START_TEST(our_own_words_are_known_as_ours)
{
	begin();
	ck_assert_int_eq(hear(from("a", LIFE_A, 1), 1000), PEERS_OWN);
	ck_assert_uint_eq(peers.count, 1);
}
END_TEST

START_TEST(two_nodes_of_one_name_find_each_other)
{
	struct datagram ours = { 0 };

	begin();
	/* it could be a recording of a former life of ours */
	ck_assert_int_eq(hear(from("a", LIFE_B, 1), 1000), PEERS_UNPROVEN);
	peers_tell(&peers, &ours, 1100);
	ck_assert_uint_eq(ours.hears_count, 1);
	ck_assert_uint_eq(ours.hears[0].incarnation, LIFE_B);
	/* it is not: it heard us */
	ck_assert_int_eq(hear(hearing(from("a", LIFE_B, 2), LIFE_A, 0), 1200),
			 PEERS_TWIN);
	ck_assert_uint_eq(peers.twins, 1);
	ck_assert(endpoint_equal(&peers.twin_from, &somewhere));
	ck_assert_uint_eq(peers.count, 1);
}
END_TEST

START_TEST(who_hears_whom_is_what_they_say)
{
	begin();
	for (uint64_t i = 0; i < 10; i++) {
		int64_t now = 1000 + (int64_t)i * INTERVAL;
		struct datagram b = from("b", LIFE_B, i + 1);
		struct datagram c = from("c", LIFE_C, i + 1);

		hear(hearing(hearing(b, LIFE_A, 10), LIFE_C, 20), now);
		hear(hearing(c, LIFE_A, 10), now); /* not b */
	}
	ck_assert_int_eq(hears("a", "b", 5600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("a", "c", 5600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("b", "a", 5600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("b", "c", 5600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("c", "a", 5600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("c", "b", 5600), PEERS_HEARS_NO);
}
END_TEST

START_TEST(one_that_stops_being_heard_by_another_shows_within_its_silence)
{
	begin();
	hear(hearing(from("b", LIFE_B, 1), LIFE_A, 0), 1000);
	for (uint64_t i = 2; i < 12; i++)
		hear(from("b", LIFE_B, i), 1000 + (int64_t)i * INTERVAL);
	ck_assert_int_eq(hears("a", "b", 6600), PEERS_HEARS_YES);
	ck_assert_int_eq(hears("b", "a", 6600), PEERS_HEARS_NO);
}
END_TEST

START_TEST(what_a_newcomer_or_a_silent_one_hears_is_unknown)
{
	begin();
	hear(from("b", LIFE_B, 1), 1000);
	hear(from("c", LIFE_C, 1), 1000);
	ck_assert_int_eq(hears("b", "c", 1100), PEERS_HEARS_UNKNOWN);
	ck_assert_int_eq(hears("b", "c", 9000), PEERS_HEARS_UNKNOWN);
}
END_TEST

START_TEST(an_old_age_is_counted_from_now_not_from_when_it_was_told)
{
	begin();
	hear(from("c", LIFE_C, 1), 1000);
	for (uint64_t i = 0; i < 10; i++)
		hear(hearing(from("b", LIFE_B, i + 1), LIFE_C, 60000),
		     1000 + (int64_t)i * INTERVAL);
	ck_assert_int_eq(hears("b", "c", 5500), PEERS_HEARS_NO);
}
END_TEST

/* A node of a number, in static texts. */
static const char *numbered(unsigned number)
{
	static char text[8];

	text[0] = 'n';
	for (unsigned i = 4; i > 0; i--, number /= 10)
		text[i] = (char)('0' + number % 10);
	return text;
}

START_TEST(all_are_told_of_in_turn_when_one_datagram_is_too_small)
{
	static bool told[200];
	size_t left = 150;

	begin();
	for (unsigned i = 1; i <= 150; i++)
		hear(from(numbered(i), 1000 + i, 1), 1000);
	for (unsigned round = 0; round < 5; round++) {
		struct datagram datagram = { 0 };

		peers_tell(&peers, &datagram, 1100);
		ck_assert_uint_eq(datagram.hears_count, DATAGRAM_HEARS_MAX);
		for (size_t i = 0; i < 40; i++) { /* so many found room */
			size_t who = datagram.hears[i].incarnation - 1000;

			left -= told[who] ? 0 : 1;
			told[who] = true;
		}
		peers_told(&peers, 40, 1100);
	}
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(the_table_is_bounded_and_the_long_silent_make_room)
{
	begin();
	for (unsigned i = 1; i < PEERS_MAX; i++)
		ck_assert_int_eq(
			hear(from(numbered(i), 1000 + i, 1), 1000 + (int64_t)i),
			PEERS_NEW);
	ck_assert_int_eq(hear(from("x", 9, 1), 5000), PEERS_FULL);
	ck_assert_uint_eq(peers.refused, 1);
	ck_assert_int_eq(hear(from("x", 9, 1), 1001 + PEERS_FORGET_MS),
			 PEERS_NEW);
	ck_assert_int_eq(peers_find(&peers, text_of("n0001")), -1);
	ck_assert_uint_eq(index_of("x"), 1);
}
END_TEST

START_TEST(it_is_answered_where_it_speaks_from)
{
	struct datagram datagram = from("b", LIFE_B, 2);
	size_t index;

	begin();
	hear(from("b", LIFE_B, 1), 1000);
	peers_hear(&peers, &datagram, &elsewhere, 1100, &index);
	ck_assert(endpoint_equal(&peers.at[index].from, &elsewhere));
}
END_TEST

TEST_MAIN("peers", one_that_speaks_is_known_and_heard_until_it_is_silent,
	  a_slow_sender_is_waited_for_longer, one_that_leaves_is_silent_at_once,
	  what_it_says_of_itself_is_kept_from_the_latest,
	  what_is_missed_is_counted_and_what_comes_late_is_not_missed,
	  one_that_was_overtaken_is_no_sign_of_life,
	  a_replayed_datagram_changes_nothing,
	  yesterdays_life_does_not_displace_a_proven_one,
	  a_restarted_node_takes_its_place_as_soon_as_it_hears_us,
	  a_restarted_node_that_never_hears_us_waits_for_silence,
	  a_recording_that_took_the_place_of_a_silent_node_gives_it_back,
	  our_own_words_are_known_as_ours,
	  two_nodes_of_one_name_find_each_other,
	  who_hears_whom_is_what_they_say,
	  one_that_stops_being_heard_by_another_shows_within_its_silence,
	  what_a_newcomer_or_a_silent_one_hears_is_unknown,
	  an_old_age_is_counted_from_now_not_from_when_it_was_told,
	  all_are_told_of_in_turn_when_one_datagram_is_too_small,
	  the_table_is_bounded_and_the_long_silent_make_room,
	  it_is_answered_where_it_speaks_from)
