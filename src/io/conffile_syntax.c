/* What is wrong with the form of a file, and the cure. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/conffile_syntax_parts.h"

#define SEEN_MAX 16384 /* names of open groups that are remembered */

/* ---- settings ---- */

static void check_seen(struct syntax *syntax, size_t from)
{
	struct syntax_seen *more;

	for (size_t i = from; i < syntax->seen_count; i++) {
		const struct syntax_seen *seen = &syntax->seen[i];

		if (seen->name.len != syntax->name.len ||
		    memcmp(seen->name.at, syntax->name.at, seen->name.len) != 0)
			continue;
		syntax_mistake(
			syntax,
			"is there already, in line %u: one of them has to go",
			seen->line);
		return;
	}
	if (syntax->seen_count == SEEN_MAX)
		return;
	if ((syntax->seen_count & (syntax->seen_count - 1)) == 0) {
		more = realloc(syntax->seen,
			       (syntax->seen_count * 2 + 1) * sizeof(*more));
		if (more == NULL)
			return;
		syntax->seen = more;
	}
	syntax->seen[syntax->seen_count++] =
		(struct syntax_seen){ syntax->name, syntax->token.line };
}

/* The '=' of a setting; where only that is missing it is put there. */
static bool equals(struct syntax *syntax)
{
	int kind = syntax->token.kind;
	char *gap = syntax->text + (syntax->token.text.at - syntax->text) - 1;

	if (syntax_is_end(syntax)) {
		syntax_missing(syntax,
			       "\"= VALUE\" is missing behind this name");
		return false;
	}
	if (kind == '=') {
		syntax_advance(syntax);
		return true;
	}
	if (!syntax_is_open(kind) && kind != TOKEN_STRING &&
	    kind != TOKEN_NUMBER && kind != TOKEN_BOOL) {
		syntax_missing(syntax,
			       "\"= VALUE\" is missing behind this name");
		return false;
	}
	syntax_missing(syntax, "a '=' is missing behind this name");
	if (*gap != ' ' && *gap != '\t')
		return false;
	*gap = '=';
	syntax->bad = false;
	return true;
}

/* Behind the value. */
static void terminate(struct syntax *syntax)
{
	int kind = syntax->token.kind;

	if (kind == ';' || kind == ',') {
		syntax_advance(syntax);
	} else if (!syntax_is_end(syntax) && !syntax_is_close(kind) &&
		   !(syntax->token.kind == TOKEN_NAME &&
		     syntax->token.is_first) &&
		   !syntax_begins_setting(syntax)) {
		syntax_mistake(
			syntax,
			"a ';' is missing before \"%.*s\", or quotes around "
			"the value",
			(int)text_cut(syntax->token.text, SYNTAX_SHOWN_MAX).len,
			syntax->token.text.at);
		syntax_skip(syntax);
	}
}

static void setting(struct syntax *syntax, size_t seen)
{
	struct text name = syntax->token.text;
	const char *end;
	bool again;

	syntax->name = name;
	syntax->indent = syntax->token.indent;
	syntax->bad = false;
	check_seen(syntax, seen);
	again = syntax->bad;
	syntax_advance(syntax);
	if (equals(syntax)) {
		syntax_value(syntax, '=');
		terminate(syntax);
	} else if (!syntax_is_end(syntax)) {
		syntax_skip(syntax);
	}
	end = syntax->token.text.at;
	if (again)
		syntax_blank(syntax, name.at, end);
	else if (syntax->bad)
		syntax_blank_value(syntax, name.at, name.at + name.len, end);
	syntax->name = (struct text){ NULL, 0 };
}

/* ---- what is no setting ---- */

static void litter_word(struct syntax *syntax)
{
	struct conffile_lexer ahead = syntax->lexer;
	struct text text = text_cut(syntax->token.text, SYNTAX_SHOWN_MAX);
	int next = conffile_lexer_next(&ahead).kind;

	if (text.at[0] == '@')
		syntax_mistake(syntax,
			       "@include is not read here; put the file into "
			       "the directory of *.conf files");
	else if (memchr(text.at, '.', text.len) != NULL && next == '=')
		syntax_mistake(
			syntax,
			"\"%.*s\" is no name: write it as a group in a group, "
			"a = { b = VALUE; };",
			(int)text.len, text.at);
	else if (next == '=' || next == '{')
		syntax_mistake(
			syntax,
			"\"%.*s\" is no name: one has letters, digits, '-' "
			"and '_', and begins with a letter",
			(int)text.len, text.at);
	else
		syntax_mistake(
			syntax,
			"\"%.*s\" is no setting; one looks like NAME = VALUE;",
			(int)text.len, text.at);
}

static void litter_string(struct syntax *syntax)
{
	struct conffile_lexer ahead = syntax->lexer;

	if (conffile_lexer_next(&ahead).kind == '=')
		syntax_mistake(syntax, "a name stands without quotes");
	else
		syntax_mistake(syntax,
			       "a value without a name; a list of values "
			       "stands in [ ]");
}

static void litter_close(struct syntax *syntax)
{
	char close = (char)syntax->token.kind;

	if (syntax->odd_close == 0) {
		syntax_mistake(syntax, "this '%c' closes nothing", close);
	} else {
		syntax_mistake(syntax,
			       "this '%c' closes nothing; is the one in line "
			       "%u, with its other indentation, too many?",
			       close, syntax->odd_close);
		syntax->broken = true;
	}
	syntax_advance(syntax);
	if (syntax->token.kind == ';')
		syntax_advance(syntax);
}

/* Anything but a setting stands where one should. */
static void litter(struct syntax *syntax)
{
	const char *from = syntax->token.text.at;
	int kind = syntax->token.kind;

	syntax->name = (struct text){ NULL, 0 };
	syntax->bad = false;
	if (syntax_is_close(kind)) {
		litter_close(syntax);
	} else if (kind == ';' || kind == ',') {
		syntax_mistake(syntax, "one '%c' too many", (char)kind);
		syntax_advance(syntax);
	} else {
		if (kind == TOKEN_STRING)
			litter_string(syntax);
		else if (kind == '[')
			syntax_mistake(syntax,
				       "a group is written NAME = { ... };");
		else if (kind == '=')
			syntax_mistake(syntax, "a name is missing before this");
		else if (kind == '{')
			syntax_mistake(syntax,
				       "NAME = is missing before the '{'");
		else
			litter_word(syntax);
		if (syntax_is_open(kind) && syntax->depth == 0)
			syntax->broken = true;
		if (!syntax_is_open(kind))
			syntax_advance(syntax);
		syntax_skip(syntax);
	}
	syntax_blank(syntax, from, syntax->token.text.at);
}

/* To the end of the group, or of all. */
void syntax_settings(struct syntax *syntax)
{
	size_t seen = syntax->seen_count;

	while (!syntax_is_end(syntax)) {
		if (syntax->depth > 0 && syntax->token.kind == '}')
			return;
		if (syntax->token.kind == TOKEN_NAME)
			setting(syntax, seen);
		else
			litter(syntax);
	}
}

enum conffile_syntax conffile_syntax(char *text, conffile_syntax_fn *fn,
				     void *arg)
{
	struct syntax syntax = {
		.text = text,
		.lexer = conffile_lexer_init(text),
		.fn = fn,
		.arg = arg,
	};

	syntax_advance(&syntax);
	syntax_settings(&syntax);
	free(syntax.seen);
	if (syntax.broken)
		return SYNTAX_BROKEN;
	if (syntax.tail[0] != '\0') {
		/* The last line may be a comment. */
		snprintf(text + strlen(text), CONFFILE_SYNTAX_MORE, "\n%s",
			 syntax.tail);
		return SYNTAX_CUT;
	}
	return syntax.count > 0 ? SYNTAX_MENDED : SYNTAX_GOOD;
}
