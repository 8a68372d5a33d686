/* client_wire - the connection of a client, and the bytes that come over it.
 *
 * Waits, until DEADLINE_MS of clock_ms() at most, and ticks while it does.  All
 * return 0 or more, or a negative errno after which the connection is to be
 * closed.
 */
#ifndef HOLDFAST_IO_CLIENT_WIRE_H
#define HOLDFAST_IO_CLIENT_WIRE_H

#include <sys/types.h>

#include "io/client.h"

int client_connect(struct client *client, int64_t deadline_ms);
int client_send(struct client *client, const char *data, size_t len,
		int64_t deadline_ms);
/* Reads more behind what is there: bytes, 0 at the end. */
ssize_t client_fill(struct client *client, int64_t deadline_ms);
/* One line of at most MAX bytes, without its end; borrowed until the next
 * read.
 */
int client_line(struct client *client, size_t max, int64_t deadline_ms,
		struct text *line);

#endif
