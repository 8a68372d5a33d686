/* units - durations ("500ms", "3s", "5m", "24h", "7d") and sizes ("512B",
 * "64K", "10M", "1G", "2T") as the configuration writes them.
 *
 * Pure.  A number and its unit, nothing between; sizes count in 1024s.
 */
#ifndef HOLDFAST_CORE_UNITS_H
#define HOLDFAST_CORE_UNITS_H

#include "core/out.h"

/* 0; -EINVAL when it is neither; -EDOM when only the unit is missing; -ERANGE
 * when it does not fit.
 */
int units_parse_duration(struct text text, int64_t *ms);
int units_parse_size(struct text text, uint64_t *bytes);

/* In the largest unit that gives a whole number; MS is not negative. */
void units_out_duration(struct out *out, int64_t ms);
void units_out_size(struct out *out, uint64_t bytes);

#endif
