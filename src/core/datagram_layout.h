/* datagram_layout - tags and sizes of core/datagram.c and its reader. */
#ifndef HOLDFAST_CORE_DATAGRAM_LAYOUT_H
#define HOLDFAST_CORE_DATAGRAM_LAYOUT_H

#include "core/datagram.h"

#define HEARS_BYTES 10 /* of one entry */
#define AGE_UNIT_MS 10

enum {
	TAG_NODE = 1,
	TAG_INCARNATION = 2,
	TAG_SEQUENCE = 3,
	TAG_SENT = 4,
	TAG_INTERVAL = 5,
	TAG_FLAGS = 6,
	TAG_ADDRESS = 7,
	TAG_VERSION = 8,
	TAG_TAGS = 9,
	TAG_PLACE = 10,
	TAG_LOAD = 11,
	TAG_HEARS = 12,
	TAG_LOOK = 13,
	TAG_PROGRESS = HINT_TAG,
};

/* Within place. */
enum {
	PLACE_SLOT = 1,
	PLACE_GENERATION = 2,
	PLACE_EPOCH = 3,
	PLACE_SEGMENT = 4,
	PLACE_OFFSET = 5,
};

/* Within load. */
enum {
	LOAD_BUSY = 1,
	LOAD_CORES = 2,
	LOAD_PLACES = 3,
	LOAD_RUNNING = 4,
	LOAD_PENDING = 5,
	LOAD_SINGLETONS = 6,
};

/* Within a look. */
enum { LOOK_KIND = 1, LOOK_AT = 2, LOOK_NUMBER = 3 };

#endif
