#include "io/lines.h"

static size_t until_end(struct text data)
{
	size_t len = 0;

	while (len < data.len && data.at[len] != '\n' && data.at[len] != '\r')
		len++;
	return len;
}

static void keep(struct lines *lines, struct text data)
{
	size_t room = sizeof(lines->part) - lines->len;
	size_t len = data.len < room ? data.len : room;

	if (len > 0)
		memcpy(lines->part + lines->len, data.at, len);
	lines->len += len;
}

void lines_feed(struct lines *lines, struct text data, lines_fn *fn, void *arg)
{
	while (data.len > 0) {
		struct text line = { data.at, until_end(data) };

		if (line.len == data.len) {
			keep(lines, line);
			return;
		}
		if (lines->len > 0) {
			keep(lines, line);
			lines_end(lines, fn, arg);
		} else if (line.len > 0) {
			fn(arg, text_cut(line, LINES_LEN_MAX));
		}
		data.at += line.len + 1;
		data.len -= line.len + 1;
	}
}

void lines_end(struct lines *lines, lines_fn *fn, void *arg)
{
	struct text line = { lines->part, lines->len };

	lines->len = 0;
	if (line.len > 0)
		fn(arg, line);
}
