/* unitspec - from a service or a singleton to what a worker runs
 * (core/spec.h).
 */
#ifndef HOLDFAST_ROLES_UNITSPEC_H
#define HOLDFAST_ROLES_UNITSPEC_H

#include "core/out.h"
#include "core/spec.h"

struct unit;

/* What is not in the configuration. */
struct unitspec_run {
	uint64_t token;
	uint32_t attempt;
	bool keep;	      /* core/spec.h */
	const char *node;     /* our name */
	const char *work_dir; /* for what it saves, "" = none */
};

/* Fills in what units of every kind have from the configuration; strings are
 * borrowed.
 */
void unitspec_settings(struct spec *spec, const struct unit *unit);

/* Encodes the spec of a run of UNIT into BUF; WORDS is room for its strings.
 * Bytes written, or -ENOSPC when it is too long, -EINVAL when a template names
 * what there is not.
 */
int unitspec_build(const struct unit *unit, const struct unitspec_run *run,
		   struct out words, void *buf, size_t cap);

#endif
