/* courier - a child that reads a file for a process that must never wait.
 *
 * Storage that hangs keeps the child, not its parent, which gives up after a
 * moment; the child ends once it is heard no more.
 */
#ifndef HOLDFAST_IO_COURIER_H
#define HOLDFAST_IO_COURIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In the child. */
struct courier_file {
	/* Opens it; the descriptor or a negative errno; *SIZE is its length. */
	int (*open)(void *arg, uint64_t *size);
	/* Before and after each time it asks the storage. */
	void (*enter)(void *arg);
	void (*leave)(void *arg);
	void *arg;
};

/* Starts one; *SIZE is the length of the file.  The socket to it; what OPEN
 * said; -ETIMEDOUT when that took longer than PATIENCE_MS; or another negative
 * errno.  To close the socket is all that is needed to be rid of it.
 */
int courier_start(const struct courier_file *file, int64_t patience_ms,
		  uint64_t *size);
/* Has it send LEN bytes from OFFSET, once; reads of the socket don't block.  0
 * or a negative errno.
 */
int courier_order(int fd, uint64_t offset, uint64_t len);
/* Reads LEN bytes it sends, within PATIENCE_MS.  How many; fewer: there are no
 * more; or a negative errno.
 */
ssize_t courier_read(int fd, void *buf, size_t len, int64_t patience_ms);

/* Reaps those that have ended; true when there are others.  For who has no
 * other children.
 */
bool courier_reap(void);

#endif
