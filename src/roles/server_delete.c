/* Cancelling a job, or forgetting one that has ended: 204 when it is forgotten,
 * 202 when it will be cancelled, or forgotten.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "roles/server_reply.h"

static void answer_delete(struct visit *visit, const struct call *call)
{
	/* It will be forgotten, and is shown until then. */
	bool later = call->status == EINPROGRESS;
	struct http_reply reply;
	struct view_head head;
	size_t len;
	char *body;

	if (call->status != 0 && !later) {
		reply_error(visit, -call->status);
		return;
	}
	if (call->forgets && !later) {
		reply = (struct http_reply){ .status = 204,
					     .bytes = HTTP_BYTES_STATIC };
		http_reply(visit->request, &reply);
		return;
	}
	if (read_job(visit, call->id, &head, false) != 0)
		return;
	body = served_json(visit->server,
			   (struct text){ visit->server->buf, head.json_len },
			   false, &len);
	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	reply = json_reply(202, HTTP_BYTES_TAKE, body, len);
	http_reply(visit->request, &reply);
}

/* What the record of the job, behind its JSON, says; 0 if nothing. */
static uint32_t which_of(const struct server *server,
			 const struct view_head *head)
{
	struct record record;
	struct job job;

	if (record_decode(&record, server->buf + head->json_len,
			  head->record_len) != 0 ||
	    job_decode(&job, &record) != 0)
		return 0;
	return job.round + 1;
}

void server_delete(struct visit *visit)
{
	struct server *server = visit->server;
	struct call *call = call_of(visit->request);
	struct message message = { 0 };
	struct view_head head;
	int rc;

	if (call != NULL) {
		answer_delete(visit, call);
		return;
	}
	text_copy(visit->route.about, message.id, sizeof(message.id));
	if (read_job(visit, message.id, &head, true) != 0)
		return;
	message.which = which_of(server, &head);
	message.kind =
		head.state >= JOB_READY ? MESSAGE_FORGET : MESSAGE_CANCEL;
	rc = calls_ask(&server->calls, visit->request, &message, server->now_ms,
		       &call);
	if (rc != 0) {
		reply_error(visit, rc);
		return;
	}
	call->forgets = message.kind == MESSAGE_FORGET;
}
