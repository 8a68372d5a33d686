/* The words of a configuration file. */
#define _GNU_SOURCE
#include "io/conffile_token.h"

#include <string.h>
#include <strings.h>

struct conffile_lexer conffile_lexer_init(const char *text)
{
	return (struct conffile_lexer){ text, text, 1, 0 };
}

static void step(struct conffile_lexer *lexer)
{
	if (*lexer->at == '\n') {
		lexer->line++;
		lexer->line_from = lexer->at + 1;
	}
	lexer->at++;
}

static bool begins(const struct conffile_lexer *lexer, const char *what)
{
	return strncmp(lexer->at, what, strlen(what)) == 0;
}

static bool is_comment(const char *at)
{
	return *at == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Up to the next token.  False when a comment has no end. */
static bool skip(struct conffile_lexer *lexer)
{
	for (;;) {
		while (is_blank(*lexer->at))
			step(lexer);
		if (!is_comment(lexer->at))
			return true;
		if (!begins(lexer, "/*")) {
			while (*lexer->at != '\0' && *lexer->at != '\n')
				step(lexer);
			continue;
		}
		lexer->comment_line = lexer->line;
		step(lexer);
		step(lexer);
		while (*lexer->at != '\0' && !begins(lexer, "*/"))
			step(lexer);
		if (*lexer->at == '\0')
			return false;
		step(lexer);
		step(lexer);
	}
}

static int string(struct conffile_lexer *lexer)
{
	step(lexer);
	while (*lexer->at != '\0' && *lexer->at != '"') {
		if (*lexer->at == '\\' && lexer->at[1] != '\0')
			step(lexer);
		step(lexer);
	}
	if (*lexer->at == '\0')
		return TOKEN_OPEN_STRING;
	step(lexer);
	return TOKEN_STRING;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.at[i]) &&
		    (i == 0 || (!is_digit(text.at[i]) && text.at[i] != '-' &&
				text.at[i] != '_')))
			return false;
	return true;
}

/* What begins like one; libconfig judges the rest. */
static bool is_number(struct text text)
{
	size_t sign = *text.at == '-' || *text.at == '+' ? 1 : 0;
	size_t digits = strspn(text.at + sign, "0123456789");
	const char *more = text.at + sign + digits;

	if (sign + digits >= text.len)
		return digits > 0;
	if (digits == 1 && more[-1] == '0' && (*more | 32) == 'x')
		return text.len > sign + 2 &&
		       strspn(more + 1, "0123456789abcdefABCDEFL") >=
			       text.len - sign - 2;
	if (digits > 0 && *more == 'L')
		return sign + digits + strspn(more, "L") >= text.len;
	return (digits > 0 || is_digit(more[1])) && *more == '.' &&
	       sign + digits + 1 + strspn(more + 1, "0123456789eE+-") >=
		       text.len;
}

static int word(struct conffile_lexer *lexer)
{
	struct text text = { lexer->at, 0 };

	while (*lexer->at != '\0' && !is_blank(*lexer->at) &&
	       strchr("\"{}[]()=:;,", *lexer->at) == NULL &&
	       !is_comment(lexer->at))
		step(lexer);
	text.len = (size_t)(lexer->at - text.at);
	if ((text.len == 4 && strncasecmp(text.at, "true", 4) == 0) ||
	    (text.len == 5 && strncasecmp(text.at, "false", 5) == 0))
		return TOKEN_BOOL;
	if (is_name(text))
		return TOKEN_NAME;
	/* 127.0.0.1:80 and 8080:80 begin like numbers. */
	return is_number(text) && *lexer->at != ':' ? TOKEN_NUMBER : TOKEN_WORD;
}

struct conffile_token conffile_lexer_next(struct conffile_lexer *lexer)
{
	struct conffile_token token = { .line = lexer->line };
	const char *from = lexer->at;
	const char *first;

	if (!skip(lexer)) {
		token.kind = TOKEN_OPEN_COMMENT;
		token.line = lexer->comment_line;
		token.text = (struct text){ from, 0 };
		return token;
	}
	from = lexer->at;
	first = lexer->line_from + strspn(lexer->line_from, " \t");
	token.line = lexer->line;
	token.indent = (unsigned)(first - lexer->line_from);
	token.is_first = first == from;
	if (*from == '\0') {
		token.kind = TOKEN_END;
	} else if (*from == '"') {
		token.kind = string(lexer);
		token.spans_lines = lexer->line != token.line;
	} else if (strchr("{}[]()=:;,", *from) != NULL) {
		token.kind = *from == ':' ? '=' : *from;
		step(lexer);
	} else {
		token.kind = word(lexer);
	}
	token.text = (struct text){ from, (size_t)(lexer->at - from) };
	return token;
}

struct text conffile_lexer_unquoted(const struct conffile_token *token)
{
	struct text text = token->text;

	while (text.at[text.len] != '\0' &&
	       strchr("\r\n;,{}[]()\"", text.at[text.len]) == NULL &&
	       !(is_blank(text.at[text.len]) &&
		 is_comment(text.at + text.len + 1)))
		text.len++;
	while (is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

void conffile_lexer_pass(struct conffile_lexer *lexer, struct text text)
{
	while (lexer->at < text.at + text.len)
		step(lexer);
}
