/* One job: what a page polls. */
#define _GNU_SOURCE
#include <errno.h>

#include "roles/server_behind.h"
#include "roles/server_reply.h"

#define STALE_NAME ",\"stale_s\":"

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

/* What its node said last is old: SECONDS are told. */
static void send_stale(struct visit *visit, const struct view_head *head,
		       const char *tag, int64_t seconds)
{
	struct server *server = visit->server;
	struct text json = { server->buf, head->json_len };
	char words[JOB_JSON_MAX + sizeof(STALE_NAME) + 24];
	struct out out = out_init(words, sizeof(words));
	struct http_reply reply;
	size_t len;
	char *body;

	json.len--; /* the closing brace */
	out_text(&out, json);
	out_string(&out, STALE_NAME);
	out_i64(&out, seconds);
	out_char(&out, '}');
	json = (struct text){ words, out.len };
	body = out_end(&out) == 0 ? served_json(server, json, false, &len)
				  : NULL;
	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	reply = json_reply(200, HTTP_BYTES_TAKE, body, len);
	http_add_field(&reply, "ETag", tag);
	http_reply(visit->request, &reply);
}

/* Seconds without a word of the node that runs it, 0 when there was one. */
static int64_t silence_s(struct visit *visit, const char *id,
			 struct view_head *head)
{
	struct server *server = visit->server;
	struct record record;
	struct job job;

	if (server->stale.count == 0 || head->state != JOB_PROCESSING ||
	    view_read_job(server->view, id, head, server->buf,
			  sizeof(server->buf), true) != 0 ||
	    record_decode(&record, server->buf + head->json_len,
			  head->record_len) != 0 ||
	    job_decode(&job, &record) != 0 || head->state != JOB_PROCESSING)
		return 0;
	return stale_s(&server->stale, job.node, server->now_ms);
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
	struct version seen;
	char id[JOB_ID_LEN + 1];
	char tag[TAG_MAX];
	uint64_t hash;
	int64_t wait_ms;
	int64_t stale;
	bool listed;

	text_copy(visit->route.about, id, sizeof(id));
	if (wait_asked(visit, &wait_ms) != 0 ||
	    read_job(visit, id, &head, false) != 0)
		return;
	stale = silence_s(visit, id, &head);
	etag_of_version(tag, head.version, stale > 0);
	hash = board_hash(id, JOB_ID_LEN);
	listed = etag_is_listed(http_field(visit->request, "If-None-Match"),
				text_of(tag));
	if (behind_client(visit, &head, &seen)) {
		listed = true;
		etag_of_version(tag, seen, false);
		if (wait_ms == 0)
			wait_ms = BEHIND_MS;
	}
	if (is_same(visit, &head, listed, wait_ms) &&
	    park(visit, &head, hash, wait_ms))
		return;
	if (listed)
		send_unchanged(visit, tag);
	else if (stale > 0)
		send_stale(visit, &head, tag, stale);
	else
		send_job(visit, id, hash, &head, tag);
}
