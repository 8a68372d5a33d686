/* range - which bytes of a file a request wants.
 *
 * Pure.  Source: RFC 9110 section 14.  One range is served as a part; several
 * are legal to answer with the whole, and are, since nobody who downloads a
 * file asks for them.
 */
#ifndef HOLDFAST_CORE_RANGE_H
#define HOLDFAST_CORE_RANGE_H

#include "core/text.h"

enum range_verdict {
	RANGE_WHOLE,	   /* 200: none asked, malformed, or several */
	RANGE_PART,	   /* 206: LEN bytes from FIRST on */
	RANGE_UNSATISFIED, /* 416: begins behind the end */
};

struct range {
	uint64_t first;
	uint64_t len; /* bytes */
};

/* FIELD is the value of Range, empty if there was none; SIZE that of the
 * file.
 */
enum range_verdict range_judge(struct text field, uint64_t size,
			       struct range *range);

#endif
