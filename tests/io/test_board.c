#include "io/board.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/test.h"

START_TEST(a_new_board_is_blank)
{
	struct board *board = board_new();

	ck_assert_ptr_nonnull(board);
	ck_assert_uint_eq(board->holdings[0].token, 0);
	ck_assert_uint_eq(board->holdings[BOARD_HOLDINGS_MAX - 1].phase,
			  PHASE_IDLE);
	ck_assert_uint_eq(board->stopping, 0);
	ck_assert_int_eq(board->roles[ROLE_MAX - 1].pid, 0);
}
END_TEST

START_TEST(what_a_child_writes_its_parent_reads)
{
	struct board *board = board_new();
	pid_t pid = fork();

	if (pid == 0) {
		board->holdings[7].phase = PHASE_STOPPED;
		board->change++;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(board->holdings[7].phase, PHASE_STOPPED);
	ck_assert_uint_eq(board->change, 1);
}
END_TEST

/* Source of the values: the test suite of FNV by Landon Curt Noll. */
START_TEST(the_hash_is_fnv_1a)
{
	ck_assert_uint_eq(board_hash("", 0), UINT64_C(0xcbf29ce484222325));
	ck_assert_uint_eq(board_hash("a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert_uint_eq(board_hash("foobar", 6),
			  UINT64_C(0x85944171f73967e8));
}
END_TEST

TEST_MAIN("board", a_new_board_is_blank, what_a_child_writes_its_parent_reads,
	  the_hash_is_fnv_1a)
