/* problem - why a request was refused, as a document.
 *
 * Pure.  Source: RFC 9457 (application/problem+json).  `type` is left out,
 * which means "about:blank": the title is that of the status.
 */
#ifndef HOLDFAST_CORE_PROBLEM_H
#define HOLDFAST_CORE_PROBLEM_H

#include "core/out.h"

#define PROBLEM_TYPE	 "application/problem+json"
#define PROBLEM_JSON_MAX 2048 /* bytes of a document */

struct problem {
	unsigned status;
	struct text detail;   /* one sentence for a person, may be empty */
	struct text instance; /* URL of what stands in the way, may be empty */
	struct text field;    /* the parameter at fault, may be empty */
};

/* The words of RFC 9110 for STATUS. */
const char *problem_title(unsigned status);

/* Writes the document; bytes or -ENOSPC. */
int problem_json(const struct problem *problem, char *buf, size_t cap);

#endif
