/* expand - ${NAME}, ${NAME:-text} and $$ in strings of the configuration.
 *
 * Pure.  Two stages: at load NAME is the environment, and per run it is
 * job.… or param.….  Which strings have a second stage is settled by their
 * key, not by what is in them: core/config.h marks those "template".  A
 * template always goes through expand_run: a literal dollar is written $$ in
 * it, also when no placeholder is left.  Every other string is final: plain
 * text, nothing in it means anything any more.
 *
 * A dollar before anything but '{' or '$' is itself.  The text of ${NAME:-text}
 * stands for a value that is absent or empty, ends at the first '}' and is not
 * expanded again.
 */
#ifndef HOLDFAST_CORE_EXPAND_H
#define HOLDFAST_CORE_EXPAND_H

#include "core/out.h"

/* Puts the value of NAME in *VALUE; false when it has none. */
typedef bool expand_lookup_fn(void *context, struct text name,
			      struct text *value);

enum expand_result {
	EXPAND_TEMPLATE, /* job.… and param.… may stay */
	EXPAND_FINAL,	 /* they are errors */
};

/* Load stage: writes IN to OUT with the environment filled in.
 *
 * 0; -EINVAL for a "${" without end or with a name that can't be one; -ENOENT
 * for an unset name without default; -EPERM for job.… or param.… where they
 * mean nothing.  BAD is then the name, or all from the "${" on.  OUT remembers
 * overflow by itself.
 */
int expand_load(struct text in, enum expand_result result,
		expand_lookup_fn *lookup, void *context, struct out *out,
		struct text *bad);

/* Run stage: writes the final form of the template IN to OUT.  The names are
 * given whole ("param.month"); one without value or default becomes nothing.
 * 0, or -EINVAL for what expand_load would not have let pass.
 */
int expand_run(struct text in, expand_lookup_fn *lookup, void *context,
	       struct out *out);

/* Takes from *REST, a template, up to and with its next placeholder, whose
 * name goes to *NAME.  False when there is no more.
 */
bool expand_next(struct text *rest, struct text *name);

#endif
