/* conffile_syntax_parts - what the parts of conffile_syntax share.
 *
 * A reader with one token of foresight.  Every part takes the tokens it knows,
 * tells what is wrong, and leaves the next token to whoever called it.
 */
#ifndef HOLDFAST_IO_CONFFILE_SYNTAX_PARTS_H
#define HOLDFAST_IO_CONFFILE_SYNTAX_PARTS_H

#include "core/out.h"
#include "io/conffile_syntax.h"
#include "io/conffile_token.h"

#define SYNTAX_DEPTH_MAX 16 /* groups and lists within each other */
#define SYNTAX_SHOWN_MAX 60 /* bytes */

/* A bracket that is open. */
struct syntax_level {
	struct text name; /* of the setting it is the value of */
	unsigned line;
	unsigned indent;
	bool is_first;
	char bracket;
};

struct syntax_seen {
	struct text name;
	unsigned line;
};

struct syntax {
	char *text;
	char tail[SYNTAX_DEPTH_MAX + 1]; /* brackets missing at its end */
	struct conffile_lexer lexer;
	struct conffile_token token; /* the next one */
	unsigned line;		     /* of the one before */
	struct syntax_level levels[SYNTAX_DEPTH_MAX];
	size_t depth;
	struct syntax_seen *seen; /* in the groups that are open */
	size_t seen_count;
	struct text name;     /* of the setting being read */
	unsigned indent;      /* of its line */
	bool bad;	      /* its value can't be kept */
	unsigned string_line; /* of a string over several lines, or 0 */
	unsigned odd_open;    /* line of a bracket whose end is indented
				 otherwise, or 0 */
	unsigned odd_close;
	conffile_syntax_fn *fn;
	void *arg;
	size_t count;
	bool broken;
};

/* ---- conffile_syntax_tell: telling, reading, mending ---- */

/* As it is, without the setting's name. */
void syntax_tell(struct syntax *syntax, unsigned line, const char *what,
		 bool mild);
/* The next token is wrong. */
void syntax_mistake(struct syntax *syntax, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* It has been mended; told only where nothing else is wrong with it. */
void syntax_mild(struct syntax *syntax, const char *words);
/* Something is missing behind the token before. */
void syntax_missing(struct syntax *syntax, const char *words);
/* Nothing more can be made of the file, because of LINE. */
void syntax_break(struct syntax *syntax, unsigned line, const char *words);
/* TEXT, as much of it as a message should have. */
void syntax_out(struct out *out, struct text text);

bool syntax_is_end(const struct syntax *syntax);
bool syntax_is_open(int kind);
bool syntax_is_close(int kind);
void syntax_advance(struct syntax *syntax);
/* Up to where the next setting may begin, or the group around ends. */
void syntax_skip(struct syntax *syntax);
/* Up to where the group or list around ends. */
void syntax_skip_to_close(struct syntax *syntax);

/* Is the next token a name, and a '=' behind it? */
bool syntax_begins_setting(const struct syntax *syntax);

/* Puts quotes around TEXT, the value of a name.  False: there is no room. */
bool syntax_quote(struct syntax *syntax, const char *name_end,
		  struct text text);
void syntax_blank(struct syntax *syntax, const char *from, const char *to);
/* What is between becomes the value of NAME, where there is room for it. */
void syntax_blank_value(struct syntax *syntax, const char *name,
			const char *from, const char *to);

/* ---- conffile_syntax_value ---- */

/* INSIDE is '=', or the bracket of a list. */
void syntax_value(struct syntax *syntax, char inside);

/* ---- conffile_syntax ---- */

/* To the end of the group, or of all. */
void syntax_settings(struct syntax *syntax);

#endif
