/* Is a unit ready, is it alive: what it says of itself. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/io/keep_stand.h"

#define UNTIL_GO "until [ -e go ]; do sleep 0.01; done; "

static void touch(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

/* It would have happened by now. */
static void let_pass(void)
{
	usleep(60000);
}

/* ---- ready ---- */

START_TEST(who_says_nothing_of_it_is_ready_at_once)
{
	struct spec spec = service("exec sleep 1000");

	set_up();
	start(&spec);
	await_life(LIFE_READY);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	ck_assert_ptr_null(next_event(EVENT_UNIT_READY));
	tear_down();
}
END_TEST

START_TEST(notify_awaits_the_word_in_every_run)
{
	struct spec spec = service(UNTIL_GO "rm go; exit 3");

	set_up();
	spec.ready = READY_NOTIFY;
	start(&spec);
	await_starts(1);
	notify("STATUS=loading\nMAINPID=1");
	AWAIT(strcmp(text_of_board(&unit->status), "loading") == 0);
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	notify("READY=1\nX_HOLDFAST_ADDRESS=tcp://10.0.0.1:80\n");
	await_life(LIFE_READY);
	ck_assert_str_eq(text_of_board(&unit->address), "tcp://10.0.0.1:80");
	ck_assert_ptr_nonnull(next_event(EVENT_UNIT_READY));
	touch("go");
	await_starts(2);
	let_pass();
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	ck_assert_str_eq(text_of_board(&unit->status), "");
	ck_assert_str_eq(text_of_board(&unit->address), "");
	notify("READY=1");
	await_life(LIFE_READY);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(a_line_on_the_descriptor_is_the_word)
{
	struct spec spec = service("printf loading >&5; " UNTIL_GO
				   "echo >&5; exec 5>&-; exec sleep 1000");

	set_up();
	spec.ready = READY_FD;
	spec.ready_value = 5;
	start(&spec);
	await_starts(1);
	let_pass();
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	touch("go");
	await_life(LIFE_READY);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(every_number_will_do_for_the_descriptor)
{
	for (int number = 3; number < 40; number++) {
		char line[160];
		struct spec spec = service(line);

		snprintf(line, sizeof(line),
			 "ls /proc/self/fd | sort -n | tr '\\n' ' ' >fds; "
			 "echo >/proc/self/fd/%d; exec sleep 1000",
			 number);
		set_up();
		spec.ready = READY_FD;
		spec.ready_value = number;
		start(&spec);
		await_life(LIFE_READY);
		/* ls reads the directory by the lowest free one. */
		snprintf(line, sizeof(line), "0 1 2 3 %d ",
			 number == 3 ? 4 : number);
		ck_assert_str_eq(contents("fds"), line);
		ck_assert_int_eq(stop(), HOW_STOPPED);
		tear_down();
	}
}
END_TEST

START_TEST(a_closed_descriptor_is_no_word)
{
	struct spec spec = service("exec 5>&-; exec sleep 1000");

	set_up();
	spec.ready = READY_FD;
	spec.ready_value = 5;
	start(&spec);
	await_starts(1);
	let_pass();
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(a_duration_is_waited_for)
{
	struct spec spec = service("exec sleep 1000");
	int64_t begin_ms = clock_ms();

	set_up();
	spec.ready = READY_AFTER;
	spec.ready_value = 1000;
	start(&spec);
	await_starts(1);
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	await_life(LIFE_READY);
	ck_assert_int_ge(clock_ms() - begin_ms, 1000);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

/* A socket that does not listen yet; -1 when there is no such address. */
static int bind_any(int family, uint16_t *port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_addr = in6addr_loopback };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	bool is_v6 = family == AF_INET6;
	struct sockaddr *address = (struct sockaddr *)&in4;
	socklen_t len = sizeof(in4);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (is_v6) {
		address = (struct sockaddr *)&in6;
		len = sizeof(in6);
	}
	if (fd == -1 || bind(fd, address, len) == -1 ||
	    getsockname(fd, address, &len) == -1) {
		close(fd);
		return -1;
	}
	*port = ntohs(is_v6 ? in6.sin6_port : in4.sin_port);
	return fd;
}

static void check_tcp(int family, const char *before)
{
	struct spec spec = service("exec sleep 1000");
	char place[64];
	uint16_t port = 0;
	int fd = bind_any(family, &port);

	if (fd == -1)
		return;
	set_up();
	snprintf(place, sizeof(place), "%s%u", before, (unsigned)port);
	spec.ready = READY_TCP;
	spec.ready_tcp = place;
	start(&spec);
	await_starts(1);
	let_pass();
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	ck_assert_int_eq(listen(fd, 5), 0);
	await_life(LIFE_READY);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	close(fd);
	tear_down();
}

START_TEST(a_port_that_answers_is_the_word)
{
	check_tcp(AF_INET, "");
	check_tcp(AF_INET, "localhost:");
	check_tcp(AF_INET, "127.0.0.1:");
	check_tcp(AF_INET6, "");
	check_tcp(AF_INET6, "[::1]:");
}
END_TEST

/* ---- alive ---- */

START_TEST(silence_is_a_failure)
{
	struct spec spec = service("exec sleep 1000");

	set_up();
	spec.watchdog_ms = 100;
	spec.max_restarts = 1;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_uint_eq(unit->starts, 2);
	ck_assert_int_eq(unit->exit, 128 + SIGABRT);
	ck_assert_str_eq(next_event(EVENT_UNIT_SILENT),
			 "no WATCHDOG=1 in time, sent SIGABRT");
	ck_assert_str_eq(next_event(EVENT_UNIT_EXITED),
			 "no sign of life for 100 ms, restarts at once");
	tear_down();
}
END_TEST

START_TEST(who_withstands_the_abort_is_killed)
{
	struct spec spec =
		service("trap '' ABRT; touch up; kill -STOP $$; sleep 1000");

	set_up();
	spec.watchdog_ms = 100;
	spec.ready = READY_NOTIFY;
	spec.stop_timeout_ms = 50;
	spec.restart = RESTART_TEMPORARY;
	start(&spec);
	AWAIT(exists("up"));
	notify("READY=1");
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_int_eq(unit->exit, 128 + SIGKILL);
	tear_down();
}
END_TEST

START_TEST(signs_of_life_keep_it_up)
{
	struct spec spec = service("exec sleep 1000");

	set_up();
	spec.watchdog_ms = 2000;
	start(&spec);
	await_life(LIFE_READY);
	for (int i = 0; i < 25; i++) {
		notify("WATCHDOG=1");
		usleep(100000);
	}
	ck_assert_uint_eq(unit->starts, 1);
	ck_assert_int_eq(unit->life, LIFE_READY);
	notify("WATCHDOG=trigger");
	await_starts(2);
	ck_assert_int_eq(unit->exit, 128 + SIGABRT);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(the_watchdog_begins_when_it_is_ready)
{
	struct spec spec = service("echo $WATCHDOG_USEC $$ "
				   "$WATCHDOG_PID >out; exec sleep 1000");
	char words[64];

	set_up();
	spec.ready = READY_NOTIFY;
	spec.watchdog_ms = 100;
	start(&spec);
	await_starts(1);
	usleep(200000);
	ck_assert_int_eq(unit->life, LIFE_STARTING);
	ck_assert_uint_eq(unit->starts, 1);
	snprintf(words, sizeof(words), "100000 %d %d\n", (int)unit->pid,
		 (int)unit->pid);
	AWAIT(exists("out") && strcmp(contents("out"), words) == 0);
	notify("READY=1");
	await_starts(2);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(who_says_it_stops_has_as_long_as_if_asked)
{
	struct spec spec = service("exec sleep 1000");

	set_up();
	spec.watchdog_ms = 60000;
	spec.stop_timeout_ms = 50;
	start(&spec);
	await_life(LIFE_READY);
	notify("STOPPING=1");
	await_starts(2);
	ck_assert_int_eq(unit->exit, 128 + SIGKILL);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(what_runs_once_fails_by_silence_too)
{
	struct spec spec;

	token = UINT64_C(0x100000009);
	set_up();
	spec = service("exec sleep 1000");
	spec.kind = UNIT_SINGLETON;
	spec.keep = false;
	spec.watchdog_ms = 100;
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_FAILED);
	ck_assert_int_eq(unit->exit, 128 + SIGABRT);
	ck_assert_str_eq(text_of_board(&unit->words),
			 "no sign of life for 100 ms");
	tear_down();
	token = BOARD_SERVICE_TOKEN | 3;
}
END_TEST

START_TEST(what_is_said_before_the_end_is_heard)
{
	struct spec spec = service("exec sleep 1000");

	set_up();
	start(&spec);
	await_life(LIFE_READY);
	notify("nonsense\n\xff\xfe\nSTATUS=\x1b[1mfine\nREADY=0");
	AWAIT(strcmp(text_of_board(&unit->status), "fine") == 0);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

TEST_MAIN("watch", who_says_nothing_of_it_is_ready_at_once,
	  notify_awaits_the_word_in_every_run,
	  a_line_on_the_descriptor_is_the_word,
	  every_number_will_do_for_the_descriptor,
	  a_closed_descriptor_is_no_word, a_duration_is_waited_for,
	  a_port_that_answers_is_the_word, silence_is_a_failure,
	  who_withstands_the_abort_is_killed, signs_of_life_keep_it_up,
	  the_watchdog_begins_when_it_is_ready,
	  who_says_it_stops_has_as_long_as_if_asked,
	  what_runs_once_fails_by_silence_too,
	  what_is_said_before_the_end_is_heard)
