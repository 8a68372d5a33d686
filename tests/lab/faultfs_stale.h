/* faultfs_stale - files as they were, but for what was written here since: what
 * a cache shows that nobody tells of the writes of others.
 */
#ifndef HOLDFAST_TESTS_LAB_FAULTFS_STALE_H
#define HOLDFAST_TESTS_LAB_FAULTFS_STALE_H

#include <sys/types.h>

/* Of PATH as it was at the first such read since the last "clear"; FD is open
 * on what it is by now.  As pread.
 */
ssize_t stale_read(const char *path, int fd, void *buf, size_t size,
		   off_t offset);
/* Something was written to PATH here. */
void stale_write(const char *path, const void *buf, size_t size, off_t offset);

#endif
