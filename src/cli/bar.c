#define _GNU_SOURCE
#include "cli/bar.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/line.h"

#define WIDTH_DEFAULT 80
#define LABEL_MAX     20   /* columns */
#define LINE_GAP_MS   500  /* lines of a log are at least that far apart … */
#define LINE_EVERY_MS 5000 /* … and come that often while anything changes, */
#define LINE_PERCENT  10.0 /* or when it went on that far */

#define COLOR_BAR  "\033[36m"
#define COLOR_DIM  "\033[2m"
#define COLOR_NOTE "\033[33m"
#define COLOR_OFF  "\033[0m"

static unsigned bar_width(unsigned width)
{
	if (width >= 100)
		return 32;
	if (width >= 72)
		return 24;
	if (width >= 48)
		return 14;
	return width >= 24 ? 8 : 0;
}

/* Eighths of column COLUMN that are filled. */
static unsigned filled(const struct bar_state *state, unsigned width,
		       unsigned column)
{
	double eighths;

	if (state->percent < 0) {
		/* A block of three that goes to and fro. */
		unsigned way = width > 3 ? width - 3 : 1;
		unsigned at = state->frame % (2 * way);

		if (strcmp(state->state, "processing") != 0 || state->high > 0)
			return 0;
		if (at > way)
			at = 2 * way - at;
		return column >= at && column < at + 3 ? 8 : 0;
	}
	eighths = state->percent / 100 * width * 8 - column * 8.0;
	return eighths >= 8 ? 8 : eighths <= 0 ? 0 : (unsigned)eighths;
}

static void line_bar(struct line *line, const struct bar_state *state,
		     unsigned width)
{
	static const char *const blocks[] = {
		"\u2591", "\u258f", "\u258e", "\u258d", "\u258c",
		"\u258b", "\u258a", "\u2589", "\u2588",
	};

	if (!line->look->unicode)
		out_char(&line->out, '[');
	line_color(line, COLOR_BAR);
	for (unsigned i = 0; i < width; i++) {
		unsigned eighths = filled(state, width, i);
		bool was = eighths == 0 && i + 0.5 < state->high / 100 * width;

		if (line->look->unicode)
			out_string(&line->out,
				   was ? "\u2592" : blocks[eighths]);
		else
			out_char(&line->out, eighths >= 4 ? '#'
					     : was	  ? '='
							  : '.');
	}
	line_color(line, COLOR_OFF);
	if (!line->look->unicode)
		out_char(&line->out, ']');
	width += line->look->unicode ? 0 : 2;
	line->used += width;
	line->room -= width;
}

/* 0:07, 12:34, 1:02:03 */
static void out_duration(struct out *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s >= 3600) {
		out_i64(out, s / 3600);
		out_string(out, s / 60 % 60 < 10 ? ":0" : ":");
	}
	out_i64(out, s >= 3600 ? s / 60 % 60 : s / 60);
	out_string(out, s % 60 < 10 ? ":0" : ":");
	out_i64(out, s % 60);
}

/* "0:12, 0:17 left" */
static void times_text(const struct bar_state *state, char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);

	if (state->elapsed_ms >= 0)
		out_duration(&out, state->elapsed_ms);
	if (state->left_ms >= 0) {
		out_string(&out, state->elapsed_ms >= 0 ? ", " : "");
		out_duration(&out, state->left_ms);
		out_string(&out, " left");
	}
	out_end(&out);
}

/* What the line says: the message, or what stands in for it. */
static const char *plain_words(const struct bar_state *state)
{
	if (*state->note != '\0')
		return state->note;
	if (*state->message != '\0')
		return state->message;
	if (strcmp(state->state, "pending") == 0)
		return state->attempt > 0 ? "goes on in a moment"
					  : "waiting for its turn";
	return state->percent < 0 ? state->state : "";
}

/* The same with the attempt, unless it is the first, to BUF. */
static const char *words_of(const struct bar_state *state, char *buf,
			    size_t cap)
{
	const char *words = plain_words(state);
	struct out out = out_init(buf, cap);

	if (state->attempt < 2 || *state->note != '\0' ||
	    strcmp(state->state, "processing") != 0)
		return words;
	out_string(&out, "attempt ");
	out_i64(&out, state->attempt);
	if (*words != '\0' && words != state->state) {
		out_string(&out, ", ");
		out_text(&out, text_cut(text_of(words), cap - 32));
	}
	return out_end(&out) == 0 ? buf : words;
}

unsigned bar_format(const struct line_look *look, const struct bar_state *state,
		    char *buf, size_t cap)
{
	unsigned width = look->width > 1 ? look->width - 1 : 1;
	unsigned bar = bar_width(width);
	struct line line = { .out = out_init(buf, cap),
			     .look = look,
			     .room = width };
	char times[64];
	char percent[8] = "    ";
	char buf_words[BAR_LINE_MAX];
	const char *words = words_of(state, buf_words, sizeof(buf_words));

	if (width >= 48) {
		line_text(&line, state->label, LABEL_MAX);
		line_gap(&line, 2);
	}
	if (bar > 0)
		line_bar(&line, state, bar);
	if (state->percent >= 0)
		snprintf(percent, sizeof(percent), "%3d%%",
			 state->percent > 100 ? 100 : (int)state->percent);
	line_gap(&line, bar > 0);
	line_text(&line, percent, 4);
	times_text(state, times, sizeof(times));
	if (line_columns(times) + 2 <= line.room && *times != '\0') {
		line_gap(&line, 2);
		line_color(&line, COLOR_DIM);
		line_text(&line, times, line.room);
		line_color(&line, COLOR_OFF);
	}
	if (*words != '\0' && line.room > 4) {
		line_gap(&line, 2);
		line_color(&line, *state->note != '\0' ? COLOR_NOTE : "");
		line_text(&line, words, line.room);
		line_color(&line, *state->note != '\0' ? COLOR_OFF : "");
	}
	out_end(&line.out);
	return line.used;
}

void bar_format_plain(const struct bar_state *state, char *buf, size_t cap)
{
	struct line_look look = { .unicode = true };
	struct line line = { .out = out_init(buf, cap),
			     .look = &look,
			     .room = 1000 };
	char times[64];
	char buf_words[BAR_LINE_MAX];
	const char *words = words_of(state, buf_words, sizeof(buf_words));

	line_text(&line, state->label, 100);
	out_string(&line.out, ": ");
	if (state->percent >= 0) {
		out_u64(&line.out, (uint64_t)state->percent);
		out_string(&line.out, *words != '\0' ? "% " : "%");
	}
	line_text(&line, words, 500);
	times_text(state, times, sizeof(times));
	if (*times != '\0') {
		out_string(&line.out, " (");
		out_string(&line.out, times);
		out_string(&line.out, ")");
	}
	out_end(&line.out);
}

static bool says_utf8(void)
{
	const char *locale = getenv("LC_ALL");

	if (locale == NULL || *locale == '\0')
		locale = getenv("LC_CTYPE");
	if (locale == NULL || *locale == '\0')
		locale = getenv("LANG");
	return locale != NULL && (strstr(locale, "UTF-8") != NULL ||
				  strstr(locale, "utf8") != NULL ||
				  strstr(locale, "utf-8") != NULL);
}

void bar_open(struct bar *bar, FILE *file, bool no_color)
{
	const char *term = getenv("TERM");
	const char *plain = getenv("NO_COLOR");

	*bar = (struct bar){ .file = file, .last_percent = -1 };
	bar->live = isatty(fileno(file)) && term != NULL &&
		    strcmp(term, "dumb") != 0;
	bar->look.unicode = says_utf8();
	bar->look.color =
		bar->live && !no_color && (plain == NULL || *plain == '\0');
}

/* The terminal may have been resized. */
static unsigned terminal_width(FILE *file)
{
	struct winsize size;

	if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

static bool is_worth_a_line(const struct bar *bar,
			    const struct bar_state *state, const char *line,
			    int64_t now_ms)
{
	int64_t since_ms = now_ms - bar->last_ms;

	if (!bar->drawn || strcmp(state->state, bar->last_state) != 0 ||
	    bar->last_noted != (*state->note != '\0'))
		return true;
	if (strcmp(line, bar->last_line) == 0)
		return false;
	return since_ms >= LINE_EVERY_MS ||
	       (since_ms >= LINE_GAP_MS &&
		state->percent >= bar->last_percent + LINE_PERCENT);
}

static void show_plain(struct bar *bar, const struct bar_state *state,
		       int64_t now_ms)
{
	char line[BAR_LINE_MAX];

	bar_format_plain(state, line, sizeof(line));
	if (!is_worth_a_line(bar, state, line, now_ms))
		return;
	fprintf(bar->file, "%s\n", line);
	fflush(bar->file);
	bar->drawn = true;
	bar->last_ms = now_ms;
	bar->last_percent = state->percent;
	bar->last_noted = *state->note != '\0';
	text_copy(text_of(state->state), bar->last_state,
		  sizeof(bar->last_state));
	text_copy(text_of(line), bar->last_line, sizeof(bar->last_line));
}

void bar_show(struct bar *bar, const struct bar_state *state, int64_t now_ms)
{
	char line[BAR_LINE_MAX];

	if (!bar->live) {
		show_plain(bar, state, now_ms);
		return;
	}
	bar->look.width = terminal_width(bar->file);
	bar_format(&bar->look, state, line, sizeof(line));
	fprintf(bar->file, "\r%s\033[K", line);
	fflush(bar->file);
	bar->drawn = true;
}

void bar_clear(struct bar *bar)
{
	if (bar->live && bar->drawn)
		fputs("\r\033[K", bar->file);
	bar->drawn = false;
}

void bar_keep(struct bar *bar)
{
	if (bar->live && bar->drawn)
		fputc('\n', bar->file);
	bar->drawn = false;
}
