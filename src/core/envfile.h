/* envfile - NAME=VALUE lines, as `env-file` has them.
 *
 * Pure.  Blank lines and those that begin with # or ; are skipped, `export `
 * before a name is, too.  A value goes to the end of its line, blanks around it
 * left out; or it stands in quotes, between which blanks count: in "double"
 * ones a backslash makes the next character ordinary, in 'single' ones nothing
 * does. A dollar is a dollar.
 */
#ifndef HOLDFAST_CORE_ENVFILE_H
#define HOLDFAST_CORE_ENVFILE_H

#include <stddef.h>

struct envfile {
	char *at; /* what is left */
	char *end;
	unsigned line;	   /* of the latest setting or fault, from 1 */
	const char *fault; /* NULL = none yet; in words */
};

/* BUF holds LEN bytes and has room for one more. */
struct envfile envfile_init(char *buf, size_t len);

/* The next "NAME=VALUE", made and terminated in place; NULL after the last, or
 * at a fault.
 */
const char *envfile_next(struct envfile *file);

#endif
