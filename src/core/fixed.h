/* fixed - what stays as it was when the node started.
 *
 * Pure.  Directories are locked, sockets bound and processes counted once; a
 * reload that changed such a key in some roles and not in others would tear
 * the node apart.  The keys are those with SCHEMA_FIXED.
 */
#ifndef HOLDFAST_CORE_FIXED_H
#define HOLDFAST_CORE_FIXED_H

#include "core/config.h"
#include "core/out.h"

/* Gives CONFIG the values of STARTED for all that is fixed; it points into
 * STARTED from then on.  The names of those that differed go to OUT:
 * "shared, http.listen".
 */
void fixed_keep(struct config *config, const struct config *started,
		struct out *out);

#endif
