/* notifysock - the socket behind NOTIFY_SOCKET: one per running unit.
 *
 * A datagram socket at a path, which only the unit's user (and root) may
 * write to.  It never blocks; descriptors that come along are dropped, which
 * is also the answer BARRIER=1 waits for.
 */
#ifndef HOLDFAST_IO_NOTIFYSOCK_H
#define HOLDFAST_IO_NOTIFYSOCK_H

#include <stddef.h>
#include <sys/types.h>

#define NOTIFYSOCK_DATAGRAM_MAX 4096 /* bytes */

/* Makes it at PATH, in place of what was there, for user UID ((uid_t)-1: as we
 * are).  The descriptor, or a negative errno: -ENAMETOOLONG when a socket's
 * address can't hold PATH.
 */
int notifysock_open(const char *path, uid_t uid);
/* Bytes received, longer datagrams cut; -EAGAIN when there is none. */
int notifysock_receive(int fd, void *buf, size_t cap);
/* Sends one datagram to PATH ("@…" is abstract, as sd_notify has it). */
int notifysock_send(const char *path, const void *buf, size_t len);

#endif
