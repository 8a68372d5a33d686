#include "io/board.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/events.h"
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

START_TEST(a_text_is_cut_and_survives_a_dead_writer)
{
	static struct board_text text;
	char longer[400];
	char buf[BOARD_TEXT_MAX + 1];

	memset(longer, 'x', sizeof(longer));
	board_text_set(&text, text_of("hello"));
	ck_assert_uint_eq(board_text_get(&text, buf, sizeof(buf)), 5);
	ck_assert_str_eq(buf, "hello");
	ck_assert_uint_eq(board_text_get(&text, buf, 3), 2);
	board_text_set(&text, (struct text){ longer, sizeof(longer) });
	ck_assert_uint_eq(board_text_get(&text, buf, sizeof(buf)),
			  BOARD_TEXT_MAX);
	/* Its writer dies half way; the next one mends it. */
	text.seq++;
	(void)board_text_get(&text, buf, sizeof(buf));
	board_text_set(&text, text_of("again"));
	ck_assert_uint_eq(text.seq % 2, 0);
	ck_assert_uint_eq(board_text_get(&text, buf, sizeof(buf)), 5);
}
END_TEST

START_TEST(the_latest_events_are_kept_in_order)
{
	struct board *board = board_new();
	struct event event;

	ck_assert(!events_next(board, 0, &event));
	for (int i = 1; i <= BOARD_EVENTS_MAX + 10; i++)
		events_add(board, EVENT_UNIT_EXITED, "web", "exit %d", i);
	ck_assert(events_next(board, 0, &event));
	ck_assert_uint_eq(event.number, 11);
	ck_assert_str_eq(event.text, "exit 11");
	ck_assert_str_eq(event.subject, "web");
	ck_assert_str_eq(events_name(event.kind), "unit-exited");
	ck_assert(events_next(board, BOARD_EVENTS_MAX + 9, &event));
	ck_assert_uint_eq(event.number, BOARD_EVENTS_MAX + 10);
	ck_assert(!events_next(board, BOARD_EVENTS_MAX + 10, &event));
}
END_TEST

START_TEST(an_event_whose_writer_died_is_passed_over)
{
	struct board *board = board_new();
	struct event event;

	events_add(board, EVENT_DRAIN, "node", "one");
	events_add(board, EVENT_DRAIN, "node", "two");
	events_add(board, EVENT_DRAIN, "node", "three");
	board->events[2].number = 0;
	ck_assert(events_next(board, 1, &event));
	ck_assert_uint_eq(event.number, 3);
}
END_TEST

TEST_MAIN("board", a_new_board_is_blank, what_a_child_writes_its_parent_reads,
	  the_hash_is_fnv_1a, a_text_is_cut_and_survives_a_dead_writer,
	  the_latest_events_are_kept_in_order,
	  an_event_whose_writer_died_is_passed_over)
