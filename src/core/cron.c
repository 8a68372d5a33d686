/* The fields of an expression, as text. */
#include "core/cron.h"

#include <errno.h>

#include "core/out.h"
#include "core/tidy.h"

#define FIELDS	  5
#define SHOWN_MAX 20 /* bytes of a word in a message */

enum field_index { MINUTE, HOUR, DAY, MONTH, WEEKDAY };

struct field {
	const char *noun;
	unsigned low;
	unsigned high;	    /* the highest that may be written */
	unsigned star_high; /* the last of "*" */
	const char *names;  /* of three letters each */
	unsigned first;	    /* the number of the first name */
};

static const struct field fields[FIELDS] = {
	[MINUTE] = { "minute", 0, 59, 59, "", 0 },
	[HOUR] = { "hour", 0, 23, 23, "", 0 },
	[DAY] = { "day", 1, 31, 31, "", 0 },
	[MONTH] = { "month", 1, 12, 12, "janfebmaraprmayjunjulaugsepoctnovdec",
		    1 },
	[WEEKDAY] = { "weekday", 0, 7, 6, "sunmontuewedthufrisat", 0 },
};

static const struct {
	const char *name;
	const char *means;
} nicknames[] = {
	{ "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
	{ "@monthly", "0 0 1 * *" },  { "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
};

#define NICKNAMES (sizeof(nicknames) / sizeof(nicknames[0]))

struct parser {
	struct text text;
	struct cron_fault *fault;
	const struct field *field;
};

/* ---- what is wrong ---- */

/* Begins a message about what stands AT a place; fail() ends it. */
static struct out complain(const struct parser *parser, const char *at)
{
	parser->fault->at = (size_t)(at - parser->text.at);
	return out_init(parser->fault->what, sizeof(parser->fault->what));
}

static int fail(struct out *out)
{
	out_end(out);
	return -EINVAL;
}

static void out_word(struct out *out, struct text word)
{
	char shown[SHOWN_MAX + 1];

	tidy_copy(word, shown, sizeof(shown));
	out_string(out, shown);
}

static int fail_at(const struct parser *parser, struct text word,
		   const char *what)
{
	struct out out = complain(parser, word.at);

	out_string(&out, what);
	return fail(&out);
}

/* minute 61 is beyond 59 */
static int fail_limit(const struct parser *parser, const char *noun,
		      struct text word, const char *relation, unsigned limit)
{
	struct out out = complain(parser, word.at);

	out_string(&out, noun);
	out_char(&out, ' ');
	out_word(&out, word);
	out_string(&out, relation);
	out_u64(&out, limit);
	return fail(&out);
}

static int fail_word(const struct parser *parser, struct text word)
{
	struct out out = complain(parser, word.at);

	if (word.len == 0) {
		out_string(&out, "a ");
		out_string(&out, parser->field->noun);
		out_string(&out, " is missing");
		return fail(&out);
	}
	out_char(&out, '"');
	out_word(&out, word);
	out_string(&out, "\" is no ");
	out_string(&out, parser->field->noun);
	out_string(&out, ": write *, a number");
	if (parser->field->names[0] != '\0') {
		out_string(&out, ", a name like ");
		out_text(&out, (struct text){ parser->field->names, 3 });
	}
	return fail(&out);
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same(struct text word, struct text known)
{
	for (size_t i = 0; i < word.len && word.len == known.len; i++)
		if (lower(word.at[i]) != known.at[i])
			return false;
	return word.len == known.len;
}

static bool is_number(struct text word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
	return word.len > 0;
}

/* Takes off REST what stands before the first SEPARATOR, all of it when there
 * is none; then REST's AT becomes NULL.
 */
static struct text cut(struct text *rest, char separator)
{
	const char *end =
		rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;
	struct text head = *rest;

	if (end == NULL) {
		*rest = (struct text){ NULL, 0 };
		return head;
	}
	head.len = (size_t)(end - head.at);
	*rest = (struct text){ end + 1, rest->len - head.len - 1 };
	return head;
}

/* ---- a field ---- */

static int take_number(const struct parser *parser, const char *noun,
		       struct text word, unsigned low, unsigned high,
		       unsigned *value)
{
	uint64_t number;

	if (!text_to_u64(word, high, &number))
		return fail_limit(parser, noun, word, " is beyond ", high);
	if (number < low)
		return fail_limit(parser, noun, word, " is below ", low);
	*value = (unsigned)number;
	return 0;
}

static int take_value(const struct parser *parser, struct text word,
		      unsigned *value)
{
	const struct field *field = parser->field;

	if (is_number(word))
		return take_number(parser, field->noun, word, field->low,
				   field->high, value);
	for (unsigned i = 0; field->names[3 * i] != '\0'; i++)
		if (is_same(word, (struct text){ field->names + 3 * i, 3 })) {
			*value = field->first + i;
			return 0;
		}
	return fail_word(parser, word);
}

static int take_range(const struct parser *parser, struct text word,
		      unsigned *low, unsigned *high)
{
	struct text last = word;
	struct text first = cut(&last, '-');
	int rc = take_value(parser, first, low);

	*high = *low;
	if (rc != 0 || last.at == NULL)
		return rc;
	rc = take_value(parser, last, high);
	if (rc != 0)
		return rc;
	/* fri-sun */
	if (parser->field->high == 7 && *high == 0 && !is_number(last))
		*high = 7;
	if (*low > *high) {
		struct out out = complain(parser, word.at);

		out_word(&out, word);
		out_string(&out, " runs backwards: write two ranges");
		return fail(&out);
	}
	return 0;
}

/* "*", 5, 1-5, each with a step or without, into bits. */
static int take_item(const struct parser *parser, struct text item,
		     uint64_t *bits)
{
	const struct field *field = parser->field;
	struct text step_word = item;
	struct text range = cut(&step_word, '/');
	unsigned low = field->low;
	unsigned high = field->star_high;
	unsigned step = 1;
	int rc = 0;

	if (!text_is(range, "*"))
		rc = take_range(parser, range, &low, &high);
	if (rc != 0)
		return rc;
	if (step_word.at != NULL) {
		if (!is_number(step_word))
			return fail_at(parser, step_word,
				       "after / comes a number, the step");
		if (low == high)
			return fail_at(parser, range,
				       "a step needs a range: write * or "
				       "two numbers with - before the /");
		rc = take_number(parser, "step", step_word, 1, field->high,
				 &step);
	}
	for (unsigned i = low; rc == 0 && i <= high; i += step)
		*bits |= UINT64_C(1) << i;
	return rc;
}

static int take_field(const struct parser *parser, struct text word,
		      uint64_t *bits)
{
	int rc = 0;

	*bits = 0;
	while (rc == 0 && word.at != NULL)
		rc = take_item(parser, cut(&word, ','), bits);
	return rc;
}

/* ---- an expression ---- */

static struct text next_word(struct text *rest)
{
	struct text word;

	while (rest->len > 0 && is_blank(rest->at[0]))
		*rest = (struct text){ rest->at + 1, rest->len - 1 };
	word = (struct text){ rest->at, 0 };
	while (word.len < rest->len && !is_blank(rest->at[word.len]))
		word.len++;
	*rest = (struct text){ rest->at + word.len, rest->len - word.len };
	return word;
}

/* 0, or -EINVAL: there are too few or too many. */
static int take_words(const struct parser *parser,
		      struct text words[static FIELDS])
{
	struct text rest = parser->text;
	struct text more;
	struct out out;

	for (size_t i = 0; i < FIELDS; i++) {
		words[i] = next_word(&rest);
		if (words[i].len > 0)
			continue;
		out = complain(parser, words[i].at);
		out_string(&out, "the ");
		out_string(&out, fields[i].noun);
		out_string(&out, " is missing: write \"minute hour day month "
				 "weekday\"");
		return fail(&out);
	}
	more = next_word(&rest);
	if (more.len == 0)
		return 0;
	return fail_at(parser, more,
		       "has more than the five fields minute, hour, day, "
		       "month, weekday");
}

/* Does any month that fits have a day that does? */
static bool can_come(const struct cron *cron)
{
	static const unsigned lengths[] = { 31, 29, 31, 30, 31, 30,
					    31, 31, 30, 31, 30, 31 };

	for (unsigned i = 0; i < 12; i++)
		if ((cron->months >> (i + 1) & 1) != 0 &&
		    (cron->days & ((UINT64_C(2) << lengths[i]) - 1)) != 0)
			return true;
	return cron->either;
}

static bool has_star(struct text word)
{
	return memchr(word.at, '*', word.len) != NULL;
}

static int take_fields(struct parser *parser, struct cron *cron)
{
	struct text words[FIELDS];
	uint64_t bits[FIELDS];
	int rc = take_words(parser, words);

	for (size_t i = 0; rc == 0 && i < FIELDS; i++) {
		parser->field = &fields[i];
		rc = take_field(parser, words[i], &bits[i]);
	}
	if (rc != 0)
		return rc;
	*cron = (struct cron){
		.minutes = bits[MINUTE],
		.hours = (uint32_t)bits[HOUR],
		.days = (uint32_t)bits[DAY],
		.months = (uint16_t)bits[MONTH],
		.weekdays =
			(uint8_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f),
		.either = !has_star(words[DAY]) && !has_star(words[WEEKDAY]),
	};
	if (can_come(cron))
		return 0;
	return fail_at(parser, words[DAY],
		       "never comes: no such day in any of these months");
}

static int take_nickname(const struct parser *parser, struct text word,
			 struct text *means)
{
	struct out out;

	for (size_t i = 0; i < NICKNAMES; i++)
		if (is_same(word, text_of(nicknames[i].name))) {
			*means = text_of(nicknames[i].means);
			return 0;
		}
	out = complain(parser, word.at);
	out_word(&out, word);
	out_string(&out, " is not known: write @hourly, @daily, @weekly, "
			 "@monthly or @yearly");
	return fail(&out);
}

int cron_parse(struct cron *cron, struct text text, struct cron_fault *fault)
{
	struct text rest = { text.len > 0 ? text.at : "", text.len };
	struct parser parser = { .text = rest, .fault = fault };
	struct text word = next_word(&rest);
	int rc;

	if (word.len > 0 && word.at[0] == '@') {
		struct text more = next_word(&rest);

		if (more.len > 0)
			return fail_at(&parser, more,
				       "nothing may follow an @ name");
		rc = take_nickname(&parser, word, &parser.text);
		if (rc != 0)
			return rc;
	}
	return take_fields(&parser, cron);
}
