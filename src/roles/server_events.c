/* What happened on this node, and why. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "io/events.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

#define EVENT_BYTES (3 * (BOARD_NAME_MAX + BOARD_TEXT_MAX) + 256)
#define LIMIT_MAX   500 /* events of one answer */

static void write_event(struct out *out, const struct event *event)
{
	out_string(out, "{\"number\":");
	out_u64(out, event->number);
	out_string(out, ",\"time\":\"");
	out_time(out, event->wall_ms);
	out_string(out, "\",\"event\":\"");
	out_string(out, events_name(event->kind));
	out_string(out, "\",\"subject\":");
	out_json(out, text_of(event->subject));
	out_string(out, ",\"text\":");
	out_json(out, text_of(event->text));
	out_char(out, '}');
}

void server_events(struct visit *visit)
{
	const struct board *board = visit->server->heritage->board;
	struct text text;
	size_t cap = (size_t)LIMIT_MAX * EVENT_BYTES;
	uint64_t after = 0;
	struct event event;
	struct out out;
	unsigned count = 0;
	char *body;

	if (reply_unless_operator(visit))
		return;
	if (http_query(visit->request, "after", &text) &&
	    !text_to_u64(text, UINT64_MAX - 1, &after)) {
		reply_status(visit, 400, "after is the number of an event.");
		return;
	}
	body = malloc(cap);
	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	out = out_init(body, cap);
	out_string(&out, "{\"events\":[");
	while (count < LIMIT_MAX && events_next(board, after, &event)) {
		if (count++ > 0)
			out_char(&out, ',');
		write_event(&out, &event);
		after = event.number;
	}
	out_string(&out, "],\"after\":");
	out_u64(&out, after);
	out_char(&out, '}');
	if (out_end(&out) != 0) {
		free(body);
		reply_status(visit, 503, "There are too many events.");
		return;
	}
	reply_changing(visit, body, out.len, "");
}
