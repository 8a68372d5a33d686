#define _GNU_SOURCE
#include "io/unitlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define WALL_MS INT64_C(1795237984123) /* 2026-11-21T05:13:04.123Z */

static struct unitlog unitlog;
static char dir[TMP_DIR_MAX];
static char to[TMP_DIR_MAX + 16];
static char tail[TMP_DIR_MAX + 16];
static char read_buf[1 << 20];

static const char *contents(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd == -1)
		return NULL;
	len = read(fd, read_buf, sizeof(read_buf) - 1);
	close(fd);
	read_buf[len > 0 ? len : 0] = '\0';
	return read_buf;
}

static const char *file(const char *ending)
{
	static char path[TMP_DIR_MAX + 32];

	snprintf(path, sizeof(path), "%s/web.log%s", dir, ending);
	return path;
}

static void set_up(uint64_t rotate, uint32_t keep)
{
	struct unitlog_setup setup = { .name = "web",
				       .to = to,
				       .rotate = rotate,
				       .keep = keep,
				       .tail = tail };

	tmp_dir(dir, "unitlog");
	snprintf(to, sizeof(to), "file:%s/web.log", dir);
	snprintf(tail, sizeof(tail), "%s/tail", dir);
	memset(&unitlog, 0, sizeof(unitlog));
	unitlog_open(&unitlog, &setup, 0);
	unitlog_of(&unitlog, 42);
}

static void tear_down(void)
{
	unitlog_close(&unitlog);
	tmp_dir_remove(dir);
}

static void say(const char *line)
{
	unitlog_line(&unitlog, text_of(line), false, 0, WALL_MS);
	unitlog_flush(&unitlog, 0, WALL_MS);
}

START_TEST(a_line_is_named_stamped_and_tidy)
{
	set_up(1 << 20, 1);
	say("hello\033[31m world\x01");
	ck_assert_str_eq(contents(file("")),
			 "2026-11-21T05:13:04.123Z web[42]: hello world\n");
	ck_assert_str_eq(contents(tail),
			 "2026-11-21T05:13:04.123Z web[42]: hello world\n");
	ck_assert_uint_eq(unitlog.lines, 1);
	tear_down();
}
END_TEST

START_TEST(a_full_file_makes_room_and_so_many_old_ones_stay)
{
	/* A line takes 38 bytes; two fit. */
	set_up(80, 2);
	say("1.");
	say("2.");
	ck_assert_ptr_null(contents(file(".1")));
	for (int i = 3; i < 9; i++)
		say(i % 2 ? "odd" : "even");
	ck_assert_ptr_nonnull(contents(file(".1")));
	ck_assert_ptr_nonnull(contents(file(".2")));
	ck_assert_ptr_null(contents(file(".3")));
	ck_assert_ptr_nonnull(strstr(contents(file("")), "even"));
	tear_down();
}
END_TEST

START_TEST(somebody_else_may_move_it_away)
{
	set_up(1 << 20, 1);
	say("before");
	ck_assert_int_eq(rename(file(""), "/dev/null/x"), -1);
	ck_assert_int_eq(unlink(file("")), 0);
	say("nobody sees this");
	unitlog_reopen(&unitlog);
	say("after");
	ck_assert_ptr_nonnull(strstr(contents(file("")), "after"));
	ck_assert_ptr_null(strstr(contents(file("")), "nobody"));
	tear_down();
}
END_TEST

START_TEST(what_cannot_be_written_is_counted_and_goes_on_later)
{
	set_up(1 << 20, 1);
	close(unitlog.file);
	unitlog.file = open("/dev/full", O_WRONLY);
	say("lost");
	ck_assert_uint_eq(unitlog.dropped, 1);
	unitlog_reopen(&unitlog);
	say("kept");
	ck_assert_ptr_nonnull(strstr(contents(file("")), "kept"));
	ck_assert_ptr_nonnull(strstr(contents(tail), "(1 lines dropped)"));
	tear_down();
}
END_TEST

START_TEST(a_flood_is_bounded_and_told)
{
	char words[64];

	set_up(1 << 30, 1);
	for (int i = 0; i < 3 * UNITLOG_BURST; i++)
		unitlog_line(&unitlog, text_of("y"), false, 0, WALL_MS);
	unitlog_flush(&unitlog, 0, WALL_MS);
	ck_assert_uint_eq(unitlog.dropped, 2 * UNITLOG_BURST);
	ck_assert_uint_eq(unitlog.lines, UNITLOG_BURST + 1);
	snprintf(words, sizeof(words), "(%d lines dropped)", 2 * UNITLOG_BURST);
	ck_assert_ptr_nonnull(strstr(contents(tail), words));
	tear_down();
}
END_TEST

START_TEST(the_tail_stays_small)
{
	struct stat st;
	char old[TMP_DIR_MAX + 32];

	set_up(1 << 30, 1);
	for (int i = 0; i < 5000; i++)
		say("a line of some length, to fill the tail");
	ck_assert_int_eq(stat(tail, &st), 0);
	ck_assert_int_le(st.st_size, UNITLOG_TAIL_MAX);
	snprintf(old, sizeof(old), "%s.1", tail);
	ck_assert_int_eq(stat(old, &st), 0);
	ck_assert_int_le(st.st_size, UNITLOG_TAIL_MAX);
	tear_down();
}
END_TEST

TEST_MAIN("unitlog", a_line_is_named_stamped_and_tidy,
	  a_full_file_makes_room_and_so_many_old_ones_stay,
	  somebody_else_may_move_it_away,
	  what_cannot_be_written_is_counted_and_goes_on_later,
	  a_flood_is_bounded_and_told, the_tail_stays_small)
