#include "core/expand.h"

#include <errno.h>

enum piece_kind { PIECE_END, PIECE_PLAIN, PIECE_DOLLAR, PIECE_NAME, PIECE_BAD };

/* What a string is made of: runs of plain bytes, "$$", placeholders. */
struct piece {
	enum piece_kind kind;
	struct text whole;
	struct text name;
	struct text fallback; /* what follows ":-" */
	bool has_fallback;
};

static struct text text_from(struct text text, size_t at)
{
	return (struct text){ text.at + at, text.len - at };
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool begins_with(struct text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len > len && memcmp(text.at, prefix, len) == 0;
}

static bool is_of_the_run(struct text name)
{
	return begins_with(name, "job.") || begins_with(name, "param.");
}

/* NAME as the environment has them, or job.… and param.…, where '-' may be. */
static bool is_name(struct text name)
{
	bool run = is_of_the_run(name);

	if (name.len == 0 || !is_letter(name.at[0]))
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.at[i];

		if (!is_letter(c) && !is_digit(c) &&
		    !(run && (c == '-' || c == '.')))
			return false;
	}
	return true;
}

/* BODY is what stands between the braces. */
static void split_name(struct piece *piece, struct text body)
{
	size_t at = 0;

	while (at + 1 < body.len &&
	       !(body.at[at] == ':' && body.at[at + 1] == '-'))
		at++;
	piece->has_fallback = at + 1 < body.len;
	piece->name = body;
	if (piece->has_fallback) {
		piece->name.len = at;
		piece->fallback = text_from(body, at + 2);
	}
	piece->kind = is_name(piece->name) ? PIECE_NAME : PIECE_BAD;
}

static size_t plain_len(struct text text)
{
	size_t len = 0;

	while (len < text.len) {
		if (text.at[len] == '$' && len + 1 < text.len &&
		    (text.at[len + 1] == '$' || text.at[len + 1] == '{'))
			break;
		len++;
	}
	return len;
}

static struct piece piece_next(struct text *rest)
{
	struct piece piece = { .kind = PIECE_END, .whole = *rest };
	size_t len;

	if (rest->len == 0)
		return piece;
	len = plain_len(*rest);
	if (len > 0) {
		piece.kind = PIECE_PLAIN;
	} else if (rest->at[1] == '$') {
		piece.kind = PIECE_DOLLAR;
		len = 2;
	} else {
		const char *end = memchr(rest->at, '}', rest->len);

		piece.kind = PIECE_BAD;
		len = rest->len;
		if (end != NULL) {
			len = (size_t)(end - rest->at) + 1;
			split_name(&piece,
				   (struct text){ rest->at + 2, len - 3 });
		}
	}
	piece.whole.len = len;
	*rest = text_from(*rest, len);
	return piece;
}

/* TEXT as it is, or as a template writes it. */
static void out_as(struct out *out, struct text text, enum expand_result result)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '$' && result == EXPAND_TEMPLATE)
			out_char(out, '$');
		out_char(out, text.at[i]);
	}
}

static int load_name(const struct piece *piece, enum expand_result result,
		     expand_lookup_fn *lookup, void *context, struct out *out)
{
	struct text value = { NULL, 0 };
	bool known;

	if (is_of_the_run(piece->name)) {
		if (result == EXPAND_FINAL)
			return -EPERM;
		out_text(out, piece->whole);
		return 0;
	}
	known = lookup(context, piece->name, &value);
	if (!known && !piece->has_fallback)
		return -ENOENT;
	if ((!known || value.len == 0) && piece->has_fallback)
		value = piece->fallback;
	out_as(out, value, result);
	return 0;
}

int expand_load(struct text in, enum expand_result result,
		expand_lookup_fn *lookup, void *context, struct out *out,
		struct text *bad)
{
	int rc = 0;

	while (rc == 0) {
		struct piece piece = piece_next(&in);

		*bad = piece.whole;
		switch (piece.kind) {
		case PIECE_END:
			return 0;
		case PIECE_PLAIN:
			out_as(out, piece.whole, result);
			break;
		case PIECE_DOLLAR:
			out_as(out, (struct text){ "$", 1 }, result);
			break;
		case PIECE_NAME:
			*bad = piece.name;
			rc = load_name(&piece, result, lookup, context, out);
			break;
		case PIECE_BAD:
			rc = -EINVAL;
			break;
		}
	}
	return rc;
}

int expand_run(struct text in, expand_lookup_fn *lookup, void *context,
	       struct out *out)
{
	for (;;) {
		struct piece piece = piece_next(&in);
		struct text value = { NULL, 0 };

		switch (piece.kind) {
		case PIECE_END:
			return 0;
		case PIECE_PLAIN:
			out_text(out, piece.whole);
			break;
		case PIECE_DOLLAR:
			out_char(out, '$');
			break;
		case PIECE_NAME:
			if (!lookup(context, piece.name, &value) ||
			    value.len == 0)
				value = piece.fallback;
			out_text(out, value);
			break;
		case PIECE_BAD:
			return -EINVAL;
		}
	}
}

bool expand_next(struct text *rest, struct text *name)
{
	for (;;) {
		struct piece piece = piece_next(rest);

		if (piece.kind == PIECE_END)
			return false;
		if (piece.kind == PIECE_NAME || piece.kind == PIECE_BAD) {
			*name = piece.name;
			return true;
		}
	}
}
