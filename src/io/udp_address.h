/* udp_address - endpoints in the system's form, for io/udp.h and resolve. */
#ifndef HOLDFAST_IO_UDP_ADDRESS_H
#define HOLDFAST_IO_UDP_ADDRESS_H

#include <sys/socket.h>

#include "core/endpoint.h"

/* Fills in ADDRESS, of IPv4 as of IPv6 when MAPPED; its length. */
socklen_t udp_to_system(const struct endpoint *endpoint, bool mapped,
			struct sockaddr_storage *address);

/* Reads no more of ADDRESS than its family has; of another one it is all
 * zeros.
 */
struct endpoint udp_from_system(const struct sockaddr_storage *address);

#endif
