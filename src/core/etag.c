#include "core/etag.h"

#include <string.h>

static const char stale_mark[] = "-stale";

static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

/* Takes the next tag, its quotes included and W/ left out, off the front of
 * REST; false at the end or at what is no tag.
 */
static bool next_tag(struct text *rest, struct text *tag)
{
	const char *end;

	while (rest->len > 0 && is_gap(rest->at[0])) {
		rest->at++;
		rest->len--;
	}
	if (rest->len >= 2 && memcmp(rest->at, "W/", 2) == 0) {
		rest->at += 2;
		rest->len -= 2;
	}
	if (rest->len < 2 || rest->at[0] != '"')
		return false;
	end = memchr(rest->at + 1, '"', rest->len - 1);
	if (end == NULL)
		return false;
	*tag = (struct text){ rest->at, (size_t)(end - rest->at) + 1 };
	rest->at += tag->len;
	rest->len -= tag->len;
	return true;
}

bool etag_is_listed(struct text field, struct text tag)
{
	struct text listed;

	if (text_is(field, "*"))
		return true;
	while (next_tag(&field, &listed))
		if (text_equal(listed, tag))
			return true;
	return false;
}

bool etag_allows_range(struct text field, struct text tag)
{
	return field.len == 0 || text_equal(field, tag);
}

void etag_of_version(char *tag, struct version version, bool stale)
{
	struct out out = out_init(tag, ETAG_VERSION_MAX);

	out_char(&out, '"');
	version_out(&out, version);
	if (stale)
		out_string(&out, stale_mark);
	out_char(&out, '"');
	out_end(&out);
}

bool etag_highest(struct text field, struct version *version)
{
	size_t mark = sizeof(stale_mark) - 1;
	struct version listed;
	struct text tag;
	bool found = false;

	while (next_tag(&field, &tag)) {
		tag = (struct text){ tag.at + 1, tag.len - 2 };
		if (tag.len > mark &&
		    memcmp(tag.at + tag.len - mark, stale_mark, mark) == 0)
			tag.len -= mark;
		if (version_parse(tag, &listed) != 0 ||
		    (found && version_compare(listed, *version) <= 0))
			continue;
		*version = listed;
		found = true;
	}
	return found;
}
