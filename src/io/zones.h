/* zones - the time zones units name, each looked up once (io/zoneinfo.h). */
#ifndef HOLDFAST_IO_ZONES_H
#define HOLDFAST_IO_ZONES_H

#include "io/zoneinfo.h"

struct zones {
	struct zones_entry *first;
};

/* The zone NAME, NULL = the node's own.  It stays where it is until the end of
 * the process.  NULL, which is UTC, when there is no such zone, or no memory;
 * said in the log.
 */
const struct zone *zones_get(struct zones *zones, const char *name);

#endif
