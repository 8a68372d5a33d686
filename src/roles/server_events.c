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

/* Where to begin: behind the event AFTER, and no further back than LIMIT
 * events.  False when the request says that in a wrong way; it is answered.
 */
static bool begin(struct visit *visit, uint64_t *after)
{
	uint64_t latest = atomic_load(&visit->server->heritage->board->event);
	uint64_t limit = UINT64_MAX;
	struct text text;

	*after = 0;
	if (http_query(visit->request, "after", &text) &&
	    !text_to_u64(text, UINT64_MAX - 1, after)) {
		reply_status(visit, 400, "after is the number of an event.");
		return false;
	}
	if (http_query(visit->request, "limit", &text) &&
	    !text_to_u64(text, UINT64_MAX, &limit)) {
		reply_status(visit, 400, "limit is a number of events.");
		return false;
	}
	if (latest > limit && *after < latest - limit)
		*after = latest - limit;
	return true;
}

/* BODY is from malloc.  Only who has nothing to hear yet waits. */
static void reply_events(struct visit *visit, char *body, size_t len,
			 unsigned count)
{
	struct http_reply reply;

	if (count == 0 || http_field(visit->request, "If-None-Match").len > 0) {
		reply_changing(visit, body, len, "");
		return;
	}
	reply = json_reply(200, HTTP_BYTES_TAKE, body, len);
	http_reply(visit->request, &reply);
}

void server_events(struct visit *visit)
{
	const struct board *board = visit->server->heritage->board;
	size_t cap = (size_t)LIMIT_MAX * EVENT_BYTES;
	uint64_t after;
	struct event event;
	struct out out;
	unsigned count = 0;
	char *body;

	if (reply_unless_operator(visit) || !begin(visit, &after))
		return;
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
	reply_events(visit, body, out.len, count);
}
