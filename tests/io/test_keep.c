/* Units that are kept up: restarts, pauses, limits, stops in every phase. */
#define _GNU_SOURCE
#include <dirent.h>

#include "tests/io/keep_stand.h"

/* ---- the table, for real ---- */

struct row {
	enum unit_restart restart;
	const char *line;
	unsigned starts;
	enum message_how how;
	int exit;
};

START_TEST(each_kind_of_restart_meets_each_kind_of_end)
{
	static const struct row rows[] = {
		{ RESTART_PERMANENT, "exit 0", 4, HOW_FAILED, 0 },
		{ RESTART_PERMANENT, "exit 9", 4, HOW_FAILED, 9 },
		{ RESTART_PERMANENT, "exit 3", 4, HOW_FAILED, 3 },
		{ RESTART_PERMANENT, "kill -9 $$", 4, HOW_FAILED, 137 },
		{ RESTART_TRANSIENT, "exit 0", 1, HOW_DONE, 0 },
		{ RESTART_TRANSIENT, "exit 9", 1, HOW_DONE, 9 },
		{ RESTART_TRANSIENT, "exit 3", 4, HOW_FAILED, 3 },
		{ RESTART_TRANSIENT, "kill $$", 4, HOW_FAILED, 143 },
		{ RESTART_TEMPORARY, "exit 0", 1, HOW_DONE, 0 },
		{ RESTART_TEMPORARY, "exit 9", 1, HOW_DONE, 9 },
		{ RESTART_TEMPORARY, "exit 3", 1, HOW_FAILED, 3 },
		{ RESTART_TEMPORARY, "kill -9 $$", 1, HOW_FAILED, 137 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spec spec = service(rows[i].line);

		set_up();
		spec.restart = rows[i].restart;
		spec.ok_exit[0] = 9;
		spec.ok_exit_count = 1;
		start(&spec);
		ck_assert_msg(await_end() == rows[i].how, "row %zu", i);
		ck_assert_uint_eq(unit->starts, rows[i].starts);
		ck_assert_int_eq(unit->exit, rows[i].exit);
		tear_down();
	}
}
END_TEST

START_TEST(a_stop_is_never_followed_by_a_start)
{
	static const enum unit_restart kinds[] = { RESTART_PERMANENT,
						   RESTART_TRANSIENT,
						   RESTART_TEMPORARY };

	for (size_t i = 0; i < 3; i++) {
		struct spec spec =
			service("trap 'exit 3' TERM; "
				"touch up; while :; do sleep 0.01; done");

		set_up();
		spec.restart = kinds[i];
		start(&spec);
		AWAIT(exists("up"));
		ck_assert_int_eq(stop(), HOW_STOPPED);
		ck_assert_uint_eq(unit->starts, 1);
		ck_assert_int_eq(unit->exit, 3);
		ck_assert_str_eq(next_event(EVENT_UNIT_STOPPED), "exit code 3");
		tear_down();
	}
}
END_TEST

START_TEST(a_command_that_cannot_run_counts_as_a_failed_start)
{
	struct spec spec = service("");

	set_up();
	spec.argv[0] = "/nonexistent/command";
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_uint_eq(unit->starts, 0);
	ck_assert_int_eq(unit->exit, 127);
	ck_assert_str_eq(text_of_board(&unit->words),
			 "cannot run /nonexistent/command: "
			 "No such file or directory");
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(next_event(EVENT_UNIT_EXITED),
				 "cannot run /nonexistent/command: No such "
				 "file or directory, restarts at once");
	ck_assert_ptr_null(next_event(EVENT_UNIT_EXITED));
	tear_down();
}
END_TEST

START_TEST(giving_up_is_loud)
{
	struct spec spec = service("echo disk full >&2; exit 3");

	set_up();
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_str_eq(text_of_board(&unit->words), "disk full");
	ck_assert_str_eq(next_event(EVENT_UNIT_FAILED),
			 "given up, more than 3 restarts within 5 s; the last "
			 "end: exit code 3: disk full");
	tear_down();
}
END_TEST

START_TEST(words_of_one_run_are_not_those_of_the_next)
{
	struct spec spec = service("test -e x && exit 4; touch x; "
				   "printf 'first run' >&2; exit 3");

	set_up();
	spec.max_restarts = 1;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_int_eq(unit->exit, 4);
	ck_assert_str_eq(text_of_board(&unit->words), "");
	tear_down();
}
END_TEST

START_TEST(a_loop_of_crashes_leaves_room_for_what_others_tell)
{
	struct spec spec = service("exit 3");
	int64_t begin_ms = clock_ms();
	unsigned told = 0;
	bool left_out = false;
	struct event event;

	set_up();
	spec.max_restarts = 80;
	spec.max_seconds_ms = 600000;
	start(&spec);
	/* Some at a time, where the machine does much else. */
	for (unsigned starts = 10; starts <= 80; starts += 10)
		await_starts(starts);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_uint_eq(unit->starts, 81);
	ck_assert_ptr_nonnull(next_event(EVENT_UNIT_FAILED));
	event_after = 0;
	/* The next that is told, of any kind, says how many were not. */
	while (events_next(heritage.board, event_after, &event)) {
		event_after = event.number;
		left_out = left_out ||
			   strstr(event.text, "left out before") != NULL;
		told += event.kind == EVENT_UNIT_EXITED;
	}
	/* Slower than that, and none has to be. */
	if (clock_ms() - begin_ms < 8000)
		ck_assert(left_out);
	ck_assert_uint_ge(told, 40);
	ck_assert_uint_le(told, 60 + (unsigned)(clock_ms() - begin_ms) / 200);
	tear_down();
}
END_TEST

/* ---- pauses ---- */

START_TEST(pauses_grow_and_are_told)
{
	struct spec spec = service("exit 3");
	int64_t begin_ms = clock_ms();
	const char *text;

	set_up();
	spec.backoff_ms = 40;
	spec.backoff_max_ms = 100;
	start(&spec);
	await_life(LIFE_PAUSING);
	ck_assert_int_eq(unit->pid, 0);
	ck_assert_int_ge(unit->next_ms, unit->since_ms);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	/* 40, 80 and 100 */
	ck_assert_int_ge(clock_ms() - begin_ms, 220);
	text = next_event(EVENT_UNIT_EXITED);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "exit code 3, restarts in 4"));
	text = next_event(EVENT_UNIT_PAUSED);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "ends in a row: 1"));
	tear_down();
}
END_TEST

START_TEST(without_a_pause_the_next_start_is_soon)
{
	struct spec spec = service("sleep 0.02; exit 1");
	int64_t begin_ms;
	int64_t took_ms;

	set_up();
	spec.max_restarts = 50;
	spec.max_seconds_ms = 600000;
	begin_ms = clock_ms();
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	took_ms = clock_ms() - begin_ms;
	ck_assert_uint_eq(unit->starts, 51);
	ck_assert_ptr_null(next_event(EVENT_UNIT_PAUSED));
	/* 51 runs of a little over 20 ms each; generous for slow machines. */
	ck_assert_int_lt(took_ms, INT64_C(51) * 500);
	tear_down();
}
END_TEST

START_TEST(a_stop_while_it_pauses_ends_it_at_once)
{
	struct spec spec = service("exit 3");

	set_up();
	spec.backoff_ms = 600000;
	spec.backoff_max_ms = 600000;
	start(&spec);
	await_life(LIFE_PAUSING);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	ck_assert_uint_eq(unit->starts, 1);
	ck_assert_int_eq(unit->exit, 3);
	ck_assert_str_eq(next_event(EVENT_UNIT_STOPPED),
			 "before its next start");
	tear_down();
}
END_TEST

START_TEST(what_is_not_wanted_any_more_is_not_started_again)
{
	struct spec spec = service("until [ -e go ]; do sleep 0.01; done; "
				   "exit 3");
	char path[128];

	set_up();
	spec.backoff_ms = 50;
	spec.backoff_max_ms = 50;
	start(&spec);
	await_starts(1);
	/* The signal that goes with it is late. */
	atomic_store(&holding->wanted, WANTED_STOP);
	snprintf(path, sizeof(path), "%s/go", root);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	ck_assert_int_eq(await_end(), HOW_STOPPED);
	ck_assert_uint_eq(unit->starts, 1);
	tear_down();
}
END_TEST

START_TEST(without_a_supervisor_nothing_is_started_again)
{
	struct spec spec = service("exit 3");
	int status;

	set_up();
	spec.backoff_ms = 600000;
	spec.backoff_max_ms = 600000;
	start(&spec);
	await_life(LIFE_PAUSING);
	close(heritage.supervisor_alive[1]);
	ck_assert_int_eq(waitpid(worker, &status, 0), worker);
	heritage.supervisor_alive[1] = dup(0);
	tear_down();
}
END_TEST

/* ---- between runs ---- */

static unsigned count_descriptors(pid_t pid)
{
	char path[64];
	DIR *dir;
	unsigned count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

START_TEST(nothing_leaks_from_run_to_run)
{
	struct spec spec = service("ls /proc/self/fd | tr '\\n' ' ' >>own; "
				   "sleep 1000 & exit 1");
	unsigned first = 0;

	set_up();
	spec.ready = READY_FD;
	spec.ready_value = 9;
	spec.backoff_ms = 400;
	spec.backoff_max_ms = 400;
	spec.max_restarts = 5;
	start(&spec);
	for (uint32_t run = 1; run <= 5; run++) {
		unsigned count;

		AWAIT(unit->starts == run && unit->life == LIFE_PAUSING);
		count = count_descriptors(worker);
		if (run == 1)
			first = count;
		ck_assert_uint_eq(count, first);
	}
	ck_assert_int_eq(await_end(), HOW_FAILED);
	/* 3 is the directory ls reads. */
	ck_assert_str_eq(contents("own"), "0 1 2 3 9 0 1 2 3 9 0 1 2 3 9 "
					  "0 1 2 3 9 0 1 2 3 9 0 1 2 3 9 ");
	tear_down();
}
END_TEST

START_TEST(a_new_run_begins_when_all_of_the_old_one_is_dead)
{
	/* Each run leaves one behind that would write, and complains if it
	 * finds that of the run before. */
	struct spec spec =
		service("if [ -e pid ] && kill -0 $(cat pid); then "
			"touch overlap; fi; setsid sh -c 'trap \"\" TERM; "
			"echo $$ >pid.new; mv pid.new pid; exec sleep 1000' & "
			"until [ -e pid ]; do sleep 0.01; done; exit 1");

	set_up();
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_uint_eq(unit->starts, 4);
	ck_assert(!exists("overlap"));
	tear_down();
}
END_TEST

START_TEST(a_service_sends_no_messages)
{
	struct spec spec = service("exit 3");
	uint8_t packet[2048];

	set_up();
	start(&spec);
	await_end();
	ck_assert_int_eq(channel_receive(heritage.worker_link[1], packet,
					 sizeof(packet)),
			 -EAGAIN);
	tear_down();
}
END_TEST

START_TEST(a_singleton_tells_its_start_once_and_its_end)
{
	struct spec spec;
	static uint8_t packet[MESSAGE_MAX];
	struct message message;
	unsigned started = 0;
	int len;

	token = UINT64_C(0x100000009);
	set_up();
	spec = service("exit 3");
	spec.kind = UNIT_SINGLETON;
	start(&spec);
	do {
		AWAIT((len = channel_receive(heritage.worker_link[1], packet,
					     sizeof(packet))) > 0);
		ck_assert_int_eq(message_decode(&message, packet, (size_t)len),
				 0);
		started += message.kind == MESSAGE_STARTED;
	} while (message.kind != MESSAGE_OUTCOME);
	ck_assert_int_eq(message.how, HOW_FAILED);
	ck_assert_int_eq(message.exit, 3);
	ck_assert_uint_eq(started, 1);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_uint_eq(unit->starts, 4);
	tear_down();
	token = BOARD_SERVICE_TOKEN | 3;
}
END_TEST

/* ---- what it is started with ---- */

START_TEST(an_env_file_is_read_at_every_start)
{
	struct spec spec = service("echo $A:$B:$HOLDFAST_UNIT >>out; "
				   "echo A=two >env; exit 1");
	char path[128];

	set_up();
	snprintf(path, sizeof(path), "%s/env", root);
	ck_assert_int_eq(
		tree_write(AT_FDCWD, path, "A=one\nHOLDFAST_UNIT=x\n", 22), 0);
	spec.env[0] = "A=spec";
	spec.env[1] = "B=b";
	spec.env[2] = "HOLDFAST_UNIT=test";
	spec.env_file = path;
	spec.max_restarts = 1;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_str_eq(contents("out"), "one:b:test\ntwo:b:test\n");
	tear_down();
}
END_TEST

START_TEST(a_bad_env_file_is_a_failed_start_that_names_the_line)
{
	struct spec spec = service("exit 0");
	char path[128];
	char words[256];

	set_up();
	snprintf(path, sizeof(path), "%s/env", root);
	spec.env_file = path;
	spec.restart = RESTART_TEMPORARY;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	snprintf(words, sizeof(words),
		 "cannot read env-file %s: No such file or directory", path);
	ck_assert_str_eq(text_of_board(&unit->words), words);
	ck_assert_uint_eq(unit->starts, 0);

	ck_assert_int_eq(tree_write(AT_FDCWD, path, "A=1\n\nB\n", 7), 0);
	atomic_store(&holding->settled, 0);
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	snprintf(words, sizeof(words),
		 "%s:3: error: expected NAME=VALUE; a name is letters, digits "
		 "and _",
		 path);
	ck_assert_str_eq(text_of_board(&unit->words), words);
	tear_down();
}
END_TEST

START_TEST(limits_mask_and_nice_hold)
{
	struct spec spec = service("ulimit -n >out; umask >>out; nice >>out; "
				   "ulimit -d >>out; exec sleep 1000");

	set_up();
	spec.limit_files = 77;
	spec.limit_memory = 64 << 20;
	spec.umask = 027;
	spec.nice = 2;
	start(&spec);
	AWAIT(exists("out") && strlen(contents("out")) >= 16);
	ck_assert_str_eq(contents("out"), "77\n0027\n2\n65536\n");
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(a_limit_it_may_not_have_is_told)
{
	struct spec spec = service("exit 0");

	if (geteuid() != 0)
		return;
	as_user = 65534;
	set_up();
	spec.limit_files = 1 << 30;
	spec.restart = RESTART_TEMPORARY;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_str_eq(text_of_board(&unit->words),
			 "cannot set the limits of test: Operation not "
			 "permitted");
	tear_down();
	as_user = 0;
}
END_TEST

TEST_MAIN("keep", each_kind_of_restart_meets_each_kind_of_end,
	  a_stop_is_never_followed_by_a_start,
	  a_command_that_cannot_run_counts_as_a_failed_start, giving_up_is_loud,
	  a_loop_of_crashes_leaves_room_for_what_others_tell,
	  words_of_one_run_are_not_those_of_the_next, pauses_grow_and_are_told,
	  without_a_pause_the_next_start_is_soon,
	  a_stop_while_it_pauses_ends_it_at_once,
	  what_is_not_wanted_any_more_is_not_started_again,
	  without_a_supervisor_nothing_is_started_again,
	  nothing_leaks_from_run_to_run,
	  a_new_run_begins_when_all_of_the_old_one_is_dead,
	  a_service_sends_no_messages,
	  a_singleton_tells_its_start_once_and_its_end,
	  an_env_file_is_read_at_every_start,
	  a_bad_env_file_is_a_failed_start_that_names_the_line,
	  limits_mask_and_nice_hold, a_limit_it_may_not_have_is_told)
