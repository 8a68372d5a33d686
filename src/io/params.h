/* params - is what a request asks of a job allowed?
 *
 * In io because the regular expressions are the C library's.
 */
#ifndef HOLDFAST_IO_PARAMS_H
#define HOLDFAST_IO_PARAMS_H

#include "core/job.h"

#define PARAMS_VALUE_MAX 8192 /* bytes: a value ends up in an argument list */

struct config_param;
struct unit;

/* Checks the *COUNT parameters at PARAMS, which has room for JOB_PARAMS_MAX,
 * against what job UNIT declares, and appends the declared default of each
 * one that is absent.  A required one is missing also when its value is empty
 * and no `match` says that it may be.  Values appended live as long as UNIT.
 *
 * 0; -EINVAL with the parameter at fault in BAD_NAME (borrowed from PARAMS or
 * UNIT) and a clause in WHY that fits behind its name ("is required"); or
 * -ENOMEM.
 */
int params_check(const struct unit *unit, struct job_param *params,
		 size_t *count, struct text *bad_name, const char **why);

/* NULL, or what is wrong with VALUE as one of PARAM, as in WHY above. */
const char *params_fault(const struct config_param *param, struct text value);

#endif
