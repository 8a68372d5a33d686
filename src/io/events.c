#define _GNU_SOURCE
#include "io/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/clock.h"

static const char *const names[EVENT_KINDS] = {
	[EVENT_NODE_STARTED] = "node-started",
	[EVENT_NODE_STOPPING] = "node-stopping",
	[EVENT_DRAIN] = "drain",
	[EVENT_UNDRAIN] = "undrain",
	[EVENT_ROLE_DIED] = "role-died",
	[EVENT_RELOADED] = "reloaded",
	[EVENT_RELOAD_REFUSED] = "reload-refused",
	[EVENT_STORAGE_FAILED] = "storage-failed",
	[EVENT_STORAGE_BACK] = "storage-back",
	[EVENT_UNIT_STARTED] = "unit-started",
	[EVENT_UNIT_READY] = "unit-ready",
	[EVENT_UNIT_EXITED] = "unit-exited",
	[EVENT_UNIT_PAUSED] = "unit-paused",
	[EVENT_UNIT_STOPPED] = "unit-stopped",
	[EVENT_UNIT_DONE] = "unit-done",
	[EVENT_UNIT_FAILED] = "unit-failed",
	[EVENT_UNIT_SILENT] = "unit-silent",
	[EVENT_UNIT_MISSED] = "unit-missed",
	[EVENT_UNIT_ENABLED] = "unit-enabled",
	[EVENT_UNIT_DISABLED] = "unit-disabled",
	[EVENT_UNIT_MOVED] = "unit-moved",
	[EVENT_NODE_HEARD] = "node-heard",
	[EVENT_NODE_LOST] = "node-lost",
	[EVENT_NODE_LEFT] = "node-left",
	[EVENT_NODE_ONE_WAY] = "node-one-way",
	[EVENT_NODE_TWIN] = "node-twin",
	[EVENT_NODE_ELSEWHERE] = "node-elsewhere",
	[EVENT_DATAGRAM_REFUSED] = "datagram-refused",
	[EVENT_LEADS] = "leads",
	[EVENT_LEASE_HELD] = "lease-held",
	[EVENT_LEASE_LOST] = "lease-lost",
	[EVENT_LEASE_RELEASED] = "lease-released",
	[EVENT_NODE_DEAD] = "node-dead",
	[EVENT_NODE_RELEASED] = "node-released",
};

const char *events_name(enum event_kind kind)
{
	return kind > 0 && kind < EVENT_KINDS ? names[kind] : "unknown";
}

void events_add(struct board *board, enum event_kind kind, const char *subject,
		const char *format, ...)
{
	uint64_t number = atomic_fetch_add(&board->event, 1) + 1;
	struct board_event *entry = &board->events[number % BOARD_EVENTS_MAX];
	va_list args;

	atomic_store(&entry->number, 0);
	atomic_thread_fence(memory_order_seq_cst);
	entry->wall_ms = clock_wall_ms();
	entry->kind = kind;
	snprintf(entry->subject, sizeof(entry->subject), "%s", subject);
	va_start(args, format);
	vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	atomic_store(&entry->number, number);
}

/* False when it is not there: not yet, no more, or never written. */
static bool copy(const struct board *board, uint64_t number,
		 struct event *event)
{
	const struct board_event *entry =
		&board->events[number % BOARD_EVENTS_MAX];

	if (atomic_load(&entry->number) != number)
		return false;
	event->number = number;
	event->wall_ms = entry->wall_ms;
	event->kind = (enum event_kind)entry->kind;
	memcpy(event->subject, entry->subject, sizeof(event->subject));
	memcpy(event->text, entry->text, sizeof(event->text));
	event->subject[BOARD_NAME_MAX] = '\0';
	event->text[BOARD_TEXT_MAX] = '\0';
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&entry->number) == number;
}

bool events_next(const struct board *board, uint64_t after, struct event *event)
{
	uint64_t latest = atomic_load(&board->event);
	uint64_t number = after + 1;

	if (latest > BOARD_EVENTS_MAX && number <= latest - BOARD_EVENTS_MAX)
		number = latest - BOARD_EVENTS_MAX + 1;
	for (; number <= latest; number++)
		if (copy(board, number, event))
			return true;
	return false;
}
