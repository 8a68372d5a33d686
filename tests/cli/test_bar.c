#define _GNU_SOURCE
#include "cli/bar.h"

#include <string.h>

#include "tests/core/test.h"

static char line[BAR_LINE_MAX];
static const struct line_look ascii = { .width = 80 };
static const struct line_look narrow = { .width = 40, .unicode = true };

static struct bar_state half(void)
{
	return (struct bar_state){
		.label = "archive",
		.state = "processing",
		.message = "packing",
		.note = "",
		.percent = 50,
		.elapsed_ms = 12000,
		.left_ms = 3661000,
	};
}

START_TEST(a_bar_shows_label_percent_times_and_message)
{
	struct bar_state state = half();

	bar_format(&ascii, &state, line, sizeof(line));
	ck_assert_str_eq(line, "archive  [############............]  50%  "
			       "0:12, 1:01:01 left  packing");
}
END_TEST

START_TEST(a_bar_never_fills_the_last_column)
{
	struct bar_state state = half();

	state.message = "a message that is much longer than what is left of "
			"any terminal one would care to open on a desk";
	for (unsigned width = 1; width <= 132; width++) {
		struct line_look look = { .width = width, .unicode = true };

		ck_assert_uint_le(bar_format(&look, &state, line, sizeof(line)),
				  width > 1 ? width - 1 : 1);
	}
}
END_TEST

START_TEST(eighths_of_a_block_make_a_bar_smooth)
{
	struct bar_state state = half();

	state.percent = 50 + 100.0 / 8 / 8 * 3;
	state.elapsed_ms = -1;
	state.left_ms = -1;
	bar_format(&narrow, &state, line, sizeof(line));
	ck_assert_str_eq(line, "████▍░░░  54%  packing");
}
END_TEST

START_TEST(a_job_cannot_steer_the_terminal)
{
	struct bar_state state = half();

	state.message = "\033[2J\x07gone\r\n\xc2\x9b"
			"31m \xe2\x80\xae\xff";
	state.left_ms = -1;
	bar_format(&narrow, &state, line, sizeof(line));
	ck_assert_ptr_nonnull(strstr(line, "[2Jgone31m ?"));
	for (const char *s = line; *s != '\0'; s++)
		ck_assert((unsigned char)*s >= ' ' && *s != 0x7f);
}
END_TEST

START_TEST(wide_characters_take_two_columns)
{
	struct bar_state state = half();
	struct line_look look = { .width = 24, .unicode = true };

	state.percent = -1;
	state.elapsed_ms = -1;
	state.left_ms = -1;
	state.message = "日本語日本語日本語日本語日本語";
	ck_assert_uint_le(bar_format(&look, &state, line, sizeof(line)), 23);
	ck_assert_ptr_nonnull(strstr(line, "日本"));
	ck_assert_ptr_nonnull(strstr(line, "…"));
}
END_TEST

START_TEST(a_bar_shows_what_the_attempt_before_reached)
{
	struct bar_state state = half();

	state.left_ms = -1;
	state.high = 50;
	state.attempt = 1;
	state.state = "pending";
	state.percent = -1;
	state.message = "";
	bar_format(&ascii, &state, line, sizeof(line));
	ck_assert_str_eq(line, "archive  [============............]       0:12"
			       "  goes on in a moment");
	state.state = "processing";
	state.attempt = 2;
	bar_format(&ascii, &state, line, sizeof(line));
	ck_assert_str_eq(line, "archive  [============............]       0:12"
			       "  attempt 2");
	state.percent = 25;
	state.message = "packing";
	bar_format(&ascii, &state, line, sizeof(line));
	ck_assert_str_eq(line, "archive  [######======............]  25%  0:12"
			       "  attempt 2, packing");
}
END_TEST

START_TEST(a_job_that_says_no_percentage_has_a_bar_that_wanders)
{
	struct bar_state state = half();
	char before[BAR_LINE_MAX];

	state.percent = -1;
	bar_format(&ascii, &state, before, sizeof(before));
	state.frame = 1;
	bar_format(&ascii, &state, line, sizeof(line));
	ck_assert_str_ne(line, before);
	ck_assert_ptr_null(strchr(line, '%'));
}
END_TEST

START_TEST(a_waiting_job_says_so_and_a_note_comes_first)
{
	struct bar_state state = half();

	state.state = "pending";
	state.message = "";
	state.percent = -1;
	bar_format_plain(&state, line, sizeof(line));
	ck_assert_str_eq(line,
			 "archive: waiting for its turn (0:12, 1:01:01 left)");
	state.note = "away";
	state.left_ms = -1;
	bar_format_plain(&state, line, sizeof(line));
	ck_assert_str_eq(line, "archive: away (0:12)");
}
END_TEST

START_TEST(a_log_gets_few_lines)
{
	struct bar_state state = half();
	struct bar bar;
	FILE *file = tmpfile();
	unsigned lines = 0;

	ck_assert_ptr_nonnull(file);
	bar_open(&bar, file, false);
	for (int i = 0; i <= 10000; i++) {
		state.percent = i / 100.0;
		bar_show(&bar, &state, i * 2); /* 20 s in all */
	}
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		lines++;
	ck_assert_uint_eq(lines, 11);
	fclose(file);
}
END_TEST

TEST_MAIN("bar", a_bar_shows_label_percent_times_and_message,
	  a_bar_never_fills_the_last_column,
	  eighths_of_a_block_make_a_bar_smooth, a_job_cannot_steer_the_terminal,
	  wide_characters_take_two_columns,
	  a_bar_shows_what_the_attempt_before_reached,
	  a_job_that_says_no_percentage_has_a_bar_that_wanders,
	  a_waiting_job_says_so_and_a_note_comes_first, a_log_gets_few_lines)
