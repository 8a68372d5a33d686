#define _GNU_SOURCE
#include "io/conffile_report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "io/log.h"

#define LINE_SHOWN_MAX 160 /* bytes of a source line */

void conffile_report_fini(struct conffile_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		free(report->at[i].what);
	free(report->at);
	*report = (struct conffile_report){ 0 };
}

void conffile_report_add(struct conffile_report *report,
			 const struct conffile_source *source, unsigned line,
			 const char *format, ...)
{
	struct conffile_mistake *mistake;
	va_list args;
	int len;

	report->all_count++;
	if (report->count == CONFFILE_MISTAKES_MAX)
		return;
	if (report->at == NULL)
		report->at = calloc(CONFFILE_MISTAKES_MAX, sizeof(*mistake));
	if (report->at == NULL)
		return;
	mistake = &report->at[report->count];
	mistake->source = source;
	mistake->line = line;
	mistake->number = report->count;
	va_start(args, format);
	len = vasprintf(&mistake->what, format, args);
	va_end(args);
	if (len >= 0)
		report->count++;
}

void conffile_report_add_mild(struct conffile_report *report,
			      const struct conffile_source *source,
			      unsigned line, const char *what)
{
	size_t before = report->count;

	conffile_report_add(report, source, line, "%s", what);
	if (report->count > before)
		report->at[before].mild = true;
}

static int compare(const void *a, const void *b)
{
	const struct conffile_mistake *x = a;
	const struct conffile_mistake *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* A file may hold anything; a terminal should see text only. */
static void put_plain(struct text text, FILE *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c == '\t')
			fputc(' ', out);
		else
			fputc(c < ' ' || c == 0x7f ? '?' : c, out);
	}
}

static void begin_line(FILE *out)
{
	if (out == stderr)
		fputs(log_prefix(LOG_LEVEL_ERR), out);
}

static void put_source_line(const struct conffile_mistake *mistake, FILE *out)
{
	struct text line = conffile_source_line(mistake->source, mistake->line);
	struct text shown;

	while (line.len > 0 && (*line.at == ' ' || *line.at == '\t')) {
		line.at++;
		line.len--;
	}
	if (line.len == 0)
		return;
	shown = text_cut(line, LINE_SHOWN_MAX);
	begin_line(out);
	fprintf(out, "%6u | ", mistake->line);
	put_plain(shown, out);
	fputs(shown.len < line.len ? "...\n" : "\n", out);
}

/* "http.listen: " */
static size_t setting_len(const char *what)
{
	const char *end = strstr(what, ": ");

	return end != NULL ? (size_t)(end - what) + 2 : 0;
}

static bool is_told_better(const struct conffile_report *report, size_t index)
{
	const struct conffile_mistake *mistake = &report->at[index];
	size_t len = setting_len(mistake->what);

	for (size_t i = 0; mistake->mild && i < report->count; i++) {
		const struct conffile_mistake *other = &report->at[i];

		if (!other->mild && other->source == mistake->source &&
		    other->line == mistake->line && len > 0 &&
		    strncmp(other->what, mistake->what, len) == 0)
			return true;
	}
	return false;
}

void conffile_report_print(struct conffile_report *report, FILE *out)
{
	if (report->count > 1)
		qsort(report->at, report->count, sizeof(*report->at), compare);
	for (size_t i = 0; i < report->count; i++) {
		const struct conffile_mistake *mistake = &report->at[i];

		if (is_told_better(report, i))
			continue;
		begin_line(out);
		put_plain(text_of(mistake->source->path), out);
		if (mistake->line != 0)
			fprintf(out, ":%u", mistake->line);
		fputs(": error: ", out);
		put_plain(text_of(mistake->what), out);
		fputc('\n', out);
		put_source_line(mistake, out);
	}
	if (report->all_count == report->count)
		return;
	begin_line(out);
	fprintf(out, "... and %zu more errors\n",
		report->all_count - report->count);
}
