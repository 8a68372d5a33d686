#include "core/failures.h"

#include <stdio.h>

#include "tests/core/test.h"

#define NODES_MAX 64

static struct failures failures;
static struct place_node nodes[NODES_MAX];
static char names[NODES_MAX][8];
static struct failures_terms terms;
static int64_t now_ms;

static void setup(uint32_t count)
{
	failures_clear(&failures);
	now_ms = 1000000;
	terms = (struct failures_terms){ .backoff_ms = 1000,
					 .backoff_max_ms = 60000,
					 .eligible = count };
	memset(nodes, 0, sizeof(nodes));
	for (uint32_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i);
		nodes[i].name = text_of(names[i]);
		nodes[i].eligible = true;
	}
}

/* Where it goes, as the leader decides it; -1 when it has to wait. */
static int choose(void)
{
	struct place_wish wish = { .unit = text_of("unit"),
				   .prefer = { "n0", 3 } };

	if (!failures_may(&failures, now_ms))
		return -1;
	failures_judge(&failures, nodes, NODES_MAX);
	return place_choose(&wish, nodes, NODES_MAX);
}

/* It goes somewhere and fails there at once. */
static int fails(void)
{
	int at = choose();

	ck_assert_int_ge(at, 0);
	failures_note(&failures, nodes[at].name, &terms, now_ms);
	return at;
}

static void wait_for(int64_t ms)
{
	now_ms += ms - 1;
	ck_assert_int_eq(choose(), -1);
	now_ms++;
	ck_assert_int_ge(choose(), 0);
}

START_TEST(what_never_failed_goes_where_it_likes)
{
	setup(3);
	ck_assert_int_eq(choose(), 0);
	now_ms = 0;
	ck_assert_int_eq(choose(), 0);
}
END_TEST

START_TEST(what_failed_is_tried_elsewhere_at_once)
{
	setup(3);
	ck_assert_int_eq(fails(), 0);
	ck_assert_int_ne(choose(), 0);
	ck_assert_int_ge(choose(), 0);
}
END_TEST

START_TEST(what_failed_everywhere_waits_longer_each_time)
{
	static const int64_t pauses[] = { 1000,	 2000,	4000,  8000, 16000,
					  32000, 60000, 60000, 60000 };
	int lap[3];

	setup(3);
	for (int i = 0; i < 3; i++)
		lap[i] = fails();
	ck_assert_int_eq(lap[0], 0);
	ck_assert_int_eq(lap[0] + lap[1] + lap[2], 3);
	for (int i = 0; i < 9; i++) {
		wait_for(pauses[i]);
		/* where it failed the longest time ago */
		ck_assert_int_eq(fails(), lap[i % 3]);
	}
}
END_TEST

START_TEST(a_node_alone_waits_from_the_first)
{
	setup(1);
	fails();
	wait_for(1000);
	fails();
	wait_for(2000);
}
END_TEST

START_TEST(among_many_nodes_the_tries_are_bounded)
{
	uint32_t tries = 0;

	setup(NODES_MAX);
	while (choose() >= 0) {
		fails();
		tries++;
	}
	ck_assert_uint_eq(tries, FAILURES_NODES);
	for (int minute = 0; minute < 10; minute++) {
		tries = 0;
		for (int64_t end = now_ms + 60000; now_ms < end; now_ms += 10)
			while (choose() >= 0) {
				fails();
				tries++;
			}
		ck_assert_uint_le(tries, minute == 0 ? 6 : 1);
	}
}
END_TEST

/* However the nodes come and go, and whatever the leader thinks is eligible. */
START_TEST(nodes_that_come_and_go_make_no_difference)
{
	uint32_t tries = 0;
	uint32_t seed = 1;

	setup(NODES_MAX);
	for (int64_t end = now_ms + 60000; now_ms < end; now_ms += 10) {
		for (int i = 0; i < NODES_MAX; i++) {
			seed = seed * 1664525 + 1013904223;
			nodes[i].eligible = seed >> 28 == 0;
		}
		while (choose() >= 0) {
			fails();
			tries++;
		}
	}
	ck_assert_uint_le(tries, FAILURES_NODES + 6);
}
END_TEST

START_TEST(what_fails_again_on_the_same_node_waits)
{
	setup(3);
	failures_note(&failures, nodes[1].name, &terms, now_ms);
	failures_note(&failures, nodes[1].name, &terms, now_ms);
	wait_for(1000);
}
END_TEST

START_TEST(a_node_that_died_is_not_waited_for)
{
	setup(3);
	fails();
	nodes[1].eligible = nodes[2].eligible = false;
	/* the others, where it never failed, are gone */
	ck_assert_int_eq(choose(), 0);
	terms.eligible = 1;
	fails();
	wait_for(1000);
	/* and one that comes is taken first */
	nodes[2].eligible = true;
	ck_assert_int_eq(choose(), 2);
}
END_TEST

START_TEST(what_was_well_for_long_begins_anew)
{
	setup(2);
	for (int i = 0; i < 6; i++) {
		fails();
		now_ms = failures.due_ms;
	}
	ck_assert_uint_eq(failures.pauses, 5);
	now_ms += FAILURES_KEEP_MS;
	fails();
	ck_assert_uint_eq(failures.pauses, 6);
	now_ms = failures.due_ms + FAILURES_KEEP_MS + 1;
	fails();
	ck_assert_uint_eq(failures.pauses, 0);
	ck_assert_int_ge(choose(), 0);
}
END_TEST

START_TEST(no_pause_is_shorter_than_the_shortest)
{
	setup(1);
	terms.backoff_ms = terms.backoff_max_ms = 0;
	fails();
	wait_for(FAILURES_PAUSE_MS);
	fails();
	wait_for(FAILURES_PAUSE_MS);
}
END_TEST

TEST_MAIN("failures", what_never_failed_goes_where_it_likes,
	  what_failed_is_tried_elsewhere_at_once,
	  what_failed_everywhere_waits_longer_each_time,
	  a_node_alone_waits_from_the_first,
	  among_many_nodes_the_tries_are_bounded,
	  nodes_that_come_and_go_make_no_difference,
	  what_fails_again_on_the_same_node_waits,
	  a_node_that_died_is_not_waited_for,
	  what_was_well_for_long_begins_anew,
	  no_pause_is_shorter_than_the_shortest)
