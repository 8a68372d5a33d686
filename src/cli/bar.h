/* bar - how far a job is, on a terminal or in a log.
 *
 * On a terminal one line moves in place; anywhere else whole lines are
 * printed, few of them.  What the job says is shown without its control
 * characters.
 */
#ifndef HOLDFAST_CLI_BAR_H
#define HOLDFAST_CLI_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/line.h"

#define BAR_LINE_MAX 2048 /* bytes */

struct bar_state {
	const char *label;
	const char *state; /* as in the API: "processing" */
	const char *message;
	const char *note;   /* in place of the message; "" = none */
	double percent;	    /* below 0: not known */
	double high;	    /* what an attempt before this one reached, or 0 */
	int attempt;	    /* 1 for the first; 0 before it */
	int64_t elapsed_ms; /* below 0: not known, as left_ms */
	int64_t left_ms;
	unsigned frame; /* grows: moves the bar of an unknown percentage */
};

/* The line that moves, at most look->width - 1 columns, without its end.
 * Returns the columns it takes.
 */
unsigned bar_format(const struct line_look *look, const struct bar_state *state,
		    char *buf, size_t cap);
/* The line of a log, without its end. */
void bar_format_plain(const struct bar_state *state, char *buf, size_t cap);

struct bar {
	FILE *file;
	bool live; /* moves in place */
	bool drawn;
	struct line_look look;
	/* of the last line printed, when not live */
	char last_line[BAR_LINE_MAX];
	char last_state[16];
	bool last_noted;
	double last_percent;
	int64_t last_ms;
};

/* Looks at FILE, TERM, NO_COLOR and the locale. */
void bar_open(struct bar *bar, FILE *file, bool no_color);
void bar_show(struct bar *bar, const struct bar_state *state, int64_t now_ms);
/* Takes the moving line away. */
void bar_clear(struct bar *bar);
/* Leaves the moving line where it is; what follows begins below it. */
void bar_keep(struct bar *bar);

#endif
