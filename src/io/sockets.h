/* sockets - what the node listens on, bound before anything is forked.
 *
 * Descriptors are non-blocking and close-on-exec.  Failures are logged here,
 * in words that name the address and the cure.
 */
#ifndef HOLDFAST_IO_SOCKETS_H
#define HOLDFAST_IO_SOCKETS_H

#include <stddef.h>

#include "core/config.h"

struct identity;

/* Listens on every ADDRESS ("127.0.0.1:8080", "[::]:8080", "name:port", port 0
 * lets the kernel choose) and fills FDS.  0 or a negative errno, and then
 * nothing stays open.
 */
int sockets_listen(const struct strings *addresses, int fds[CONFIG_LISTEN_MAX]);

/* Listens on the Unix socket PATH.  Whatever socket is there is stale: the
 * caller holds the lock on its directory.  Descriptor or a negative errno.
 */
int sockets_listen_unix(const char *path, const struct identity *owner);

/* The address a socket is bound to, as text that sockets_listen reads. */
void sockets_name(int fd, char *buf, size_t cap);

#endif
