/* server_storage - how control and http read files of the shared storage.
 *
 * A read of storage that hangs does not come back before the storage does, and
 * whoever reads is gone for so long.  So each says on the board when it goes
 * there, and nobody follows one that has not come back: all others go on
 * answering, and refuse files.  Control, which has more to do than to answer,
 * never goes there itself: a child of it does (io/courier.h).
 */
#ifndef HOLDFAST_ROLES_SERVER_STORAGE_H
#define HOLDFAST_ROLES_SERVER_STORAGE_H

#include "core/job.h"
#include "roles/server.h"

struct storage_file {
	int fd; /* of the file, or the socket of a courier */
	bool by_courier;
	uint64_t size; /* bytes */
};

/* Opens NAME of the latest attempt of JOB.  0; -ENOENT when there is no such
 * file; -ESTALE when the storage is not what is there; -ETIMEDOUT when it does
 * not answer, or did not answer somebody else; or another negative errno.
 */
int storage_open(struct server *server, const struct job *job, const char *name,
		 struct storage_file *file);
/* Makes REPLY one with LEN bytes from OFFSET of FILE, which it takes over.  0
 * or a negative errno.
 */
int storage_send(struct storage_file *file, uint64_t offset, uint64_t len,
		 struct http_reply *reply);
/* Reads LEN bytes from OFFSET, once; how many, or a negative errno. */
ssize_t storage_read(const struct storage_file *file, uint64_t offset,
		     void *buf, size_t len);
void storage_close(struct storage_file *file);

/* Answers what the caller can't: that RC. */
void storage_error(struct visit *visit, int rc);

/* This process does not read, whatever one before it did. */
void storage_init(struct server *server);
/* Before and after a turn in which files may be sent. */
void storage_begin_turn(struct server *server);
void storage_end_turn(struct server *server);

#endif
