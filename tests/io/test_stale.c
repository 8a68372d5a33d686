#include "roles/server_stale.h"

#include "tests/core/test.h"

#define NOW_MS	 100000
#define LEASE_MS 3000 /* renewed every 500 ms */

static struct config config;
static struct stale stale;
static char name[] = "a";

/* We are "a"; "b" and "c" have changed their slots so long ago. */
static struct board *made(int64_t b_ms, int64_t c_ms)
{
	struct board *board = board_new();
	struct cluster_peer peer = { .name = "a" };

	ck_assert_ptr_nonnull(board);
	config = (struct config){ .node = name };
	config.cluster.heartbeat_ms = 100;
	stale = (struct stale){ 0 };
	board->cluster.present = true;
	board->cluster.terms = lease_terms_for(LEASE_MS, 64);
	atomic_store(&board->cluster.in_use, 3);
	cluster_set_peer(&board->cluster, 0, &peer);
	peer.name[0] = 'b';
	peer.changed_ms = NOW_MS - b_ms;
	cluster_set_peer(&board->cluster, 1, &peer);
	peer.name[0] = 'c';
	peer.changed_ms = NOW_MS - c_ms;
	cluster_set_peer(&board->cluster, 2, &peer);
	return board;
}

static int64_t look(const struct board *board, const char *node)
{
	stale.looked_ms = 0;
	(void)stale_look(&stale, board, &config, NOW_MS);
	return stale_s(&stale, text_of(node), NOW_MS);
}

START_TEST(who_renews_is_not_stale_and_who_does_not_is)
{
	struct board *board = made(1900, 5500);

	ck_assert_int_eq(look(board, "b"), 0);
	ck_assert_int_eq(look(board, "c"), 5);
	ck_assert_int_eq(look(board, "a"), 0);
	ck_assert_int_eq(look(board, "unknown"), 0);
}
END_TEST

START_TEST(a_datagram_is_a_word_as_well)
{
	struct board *board = made(9000, 9000);
	struct cluster_heard heard = { .name = "b",
				       .proven = true,
				       .heard_ms = NOW_MS - 1000 };

	atomic_store(&board->cluster.nodes, 2);
	cluster_set_heard(&board->cluster, 1, &heard);
	ck_assert_int_eq(look(board, "b"), 0);
	ck_assert_int_eq(look(board, "c"), 9);
	heard.proven = false;
	cluster_set_heard(&board->cluster, 1, &heard);
	ck_assert_int_eq(look(board, "b"), 9);
}
END_TEST

START_TEST(it_tells_when_others_are_stale_than_before)
{
	struct board *board = made(100, 9000);

	ck_assert(stale_look(&stale, board, &config, NOW_MS));
	ck_assert(!stale_look(&stale, board, &config, NOW_MS + STALE_LOOK_MS));
	ck_assert(stale_look(&stale, board, &config, NOW_MS + 5000));
}
END_TEST

START_TEST(without_a_cluster_nobody_is)
{
	struct board *board = made(9000, 9000);

	board->cluster.present = false;
	ck_assert_int_eq(look(board, "b"), 0);
}
END_TEST

TEST_MAIN("stale", who_renews_is_not_stale_and_who_does_not_is,
	  a_datagram_is_a_word_as_well,
	  it_tells_when_others_are_stale_than_before,
	  without_a_cluster_nobody_is)
