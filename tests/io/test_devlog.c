#define _GNU_SOURCE
#include "io/devlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/config.h"
#include "io/unitlog.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define WALL_MS INT64_C(1795237984123) /* 2026-11-21T05:13:04.123Z */
#define MANY	200		       /* more than a socket holds */

static char dir[TMP_DIR_MAX];
static char path[108]; /* as a socket's may be */
static struct devlog devlog;
static struct unitlog unitlog;
static int daemon_fd = -1;
static char got[DEVLOG_LINE_MAX + 1];

static void start_daemon(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	unlink(path);
	memcpy(address.sun_path, path, strlen(path));
	daemon_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(daemon_fd, (struct sockaddr *)&address, sizeof(address)),
		0);
}

static void stop_daemon(void)
{
	close(daemon_fd);
	daemon_fd = -1;
}

/* The next line the daemon got, "" for none. */
static const char *heard(void)
{
	ssize_t len = recv(daemon_fd, got, sizeof(got) - 1, 0);

	got[len > 0 ? len : 0] = '\0';
	return got;
}

static void set_up(void)
{
	setenv("TZ", "UTC", 1);
	tmp_dir(dir, "devlog");
	snprintf(path, sizeof(path), "%s/log", dir);
	devlog_open(&devlog, path);
}

static void tear_down(void)
{
	if (daemon_fd != -1)
		stop_daemon();
	devlog_close(&devlog);
	unlink(path);
	rmdir(dir);
}

static int send_line(const char *text, int64_t now_ms)
{
	struct devlog_line line = { .severity = DEVLOG_WARNING,
				    .tag = "web",
				    .pid = 42,
				    .text = text_of(text) };

	return devlog_send(&devlog, &line, now_ms, WALL_MS);
}

START_TEST(a_line_looks_as_syslog_writes_it)
{
	struct tm when = { .tm_mon = 1, .tm_mday = 3, .tm_hour = 4 };
	struct devlog_line line = { .severity = DEVLOG_ERR,
				    .tag = "web",
				    .pid = 7,
				    .text = text_of("no disk") };
	char buf[128];
	size_t len = devlog_format(buf, sizeof(buf), &line, &when);

	buf[len] = '\0';
	ck_assert_str_eq(buf, "<27>Feb  3 04:00:00 web[7]: no disk");
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	struct tm when = { .tm_mday = 1 };
	static char text[2 * DEVLOG_LINE_MAX];
	static char buf[DEVLOG_LINE_MAX];
	struct devlog_line line = { .tag = "web", .text = { text, 0 } };

	memset(text, 'x', sizeof(text));
	line.text.len = sizeof(text);
	ck_assert_uint_eq(devlog_format(buf, sizeof(buf), &line, &when),
			  sizeof(buf) - 1);
}
END_TEST

START_TEST(the_daemon_gets_it)
{
	set_up();
	start_daemon();
	ck_assert_int_eq(send_line("hello", 0), 0);
	ck_assert_str_eq(heard(), "<28>Nov 21 05:13:04 web[42]: hello");
	tear_down();
}
END_TEST

START_TEST(without_a_daemon_one_hears_why_and_later_it_is_found)
{
	set_up();
	ck_assert_int_eq(send_line("one", 0), -ENOENT);
	start_daemon();
	/* Not looked for at every line. */
	ck_assert_int_eq(send_line("two", 10), -ENOENT);
	ck_assert_int_eq(send_line("three", 1000), 0);
	ck_assert_ptr_nonnull(strstr(heard(), "three"));
	tear_down();
}
END_TEST

START_TEST(a_daemon_started_anew_gets_the_very_next_line)
{
	set_up();
	start_daemon();
	ck_assert_int_eq(send_line("one", 0), 0);
	stop_daemon();
	start_daemon();
	ck_assert_int_eq(send_line("two", 0), 0);
	ck_assert_ptr_nonnull(strstr(heard(), "two"));
	tear_down();
}
END_TEST

START_TEST(a_daemon_that_does_not_read_holds_nobody_up)
{
	int rc = 0;

	set_up();
	start_daemon();
	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = send_line("hello", 0);
	ck_assert_int_eq(rc, -EAGAIN);
	tear_down();
}
END_TEST

/* ---- what units say ---- */

static void open_unitlog(const char *to)
{
	struct unitlog_setup setup = {
		.name = "web", .to = to, .tail = "", .devlog = path
	};

	memset(&unitlog, 0, sizeof(unitlog));
	unitlog_open(&unitlog, &setup, 0);
	unitlog_of(&unitlog, 42);
}

static void say(const char *text, int64_t now_ms)
{
	unitlog_line(&unitlog, text_of(text), false, now_ms, WALL_MS);
	unitlog_flush(&unitlog, now_ms, WALL_MS);
}

START_TEST(a_burst_waits_until_the_daemon_has_caught_up)
{
	char text[32];
	int64_t now_ms = 0;

	set_up();
	start_daemon();
	open_unitlog("syslog");
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "line %d.", i);
		say(text, 0);
	}
	ck_assert_int_ne(unitlog_deadline(&unitlog), DEVQUEUE_NO_DEADLINE);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "web[42]: line %d.", i);
		while (heard()[0] == '\0') {
			now_ms = unitlog_deadline(&unitlog);
			ck_assert_int_ne(now_ms, DEVQUEUE_NO_DEADLINE);
			unitlog_flush(&unitlog, now_ms, WALL_MS);
		}
		ck_assert_ptr_nonnull(strstr(got, text));
	}
	ck_assert_int_eq(unitlog_deadline(&unitlog), DEVQUEUE_NO_DEADLINE);
	ck_assert_uint_eq(unitlog.dropped, 0);
	unitlog_close(&unitlog);
	tear_down();
}
END_TEST

START_TEST(what_is_too_much_is_dropped_counted_and_said)
{
	uint64_t heard_lines = 0;
	uint64_t told = 0;
	unsigned n;

	set_up();
	start_daemon();
	open_unitlog("syslog");
	while (unitlog.dropped < 100)
		say("a line that is rather long, as lines of programs go", 0);
	for (int64_t now_ms = 0; told < 100; now_ms += 600) {
		ck_assert_int_lt(now_ms, 10000000);
		unitlog_flush(&unitlog, now_ms, WALL_MS);
		for (; heard()[0] != '\0'; heard_lines++)
			if (sscanf(got, "%*[^(](%u lines dropped)", &n) == 1)
				told += n;
	}
	ck_assert_uint_eq(told, 100);
	ck_assert_uint_eq(unitlog.dropped, 100);
	ck_assert_uint_eq(heard_lines, unitlog.lines);
	unitlog_close(&unitlog);
	tear_down();
}
END_TEST

/* Calls ACT with stderr in a file; what it has. */
static const char *stderr_of(void (*act)(void))
{
	static char text[4096];
	int before = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	ssize_t len;

	ck_assert_ptr_nonnull(file);
	dup2(fileno(file), STDERR_FILENO);
	act();
	dup2(before, STDERR_FILENO);
	close(before);
	len = pread(fileno(file), text, sizeof(text) - 1, 0);
	fclose(file);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void say_twice(void)
{
	open_unitlog("syslog");
	say("one", 0);
	say("two", 0);
}

START_TEST(without_a_daemon_stderr_has_the_lines_and_it_is_said_once)
{
	const char *text;
	const char *told;

	set_up();
	text = stderr_of(say_twice);
	told = strstr(text, "cannot reach the log daemon");
	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_null(strstr(told + 1, "cannot reach"));
	ck_assert_ptr_nonnull(strstr(text, "Z web[42]: one\n"));
	ck_assert_ptr_nonnull(strstr(text, "Z web[42]: two\n"));
	start_daemon();
	say("three", 1000);
	ck_assert_ptr_nonnull(strstr(heard(), "web[42]: three"));
	unitlog_close(&unitlog);
	tear_down();
}
END_TEST

static void say_prefixed(void)
{
	open_unitlog("stderr");
	unitlog.setup.prefixed = true;
	say("hello", 0);
	unitlog.setup.format = LOG_JSON;
	say("hello", 0);
	unitlog_close(&unitlog);
}

START_TEST(the_journal_learns_the_severity_and_stamps_lines_itself)
{
	const char *text;

	set_up();
	text = stderr_of(say_prefixed);
	ck_assert_ptr_eq(strstr(text, "<6>web[42]: hello\n<6>{\"time\":"),
			 text);
	tear_down();
}
END_TEST

TEST_MAIN("devlog", a_line_looks_as_syslog_writes_it, a_long_line_is_cut,
	  the_daemon_gets_it,
	  without_a_daemon_one_hears_why_and_later_it_is_found,
	  a_daemon_started_anew_gets_the_very_next_line,
	  a_daemon_that_does_not_read_holds_nobody_up,
	  a_burst_waits_until_the_daemon_has_caught_up,
	  what_is_too_much_is_dropped_counted_and_said,
	  without_a_daemon_stderr_has_the_lines_and_it_is_said_once,
	  the_journal_learns_the_severity_and_stamps_lines_itself)
