/* Telling, reading and mending. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/conffile_syntax_parts.h"

void syntax_out(struct out *out, struct text text)
{
	out_text(out, text_cut(text, SYNTAX_SHOWN_MAX));
	if (text.len > SYNTAX_SHOWN_MAX)
		out_string(out, "...");
}

static void out_path(struct out *out, const struct syntax *syntax)
{
	bool any = false;

	for (size_t i = 0; i < syntax->depth; i++) {
		if (syntax->levels[i].name.len == 0)
			continue;
		out_string(out, any ? "." : "");
		syntax_out(out, syntax->levels[i].name);
		any = true;
	}
	if (syntax->name.len > 0) {
		out_string(out, any ? "." : "");
		syntax_out(out, syntax->name);
		any = true;
	}
	out_string(out, any ? ": " : "");
}

void syntax_tell(struct syntax *syntax, unsigned line, const char *what,
		 bool mild)
{
	syntax->fn(syntax->arg, line, what, mild);
	syntax->count++;
}

/* Behind a string over several lines a mistake may be that string's: what was
 * meant to follow it is in it.
 */
void syntax_break(struct syntax *syntax, unsigned line, const char *words)
{
	if (syntax->broken)
		return;
	if (syntax->string_line != 0)
		syntax_tell(syntax, syntax->string_line,
			    "a string begins here and ends in a later line: "
			    "is its closing '\"' missing?",
			    false);
	else
		syntax_tell(syntax, line, words, false);
	syntax->broken = true;
}

/* Of one setting the first mistake is told: the next may come from it. */
static void add(struct syntax *syntax, unsigned line, const char *words,
		bool mild)
{
	char what[1024];
	struct out out = out_init(what, sizeof(what));
	bool told = syntax->bad;

	syntax->bad = true;
	if (syntax->broken || told)
		return;
	if (syntax->string_line != 0) {
		syntax_break(syntax, line, words);
		return;
	}
	out_path(&out, syntax);
	out_string(&out, words);
	out_end(&out);
	syntax_tell(syntax, line, what, mild);
}

/* The next token is wrong. */
void syntax_mistake(struct syntax *syntax, const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	add(syntax, syntax->token.line, words, false);
}

/* Something is missing behind the token before. */
void syntax_mild(struct syntax *syntax, const char *words)
{
	bool bad = syntax->bad;

	add(syntax, syntax->token.line, words, true);
	syntax->bad = bad;
}

void syntax_missing(struct syntax *syntax, const char *words)
{
	add(syntax, syntax->line, words, false);
}

/* ---- reading ---- */

bool syntax_is_end(const struct syntax *syntax)
{
	return syntax->broken || syntax->token.kind == TOKEN_END;
}

void syntax_advance(struct syntax *syntax)
{
	if (syntax->token.kind == TOKEN_STRING && syntax->token.spans_lines)
		syntax->string_line = syntax->token.line;
	syntax->line = syntax->token.line;
	syntax->token = conffile_lexer_next(&syntax->lexer);
	if (syntax->token.kind == TOKEN_OPEN_STRING)
		syntax_break(syntax, syntax->token.line,
			     "a string begins here and has no end: a '\"' is "
			     "missing");
	else if (syntax->token.kind == TOKEN_OPEN_COMMENT)
		syntax_break(syntax, syntax->token.line,
			     "a comment begins here and has no end: a \"*/\" "
			     "is missing");
}

bool syntax_is_open(int kind)
{
	return kind == '{' || kind == '[' || kind == '(';
}

bool syntax_is_close(int kind)
{
	return kind == '}' || kind == ']' || kind == ')';
}

void syntax_skip_to_close(struct syntax *syntax)
{
	size_t depth = 0;

	while (!syntax_is_end(syntax)) {
		int kind = syntax->token.kind;

		if (depth == 0 && syntax_is_close(kind))
			return;
		if (syntax_is_open(kind))
			depth++;
		else if (syntax_is_close(kind))
			depth--;
		syntax_advance(syntax);
	}
}

void syntax_skip(struct syntax *syntax)
{
	size_t depth = 0;

	while (!syntax_is_end(syntax)) {
		int kind = syntax->token.kind;

		if (depth == 0 &&
		    (syntax_is_close(kind) ||
		     (syntax->token.is_first && kind == TOKEN_NAME)))
			return;
		if (syntax_is_open(kind))
			depth++;
		else if (syntax_is_close(kind))
			depth--;
		syntax_advance(syntax);
		if (depth == 0 && (kind == ';' || kind == ','))
			return;
	}
}

/* ---- mending ---- */

bool syntax_begins_setting(const struct syntax *syntax)
{
	struct conffile_lexer ahead = syntax->lexer;

	return syntax->token.kind == TOKEN_NAME &&
	       conffile_lexer_next(&ahead).kind == '=';
}

void syntax_blank(struct syntax *syntax, const char *from, const char *to)
{
	for (char *at = syntax->text + (from - syntax->text); at < to; at++)
		if (*at != '\n')
			*at = ' ';
}

/* What is between becomes the value of a name, where there is room for it. */
bool syntax_quote(struct syntax *syntax, const char *name_end, struct text text)
{
	char *at = syntax->text + (name_end - syntax->text);
	const char *end = text.at + text.len;
	size_t room = (size_t)(end - name_end);

	if (room < text.len + 3 || memchr(text.at, '\\', text.len) != NULL ||
	    memchr(name_end, '\n', room) != NULL)
		return false;
	memmove(at + 2, text.at, text.len);
	at[0] = '=';
	at[1] = '"';
	at[2 + text.len] = '"';
	syntax_blank(syntax, at + 3 + text.len, end);
	return true;
}

void syntax_blank_value(struct syntax *syntax, const char *name,
			const char *from, const char *to)
{
	static const char value[] = "=()";
	char *at = syntax->text + (from - syntax->text);
	size_t put = 0;

	syntax_blank(syntax, from, to);
	for (; at < to && put < sizeof(value) - 1; at++)
		if (*at != '\n')
			*at = value[put++];
	if (put < sizeof(value) - 1)
		syntax_blank(syntax, name, to);
}
