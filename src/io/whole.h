/* whole - writes all of it, however many writes that takes. */
#ifndef HOLDFAST_IO_WHOLE_H
#define HOLDFAST_IO_WHOLE_H

#include <stddef.h>

/* 0 or a negative errno; then a part of it may be written.  A descriptor that
 * does not block gives -EAGAIN.
 */
int whole_write(int fd, const void *buf, size_t len);

#endif
