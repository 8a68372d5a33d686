/* endpoint - an address and port of IPv4 or IPv6, as plain bytes.
 *
 * Pure.  IPv4 is kept as IPv6 keeps it, ::ffff:a.b.c.d, so that two are equal
 * whichever kind of socket they came from.
 */
#ifndef HOLDFAST_CORE_ENDPOINT_H
#define HOLDFAST_CORE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct endpoint {
	uint8_t ip[16];
	uint16_t port;	/* host byte order */
	uint32_t scope; /* index of the interface of a link-local address */
};

static inline bool endpoint_equal(const struct endpoint *a,
				  const struct endpoint *b)
{
	return a->port == b->port && a->scope == b->scope &&
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static inline bool endpoint_is_ip4(const struct endpoint *endpoint)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(endpoint->ip, mapped, sizeof(mapped)) == 0;
}

#endif
