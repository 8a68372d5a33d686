/* conffile_token - the words of a configuration file.
 *
 * Cuts a text as libconfig does, but takes what belongs together for one word
 * where libconfig would stumble: 64K, /usr/bin/web, web.db.
 */
#ifndef HOLDFAST_IO_CONFFILE_TOKEN_H
#define HOLDFAST_IO_CONFFILE_TOKEN_H

#include <stdbool.h>

#include "core/text.h"

/* The marks stand for themselves: { } [ ] ( ) = ; ,  A ':' is a '='. */
enum conffile_token_kind {
	TOKEN_END = 0,
	TOKEN_NAME = 'n',
	TOKEN_BOOL = 'b',
	TOKEN_NUMBER = '0',
	TOKEN_STRING = '"',
	TOKEN_WORD = 'w', /* none of these, and nothing libconfig knows */
	TOKEN_OPEN_STRING = 'u', /* a string without end, to the end of all */
	TOKEN_OPEN_COMMENT = '*',
};

struct conffile_token {
	int kind;
	struct text text;
	unsigned line;	  /* where it begins */
	unsigned indent;  /* of that line: bytes of blanks */
	bool is_first;	  /* on its line */
	bool spans_lines; /* TOKEN_STRING */
};

struct conffile_lexer {
	const char *at;
	const char *line_from;
	unsigned line;
	unsigned comment_line; /* where the latest one began */
};

struct conffile_lexer conffile_lexer_init(const char *text);

/* The next one; at the end again and again TOKEN_END. */
struct conffile_token conffile_lexer_next(struct conffile_lexer *lexer);

/* What stands without quotes from TOKEN on, as its writer may have meant it:
 * to the end of the line or of the value.
 */
struct text conffile_lexer_unquoted(const struct conffile_token *token);
/* Goes on behind TEXT, which lies on the lexer's line. */
void conffile_lexer_pass(struct conffile_lexer *lexer, struct text text);

#endif
