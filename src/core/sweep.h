/* sweep - what may go of the directories that the attempts of a job left.
 *
 * Pure.  Says nothing about attempts with tokens above all that it was told
 * of: whoever decides on old news, or acts on it late, harms none that began
 * since.
 */
#ifndef HOLDFAST_CORE_SWEEP_H
#define HOLDFAST_CORE_SWEEP_H

#include "core/job.h"

/* So long a directory of an unknown job is left alone: its record may be on
 * its way, or a person about to bring it back.
 */
#define SWEEP_UNKNOWN_MS (INT64_C(24) * 3600 * 1000)

struct sweep {
	uint64_t below;	   /* attempts with smaller tokens go */
	uint64_t held;	   /* of this one only its log stays, 0 = no such */
	bool keeps_output; /* and that */
	int64_t before_ms; /* only what was not touched since, by the clock of
			      the file system; INT64_MAX: all of it */
};

/* What may go of JOB at WALL_MS; NULL: nobody knows such a job.  False:
 * nothing may.
 */
bool sweep_judge(const struct job *job, int64_t wall_ms, struct sweep *sweep);

#endif
