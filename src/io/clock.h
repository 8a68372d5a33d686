/* clock - the only place that asks what time it is. */
#ifndef HOLDFAST_IO_CLOCK_H
#define HOLDFAST_IO_CLOCK_H

#include "core/lease_terms.h"

/* Milliseconds of CLOCK_BOOTTIME, the same in every process of the machine;
 * for durations and deadlines.  Never goes back; counts suspend (LEASE T7).
 */
int64_t clock_ms(void);

/* Milliseconds of CLOCK_MONOTONIC_RAW, which nobody slews; to compare how fast
 * the clocks of two machines run.
 */
int64_t clock_raw_ms(void);

/* Both clocks of a lease (LEASE T7), in microseconds. */
struct lease_time clock_lease(void);

/* Milliseconds since 1970; for what users see.  May jump. */
int64_t clock_wall_ms(void);

#endif
