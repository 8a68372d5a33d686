/* conffile_syntax - what is wrong with the form of a file, and the cure.
 *
 * libconfig stops at the first fault and says "syntax error".  This finds all
 * of them, says what to write, and mends the text so that the rest of the
 * file can be read and judged: quotes and closing brackets are put where they
 * were left out, a setting whose value can't be understood gets
 * CONFFILE_IS_BROKEN for it, other litter becomes blanks.  Lines stay where
 * they are.
 *
 * It also refuses what libconfig takes and gets wrong: numbers that would wrap
 * around, strings of a list that it would join because a comma is missing, and
 * @include, by which a file would reach beyond itself.
 */
#ifndef HOLDFAST_IO_CONFFILE_SYNTAX_H
#define HOLDFAST_IO_CONFFILE_SYNTAX_H

#include <libconfig.h>
#include <stdbool.h>

/* The value of a setting that was mended: an empty list in parentheses. */
#define CONFFILE_IS_BROKEN(SETTING) \
	(config_setting_is_list(SETTING) && config_setting_length(SETTING) == 0)

enum conffile_syntax {
	SYNTAX_GOOD,
	SYNTAX_MENDED, /* the text is another one now */
	SYNTAX_CUT,    /* so it is, and its end seems to be missing */
	SYNTAX_BROKEN, /* what belongs where can't be told */
};

#define CONFFILE_SYNTAX_MORE 32 /* bytes by which mending lengthens a text */

/* MILD: not worth telling beside another mistake of the same setting. */
typedef void conffile_syntax_fn(void *arg, unsigned line, const char *what,
				bool mild);

/* Tells FN every mistake of TEXT, which is mended in place and has room for
 * CONFFILE_SYNTAX_MORE bytes more.
 */
enum conffile_syntax conffile_syntax(char *text, conffile_syntax_fn *fn,
				     void *arg);

#endif
