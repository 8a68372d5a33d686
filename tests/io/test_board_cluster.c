#include "io/board_cluster.h"

#include <stdlib.h>

#include "tests/core/test.h"

static struct board_cluster *made(void)
{
	struct board_cluster *cluster = calloc(1, sizeof(*cluster));

	ck_assert_ptr_nonnull(cluster);
	cluster->present = true;
	cluster->terms = lease_terms_for(3000, 8);
	return cluster;
}

static struct lease_time at(int64_t ms)
{
	return (struct lease_time){ ms * 1000, ms * 1000 };
}

static void show(struct board_cluster *cluster, uint64_t generation,
		 int64_t stamp_ms)
{
	struct cluster_lease lease = {
		.kept = { .generation = generation,
			  .stamp = at(stamp_ms),
			  .in = true },
	};

	cluster_set_lease(cluster, &lease);
}

START_TEST(what_was_never_written_is_not_there)
{
	struct board_cluster *cluster = made();
	struct cluster_peer peer;
	struct cluster_lease lease;

	ck_assert(!cluster_peer(cluster, 0, &peer));
	ck_assert(!cluster_peer(cluster, LEASE_SLOTS_MAX, &peer));
	ck_assert(!cluster_lease(cluster, &lease));
	free(cluster);
}
END_TEST

START_TEST(the_latest_is_read_back)
{
	struct board_cluster *cluster = made();
	struct cluster_peer peer = { .generation = 7 };

	for (uint64_t i = 1; i < 6; i++) {
		peer.epoch = i;
		cluster_set_peer(cluster, 3, &peer);
		peer.epoch = 0;
		ck_assert(cluster_peer(cluster, 3, &peer));
		ck_assert_uint_eq(peer.epoch, i);
		ck_assert_uint_eq(peer.generation, 7);
	}
	free(cluster);
}
END_TEST

START_TEST(work_lives_until_the_stop_and_no_longer)
{
	struct board_cluster *cluster = made();
	int64_t stop_ms = lease_stop_us(&cluster->terms, 0) / 1000;
	struct lease_time now = at(1000);

	show(cluster, 4, 1000);
	ck_assert(cluster_holds(cluster, 4, &now));
	now = at(1000 + stop_ms - 1);
	ck_assert(cluster_holds(cluster, 4, &now));
	now = at(1000 + stop_ms);
	ck_assert(!cluster_holds(cluster, 4, &now));
	/* the faster clock counts */
	now = at(1001);
	now.raw_us += stop_ms * 1000;
	ck_assert(!cluster_holds(cluster, 4, &now));
	free(cluster);
}
END_TEST

START_TEST(only_the_present_generation_holds)
{
	struct board_cluster *cluster = made();
	struct lease_time now = at(1000);

	ck_assert(!cluster_holds(cluster, 0, &now));
	show(cluster, 4, 1000);
	ck_assert(!cluster_holds(cluster, 3, &now));
	ck_assert(!cluster_holds(cluster, 5, &now));
	atomic_store(&cluster->dead, 4);
	ck_assert(!cluster_holds(cluster, 4, &now));
	free(cluster);
}
END_TEST

START_TEST(what_the_others_counted_dead_holds_no_more)
{
	struct board_cluster *cluster = made();
	struct lease_time now = at(1000);

	show(cluster, 4, 1000);
	atomic_store(&cluster->ended, 3);
	ck_assert(cluster_holds(cluster, 4, &now));
	atomic_store(&cluster->ended, 4);
	ck_assert(!cluster_holds(cluster, 4, &now));
	free(cluster);
}
END_TEST

START_TEST(a_node_alone_always_holds)
{
	struct board_cluster *cluster = made();
	struct lease_time now = at(1000);

	cluster->present = false;
	ck_assert(cluster_holds(cluster, 0, &now));
	free(cluster);
}
END_TEST

TEST_MAIN("board_cluster", what_was_never_written_is_not_there,
	  the_latest_is_read_back, work_lives_until_the_stop_and_no_longer,
	  only_the_present_generation_holds,
	  what_the_others_counted_dead_holds_no_more, a_node_alone_always_holds)
