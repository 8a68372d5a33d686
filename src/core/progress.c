#include "core/progress.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip(struct text *text, size_t len)
{
	text->at += len;
	text->len -= len;
}

static void skip_blanks(struct text *text)
{
	while (text->len > 0 && is_blank(text->at[0]))
		skip(text, 1);
}

/* Takes a decimal number off LINE, in hundredths, further digits cut off.
 * False when there is none or its whole part passes 100.
 */
static bool take_percent(struct text *line, int32_t *percent)
{
	int32_t place = 10;
	int32_t sum = 0;
	size_t len = 0;

	for (; len < line->len && is_digit(line->at[len]); len++) {
		sum = sum * 10 + (line->at[len] - '0');
		if (sum > 100)
			return false;
	}
	if (len == 0)
		return false;
	sum *= 100;
	skip(line, len);
	if (line->len > 0 && line->at[0] == '.') {
		skip(line, 1);
		for (; line->len > 0 && is_digit(line->at[0]); place /= 10) {
			sum += place * (line->at[0] - '0');
			skip(line, 1);
		}
	}
	/* What rounds to a little above is the whole. */
	*percent = sum > PROGRESS_WHOLE ? PROGRESS_WHOLE : sum;
	return true;
}

bool progress_parse(struct text line, struct progress *progress)
{
	skip_blanks(&line);
	if (!take_percent(&line, &progress->percent))
		return false;
	if (line.len > 0 && line.at[0] == '%')
		skip(&line, 1);
	if (line.len > 0 && !is_blank(line.at[0]))
		return false;
	skip_blanks(&line);
	progress->message = line;
	return true;
}

/* Is the line NAME=…?  Then VALUE is what follows. */
static bool is_named(struct text line, const char *name, struct text *value)
{
	struct text wanted = text_of(name);

	if (line.len <= wanted.len || line.at[wanted.len] != '=' ||
	    memcmp(line.at, wanted.at, wanted.len) != 0)
		return false;
	skip(&line, wanted.len + 1);
	*value = line;
	return true;
}

static void take_line(struct text line, struct notice *notice)
{
	struct text value;

	if (is_named(line, "READY", &value)) {
		notice->ready = text_is(value, "1");
	} else if (is_named(line, "WATCHDOG", &value)) {
		notice->watchdog = text_is(value, "1");
		notice->failing = text_is(value, "trigger");
	} else if (is_named(line, "STOPPING", &value)) {
		notice->stopping = text_is(value, "1");
	} else if (is_named(line, "STATUS", &value)) {
		notice->has_status = true;
		notice->status = value;
	} else if (is_named(line, "X_HOLDFAST_ADDRESS", &value)) {
		notice->has_address = true;
		notice->address = value;
	} else if (is_named(line, "X_HOLDFAST_PROGRESS", &value)) {
		if (progress_parse(value, &notice->progress))
			notice->has_progress = true;
	}
}

void notice_parse(struct text datagram, struct notice *notice)
{
	*notice = (struct notice){ 0 };
	while (datagram.len > 0) {
		const char *end = memchr(datagram.at, '\n', datagram.len);
		struct text line = datagram;

		if (end != NULL)
			line.len = (size_t)(end - datagram.at);
		take_line(line, notice);
		skip(&datagram, end != NULL ? line.len + 1 : line.len);
	}
}
