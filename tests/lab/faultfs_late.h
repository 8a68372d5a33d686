/* faultfs_late - writes nobody waits for any more, and that are done later. */
#ifndef HOLDFAST_TESTS_LAB_FAULTFS_LATE_H
#define HOLDFAST_TESTS_LAB_FAULTFS_LATE_H

#include <sys/types.h>

/* After MS; 0: at the next "clear". */
void late_write(int fd, const char *buf, size_t size, off_t offset, long ms);

#endif
