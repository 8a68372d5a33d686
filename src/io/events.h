/* events - what happened on this node, and why: a bounded ring on the board.
 *
 * Any process adds to it, and never waits; who dies while adding leaves one
 * entry nobody sees.  The latest BOARD_EVENTS_MAX are kept, until the node
 * ends; the log has them all.
 */
#ifndef HOLDFAST_IO_EVENTS_H
#define HOLDFAST_IO_EVENTS_H

#include "io/board.h"

enum event_kind {
	EVENT_NODE_STARTED = 1,
	EVENT_NODE_STOPPING,
	EVENT_DRAIN,
	EVENT_UNDRAIN,
	EVENT_ROLE_DIED,
	EVENT_RELOADED,
	EVENT_RELOAD_REFUSED,
	EVENT_STORAGE_FAILED,
	EVENT_STORAGE_BACK,
	EVENT_UNIT_STARTED,
	EVENT_UNIT_READY,
	EVENT_UNIT_EXITED,
	EVENT_UNIT_PAUSED, /* before the next start */
	EVENT_UNIT_STOPPED,
	EVENT_UNIT_DONE,
	EVENT_UNIT_FAILED, /* given up */
	EVENT_UNIT_SILENT, /* its watchdog ran out */
	EVENT_UNIT_MISSED, /* a time passed without a run */
	EVENT_UNIT_ENABLED,
	EVENT_UNIT_DISABLED,
	EVENT_UNIT_MOVED,
	EVENT_NODE_HEARD, /* by UDP, as these: */
	EVENT_NODE_LOST,
	EVENT_NODE_LEFT,
	EVENT_NODE_ONE_WAY,   /* heard, but it does not hear us */
	EVENT_NODE_TWIN,      /* another one has our name */
	EVENT_NODE_ELSEWHERE, /* it renews a lease that we do not see */
	EVENT_DATAGRAM_REFUSED,
	EVENT_LEADS, /* this node does */
	EVENT_LEASE_HELD,
	EVENT_LEASE_LOST,
	EVENT_LEASE_RELEASED,
	EVENT_NODE_DEAD, /* by its slot, as this: */
	EVENT_NODE_RELEASED,
	EVENT_KINDS
};

struct event {
	uint64_t number; /* from 1, growing by 1 */
	int64_t wall_ms;
	enum event_kind kind;
	char subject[BOARD_NAME_MAX + 1]; /* unit, role or job id */
	char text[BOARD_TEXT_MAX + 1];	  /* the reason, for people */
};

/* SUBJECT and text are cut to their room. */
void events_add(struct board *board, enum event_kind kind, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The earliest kept event after number AFTER; false when there is none. */
bool events_next(const struct board *board, uint64_t after,
		 struct event *event);

/* "unit-started"; the name events have outside. */
const char *events_name(enum event_kind kind);

#endif
