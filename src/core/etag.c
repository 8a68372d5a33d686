#include "core/etag.h"

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
