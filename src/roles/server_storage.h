/* server_storage - how control and http read files of the shared storage.
 *
 * A read of storage that hangs does not come back before the storage does, and
 * whoever reads is gone for so long.  So each says on the board when it goes
 * there, and nobody follows one that has not come back: all others go on
 * answering, and refuse files.
 */
#ifndef HOLDFAST_ROLES_SERVER_STORAGE_H
#define HOLDFAST_ROLES_SERVER_STORAGE_H

#include "core/job.h"
#include "roles/server.h"

/* Opens NAME of the latest attempt of JOB; *SIZE is its length.  The
 * descriptor; -ENOENT when there is no such file; -ESTALE when the storage is
 * not what is there; -ETIMEDOUT when it did not answer somebody else; or
 * another negative errno.
 */
int storage_open(const struct server *server, const struct job *job,
		 const char *name, uint64_t *size);
/* Answers what the caller can't: that RC. */
void storage_error(struct visit *visit, int rc);

/* Around whatever sends files. */
void storage_enter(const struct server *server);
void storage_leave(const struct server *server);

#endif
