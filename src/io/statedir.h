/* statedir - the node-local directory STATE, and the right to use it.
 *
 * Whoever holds the lock on STATE/lock is alone in it.  The lock belongs to
 * an open file description that every process of the node inherits, so it is
 * free only when the last of them is gone.
 */
#ifndef HOLDFAST_IO_STATEDIR_H
#define HOLDFAST_IO_STATEDIR_H

#include <stdint.h>

struct identity;

/* Makes PATH with its parents and sub-directories for OWNER, refuses network
 * file systems, and takes the lock.  A holder that lives is refused at once;
 * what a dead one left behind gets PATIENCE_MS to go.  Empties STATE/work.
 * The descriptor of the lock or a negative errno; the reason is logged.
 */
int statedir_open(const char *path, const struct identity *owner,
		  int64_t patience_ms);

/* Makes PATH with its parents for OWNER where it is not there.  0 or a
 * negative errno, not logged.
 */
int statedir_make(const char *path, const struct identity *owner);

/* The name of a network file system by its number from statfs, NULL if it is
 * none we know.
 */
const char *statedir_network_name(unsigned long magic);

#endif
