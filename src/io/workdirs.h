/* workdirs - SHARED/jobs as a whole: how what attempts left is removed.
 *
 * Follows no link, and leaves alone what has not the name of a job or of an
 * attempt (io/outputdir.h is about one of these).
 */
#ifndef HOLDFAST_IO_WORKDIRS_H
#define HOLDFAST_IO_WORKDIRS_H

#include "core/sweep.h"
#include "io/tree.h"

/* Opens SHARED/jobs; the descriptor or a negative errno. */
int workdirs_open(const char *shared);

/* Of PATH, a file of an attempt, asks the storage itself about the directories
 * it is in, up to SHARED/jobs: from now on what others have put there is seen.
 * 0; -ENOENT when one is not there; -ESTALE when SHARED/jobs is not, which
 * is the storage that is missing; or another negative errno.
 */
int workdirs_refresh(const char *path);

/* Removes of job ID what SWEEP says, with a REST after each file.  0, or the
 * first negative errno after having removed what it could.
 */
int workdirs_sweep(int jobs, const char *id, const struct sweep *sweep,
		   const struct tree_rest *rest);

#endif
