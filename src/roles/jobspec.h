/* jobspec - from a unit and a job to what a worker runs (core/spec.h). */
#ifndef HOLDFAST_ROLES_JOBSPEC_H
#define HOLDFAST_ROLES_JOBSPEC_H

#include "core/job.h"
#include "core/spec.h"

struct unit;

#define JOBSPEC_PATH_MAX 4096 /* bytes */

struct jobspec_place {
	const char *node;   /* our name */
	const char *shared; /* path of the shared directory */
};

/* Encodes the spec of the attempt JOB.held into BUF; WORDS is room for its
 * strings.  Bytes written; -ENOENT when UNIT is NULL, -ENOSPC when it is too
 * long.
 */
int jobspec_build(const struct jobspec_place *place, const struct unit *unit,
		  const struct job *job, struct out words, void *buf,
		  size_t cap);

/* Writes TEMPLATE with ${job.…} and ${param.…} of JOB filled in.  0, or
 * -ENOSPC, -EINVAL.
 */
int jobspec_expand(const char *template, const struct job *job,
		   struct out *out);

/* SHARED/jobs/ID/TOKEN, the directory of attempt TOKEN. */
void jobspec_work_dir(struct out *out, const char *shared, const char *id,
		      uint64_t token);

#endif
