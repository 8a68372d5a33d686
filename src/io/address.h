/* address - "127.0.0.1:8080" and "[::]:8080" to what bind takes.
 *
 * Numbers only: no name is ever looked up here.
 */
#ifndef HOLDFAST_IO_ADDRESS_H
#define HOLDFAST_IO_ADDRESS_H

#include <sys/socket.h>

#include "core/text.h"

/* 0 or -EINVAL.  Port 0 is refused. */
int address_parse(struct text text, struct sockaddr_storage *address,
		  socklen_t *len);

/* Is TEXT an IPv4 or IPv6 address, without brackets and port? */
bool address_is_ip(struct text text);

/* An address, address:port or dns:NAME[:port], as `peers` has them? */
bool address_is_peer(struct text text);

#endif
