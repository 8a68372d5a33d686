#include "core/range.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static struct text trim(struct text text)
{
	while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 &&
	       (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool cut_unit(struct text *field)
{
	static const char unit[] = "bytes=";

	if (field->len < sizeof(unit) - 1)
		return false;
	for (size_t i = 0; i < sizeof(unit) - 1; i++)
		if (lower(field->at[i]) != unit[i])
			return false;
	field->at += sizeof(unit) - 1;
	field->len -= sizeof(unit) - 1;
	return true;
}

/* Digits only; a number too large for us is as good as the largest. */
static bool read_number(struct text text, uint64_t *value)
{
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	if (!text_to_u64(text, UINT64_MAX, value))
		*value = UINT64_MAX;
	return true;
}

/* "-N": the last N bytes. */
static enum range_verdict judge_suffix(struct text digits, uint64_t size,
				       struct range *range)
{
	uint64_t len;

	if (!read_number(digits, &len))
		return RANGE_WHOLE;
	if (len == 0 || size == 0)
		return RANGE_UNSATISFIED;
	if (len > size)
		len = size;
	*range = (struct range){ .first = size - len, .len = len };
	return RANGE_PART;
}

enum range_verdict range_judge(struct text field, uint64_t size,
			       struct range *range)
{
	const char *dash;
	struct text head;
	struct text tail;
	uint64_t first;
	uint64_t last = UINT64_MAX;

	field = trim(field);
	if (!cut_unit(&field) || memchr(field.at, ',', field.len) != NULL)
		return RANGE_WHOLE;
	field = trim(field);
	dash = memchr(field.at, '-', field.len);
	if (dash == NULL)
		return RANGE_WHOLE;
	head = (struct text){ field.at, (size_t)(dash - field.at) };
	tail = (struct text){ dash + 1, field.len - head.len - 1 };
	if (head.len == 0)
		return judge_suffix(tail, size, range);
	if (!read_number(head, &first) ||
	    (tail.len > 0 && !read_number(tail, &last)) || last < first)
		return RANGE_WHOLE;
	if (first >= size)
		return RANGE_UNSATISFIED;
	if (last > size - 1)
		last = size - 1;
	*range = (struct range){ .first = first, .len = last - first + 1 };
	return RANGE_PART;
}
