/* Values, lists and brackets. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/conffile_syntax_parts.h"

/* ---- brackets ---- */

static char close_of(char bracket)
{
	return bracket == '{' ? '}' : bracket == '[' ? ']' : ')';
}

/* What opens is the next token.  False when there are too many. */
static bool enter(struct syntax *syntax)
{
	const struct conffile_token *token = &syntax->token;

	if (syntax->depth == SYNTAX_DEPTH_MAX) {
		syntax_break(syntax, token->line,
			     "groups and lists are nested too deeply here");
		return false;
	}
	syntax->levels[syntax->depth++] = (struct syntax_level){
		.name = syntax->name,
		.line = token->line,
		.indent = token->indent,
		.bracket = (char)token->kind,
	};
	syntax->name = (struct text){ NULL, 0 };
	syntax_advance(syntax);
	return true;
}

/* Where no indentation tells otherwise it is the end that is missing. */
static void never_closed(struct syntax *syntax,
			 const struct syntax_level *level)
{
	char words[200];

	if (syntax->odd_open != 0) {
		snprintf(words, sizeof(words),
			 "what opens here ends only in line %u, which is "
			 "indented as the end of something else: is a closing "
			 "bracket missing before it?",
			 syntax->odd_close);
		syntax_break(syntax, syntax->odd_open, words);
		return;
	}
	snprintf(words, sizeof(words), "the '%c' of this line is never closed",
		 level->bracket);
	if (syntax->string_line != 0) {
		syntax_break(syntax, level->line, words);
	} else if (level->bracket == '{') {
		syntax_tell(syntax, level->line, words, false);
		strncat(syntax->tail, "}",
			sizeof(syntax->tail) - strlen(syntax->tail) - 1);
	} else {
		syntax->line = level->line;
		syntax_missing(syntax, words);
	}
}

/* What closes should be the next token. */
static void leave(struct syntax *syntax)
{
	const struct syntax_level *level = &syntax->levels[--syntax->depth];
	char close = close_of(level->bracket);

	syntax->name = level->name;
	if (syntax->token.kind == close) {
		if (syntax->token.is_first && syntax->odd_open == 0 &&
		    syntax->token.line != level->line &&
		    syntax->token.indent != level->indent) {
			syntax->odd_open = level->line;
			syntax->odd_close = syntax->token.line;
		}
		syntax_advance(syntax);
	} else if (syntax->broken) {
		return;
	} else if (syntax_is_end(syntax)) {
		never_closed(syntax, level);
	} else {
		syntax_mistake(syntax,
			       "the '%c' of line %u needs a '%c' before this",
			       level->bracket, level->line, close);
		if (syntax_is_close(syntax->token.kind) &&
		    level->bracket != '{' && syntax->token.kind != '}')
			syntax_advance(syntax); /* instead of it */
	}
}

/* ---- values ---- */

static void unquoted(struct syntax *syntax, char inside)
{
	struct text all = conffile_lexer_unquoted(&syntax->token);
	struct text text = all;
	char words[SYNTAX_SHOWN_MAX + 60];
	struct out out = out_init(words, sizeof(words));

	if (text.at[0] == '\'') {
		out_string(&out, "a string stands in double quotes: write \"");
		if (text.len > 1 && text.at[text.len - 1] == '\'')
			text.len--;
		text = (struct text){ text.at + 1, text.len - 1 };
	} else {
		out_string(&out, "a string stands in quotes: write \"");
	}
	syntax_out(&out, text);
	out_char(&out, '"');
	out_end(&out);
	if (inside == '=' && !syntax->bad &&
	    syntax_quote(syntax, syntax->name.at + syntax->name.len, text))
		syntax_mild(syntax, words);
	else
		syntax_mistake(syntax, "%s", words);
	conffile_lexer_pass(&syntax->lexer, all);
	syntax_advance(syntax);
}

static void number(struct syntax *syntax)
{
	const char *from = syntax->token.text.at;
	bool hex;
	unsigned long long got;

	from += strspn(from, "+-");
	hex = from[0] == '0' && (from[1] | 32) == 'x';
	errno = 0;
	got = strtoull(from, NULL, hex ? 16 : 10);
	if (errno != 0 || got > INT32_MAX)
		syntax_mistake(syntax, "no number is that large here");
	syntax_advance(syntax);
}

static void strings(struct syntax *syntax, char inside)
{
	syntax_advance(syntax);
	while (!syntax_is_end(syntax) && syntax->token.kind == TOKEN_STRING) {
		if (inside != '=')
			syntax_mistake(
				syntax,
				"a comma is missing before this string; the "
				"two would become one");
		syntax_advance(syntax);
	}
}

/* The elements of an array are of one kind. */
static void check_kind(struct syntax *syntax, int *first)
{
	int kind = syntax->token.kind;

	if (syntax_is_open(kind))
		syntax_mistake(syntax,
			       "only strings or only numbers may be in [ ]");
	else if (*first == 0)
		*first = kind;
	else if ((*first == TOKEN_STRING && kind == TOKEN_NUMBER) ||
		 (*first == TOKEN_STRING && kind == TOKEN_BOOL))
		syntax_mistake(
			syntax,
			"what is in [ ] is of one kind: write \"%.*s\" in "
			"quotes",
			(int)text_cut(syntax->token.text, SYNTAX_SHOWN_MAX).len,
			syntax->token.text.at);
	else if (kind != *first && kind != TOKEN_NAME && kind != TOKEN_WORD)
		syntax_mistake(syntax,
			       "what is in [ ] is of one kind: strings in "
			       "quotes, or numbers");
}

/* Behind an element.  False when the list ends there. */
static bool comma(struct syntax *syntax, char close)
{
	int kind = syntax->token.kind;

	if (syntax_is_end(syntax) || syntax_is_close(kind))
		return false;
	if (kind == ';')
		syntax_mistake(syntax,
			       "a comma stands between the elements of a "
			       "list, not a ';'");
	else if (kind != ',')
		syntax_mistake(syntax, "a comma is missing before this");
	if (kind == ';' || kind == ',' || kind == '=')
		syntax_advance(syntax);
	if (kind == ',' && syntax->token.kind == close)
		syntax_mistake(syntax,
			       "the comma before this '%c' is one too many",
			       close);
	return !syntax_is_end(syntax) && !syntax_is_close(syntax->token.kind);
}

static void list(struct syntax *syntax)
{
	char bracket = (char)syntax->token.kind;
	char close = close_of(bracket);
	int first = 0;

	if (!enter(syntax))
		return;
	if (!syntax_is_close(syntax->token.kind))
		do {
			if (bracket == '[')
				check_kind(syntax, &first);
			syntax_value(syntax, bracket);
		} while (comma(syntax, close));
	leave(syntax);
}

/* { "a", "b" } */
static void no_group(struct syntax *syntax)
{
	syntax_mistake(syntax, "a list of values stands in [ ], not in { }");
	syntax_skip_to_close(syntax);
	leave(syntax);
}

static void group(struct syntax *syntax)
{
	bool bad = syntax->bad;
	size_t seen = syntax->seen_count;
	struct conffile_lexer ahead;

	if (!enter(syntax))
		return;
	ahead = syntax->lexer;
	if (syntax->token.kind == TOKEN_STRING &&
	    conffile_lexer_next(&ahead).kind != '=') {
		no_group(syntax);
		return;
	}
	syntax_settings(syntax);
	syntax->seen_count = seen;
	/* What is wrong inside was mended there. */
	syntax->bad = bad;
	leave(syntax);
}

/* A name, then what is no value. */
static void no_value(struct syntax *syntax, char inside)
{
	bool is_deeper = syntax->token.is_first &&
			 syntax->token.indent > syntax->indent &&
			 syntax_begins_setting(syntax);
	char words[SYNTAX_SHOWN_MAX + 60];

	if (inside != '=') {
		syntax_missing(syntax, "a value is missing here");
		if (!syntax_is_close(syntax->token.kind) &&
		    syntax->token.kind != ',')
			syntax_advance(syntax);
	} else if (is_deeper) {
		snprintf(words, sizeof(words),
			 "a group stands in { }: write %.*s = { ... };",
			 (int)text_cut(syntax->name, SYNTAX_SHOWN_MAX).len,
			 syntax->name.at);
		syntax_break(syntax, syntax->line, words);
	} else {
		syntax_missing(syntax, "a value is missing behind the '='");
	}
}

/* [ NAME = VALUE ] */
static void no_element(struct syntax *syntax)
{
	syntax_mistake(syntax, "NAME = VALUE stands in { }; a list has values "
			       "alone");
	syntax_skip_to_close(syntax);
}

static void word(struct syntax *syntax, char inside)
{
	if (!syntax_begins_setting(syntax))
		unquoted(syntax, inside);
	else if (inside == '=')
		no_value(syntax, inside);
	else
		no_element(syntax);
}

/* INSIDE is '=', or the bracket of a list. */
void syntax_value(struct syntax *syntax, char inside)
{
	switch (syntax->token.kind) {
	case '{':
		group(syntax);
		break;
	case '[':
	case '(':
		list(syntax);
		break;
	case TOKEN_STRING:
		strings(syntax, inside);
		break;
	case TOKEN_NUMBER:
		number(syntax);
		break;
	case TOKEN_BOOL:
		syntax_advance(syntax);
		break;
	case TOKEN_NAME:
	case TOKEN_WORD:
		word(syntax, inside);
		break;
	default:
		no_value(syntax, inside);
	}
}
