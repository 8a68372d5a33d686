/* knock - is somebody listening on a TCP port?
 *
 * One attempt at a time, which never waits: whoever knocked watches the
 * descriptor until it can be written to, then asks how it went.  No name is
 * looked up; "PORT" and "localhost:PORT" are this machine, by IPv4 first and
 * IPv6 then.
 */
#ifndef HOLDFAST_IO_KNOCK_H
#define HOLDFAST_IO_KNOCK_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/text.h"

#define KNOCK_WAYS 2

struct knock {
	struct sockaddr_storage ways[KNOCK_WAYS];
	socklen_t lens[KNOCK_WAYS];
	size_t count;
	size_t next; /* way to be tried */
	int fd;	     /* of the attempt under way, -1 = none */
};

/* PLACE is "PORT" or "HOST:PORT".  0 or -EINVAL. */
int knock_init(struct knock *knock, struct text place);

/* Tries all ways.  1 when somebody is there, 0 when nobody is, -EINPROGRESS
 * when that is not known yet: then watch FD.  An earlier attempt is over.
 */
int knock_try(struct knock *knock);
/* FD, not watched any more, can be written to: goes on, as above. */
int knock_ask(struct knock *knock);
void knock_close(struct knock *knock);

#endif
