/* outputdir - the directory of one attempt: SHARED/jobs/ID/TOKEN.
 *
 * Holds `output`, `scratch/`, `log`, `checkpoint` (what the attempt saves of
 * itself) and `state` (what an earlier one saved).  While the command runs it
 * belongs to the command's user, who may do in it what he likes, links
 * included; nothing here follows one.  When the command and all it started are
 * dead the directory is given to whom SHARED belongs to: what is published
 * can't change any more.
 */
#ifndef HOLDFAST_IO_OUTPUTDIR_H
#define HOLDFAST_IO_OUTPUTDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct outputdir {
	bool used; /* false: there is none, all calls do nothing */
	char path[PATH_MAX];
	char scratch[PATH_MAX];
	bool has_earlier; /* the job, or singleton, has had a directory */
	bool chowns;	  /* we are root: */
	uid_t uid;	  /* the command's user */
	uid_t node_uid;	  /* whom SHARED belongs to */
	gid_t node_gid;
};

/* Makes PATH ("" = none) and `scratch` in it, for the command's user UID.  0
 * or a negative errno.
 */
int outputdir_make(struct outputdir *dir, const char *path, uid_t uid);
/* Takes over the scratch directory and the latest checkpoint of earlier
 * attempts, which are dead: TOKENs are names that grow.  Before the command
 * starts.  ALL: the earlier ones are removed, with whatever else is in them.
 * 0, or a negative errno: what was saved can't be had now, and is still there.
 */
int outputdir_inherit(const struct outputdir *dir, bool all);
/* Removes what lies beside it from earlier: of another job, long ended, whose
 * id came again with its key.
 */
void outputdir_disown(const struct outputdir *dir);
/* The command is started once more in it, nothing of its run before being
 * left: what that saved is what it goes on from.  0 or a negative errno.
 */
int outputdir_go_on(const struct outputdir *dir);
/* Opens the file NAME in it for us alone, which must not be there yet.  The
 * descriptor or a negative errno.
 */
int outputdir_create(const struct outputdir *dir, const char *name);
/* Bytes of all files in it, and of those in its directories output*; the log,
 * what is saved for another attempt and other directories left out.
 */
uint64_t outputdir_size(const struct outputdir *dir);
/* Nobody writes any more: makes `output` and its name durable and gives them
 * to the node.  0 with its size; -ENOENT when there is none; -EINVAL when it
 * is no regular file or not the command's own; or a negative errno.
 */
int outputdir_publish(const struct outputdir *dir, uint64_t *size);
/* Removes what is empty: the scratch directory, and if there was nothing
 * else, the whole.  Cheap.  True when a scratch directory stays, to be
 * removed by outputdir_clear.
 */
bool outputdir_tidy(const struct outputdir *dir);
/* Removes the scratch directory and all in it. */
void outputdir_clear(const struct outputdir *dir);

#endif
