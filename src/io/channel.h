/* channel - one end of a SOCK_SEQPACKET pair: whole messages or nothing.
 *
 * Never blocks.  Ends are close-on-exec; a fork inherits them.
 */
#ifndef HOLDFAST_IO_CHANNEL_H
#define HOLDFAST_IO_CHANNEL_H

#include <stddef.h>

/* Makes the two ends; 0 or a negative errno. */
int channel_pair(int ends[2]);
/* 0; -EAGAIN when the other end is not reading fast enough (nothing was
 * sent); -EMSGSIZE; -EPIPE when every other end is closed.
 */
int channel_send(int fd, const void *buf, size_t len);
/* Bytes received; -EAGAIN when there is none; 0 when the other end is gone.
 * A message that does not fit is dropped whole: -EMSGSIZE.
 */
int channel_receive(int fd, void *buf, size_t cap);

#endif
