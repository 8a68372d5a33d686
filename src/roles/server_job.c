/* One job: what a page polls. */
#define _GNU_SOURCE
#include <errno.h>

#include "core/etag.h"
#include "roles/server_reply.h"

/* ---- answers kept for polls ---- */

static struct server_ready *place(struct server *server, uint64_t hash)
{
	return &server->ready[hash & (SERVER_READY_MEMORY - 1)];
}

static void send_job(struct visit *visit, const char *id, uint64_t hash,
		     const struct view_head *head, const char *tag)
{
	struct server *server = visit->server;
	struct server_ready *ready = place(server, hash);
	struct http_reply reply;
	size_t len;
	char *body;

	if (ready->answer != NULL && strcmp(ready->id, id) == 0 &&
	    version_compare(ready->version, head->version) == 0) {
		http_send(visit->request, ready->answer);
		return;
	}
	body = served_json(server, (struct text){ server->buf, head->json_len },
			   false, &len);
	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	reply = json_reply(200, HTTP_BYTES_TAKE, body, len);
	http_add_field(&reply, "ETag", tag);
	http_answer_free(ready->answer);
	ready->answer = http_answer_new(&reply);
	if (ready->answer == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	text_copy(text_of(id), ready->id, sizeof(ready->id));
	ready->version = head->version;
	http_send(visit->request, ready->answer);
}

static void send_unchanged(struct visit *visit, const char *tag)
{
	struct http_reply reply = json_reply(304, HTTP_BYTES_STATIC, "", 0);

	http_add_field(&reply, "ETag", tag);
	http_reply(visit->request, &reply);
}

/* ---- waiting ---- */

/* Is it what the client has, as far as we know? */
static bool is_same(struct visit *visit, const struct view_head *head,
		    bool listed, int64_t wait_ms)
{
	const struct wait *wait = visit->request->state;

	if (listed)
		return true;
	if (http_field(visit->request, "If-None-Match").len > 0)
		return false;
	if (wait != NULL)
		return version_compare(wait->version, head->version) == 0;
	/* What has ended changes no more: nothing to wait for. */
	return wait_ms > 0 && head->state < JOB_READY;
}

static bool park(struct visit *visit, const struct view_head *head,
		 uint64_t hash, int64_t wait_ms)
{
	struct server *server = visit->server;
	struct wait *wait = visit->request->state;

	if (wait_ms == 0 || server->stopping)
		return false;
	if (wait == NULL) {
		wait = wait_new(visit->request, server->now_ms + wait_ms);
		if (wait == NULL)
			return false;
		wait->version = head->version;
	}
	if (wait->deadline_ms <= server->now_ms)
		return false;
	waits_park(&server->waits, wait, hash, false);
	return true;
}

void server_job(struct visit *visit)
{
	struct view_head head;
	char id[JOB_ID_LEN + 1];
	char tag[TAG_MAX];
	uint64_t hash;
	int64_t wait_ms;
	bool listed;

	text_copy(visit->route.about, id, sizeof(id));
	if (wait_asked(visit, &wait_ms) != 0 ||
	    read_job(visit, id, &head, false) != 0)
		return;
	tag_of_version(tag, head.version);
	hash = board_hash(id, JOB_ID_LEN);
	listed = etag_is_listed(http_field(visit->request, "If-None-Match"),
				text_of(tag));
	if (is_same(visit, &head, listed, wait_ms) &&
	    park(visit, &head, hash, wait_ms))
		return;
	if (listed)
		send_unchanged(visit, tag);
	else
		send_job(visit, id, hash, &head, tag);
}
