#define _GNU_SOURCE
#include "roles/server_reply.h"

#include <errno.h>
#include <stdlib.h>

#include "roles/server_behind.h"

#define HREF "\"href\":\"/"

void reply_problem(struct visit *visit, const struct problem *problem,
		   bool retry)
{
	char body[PROBLEM_JSON_MAX];
	int len = problem_json(problem, body, sizeof(body));
	struct http_reply reply = {
		.status = problem->status,
		.body = { body, len > 0 ? (size_t)len : 0 },
	};

	http_add_field(&reply, "Content-Type", PROBLEM_TYPE);
	http_add_field(&reply, "Cache-Control", "no-store");
	http_add_field(&reply, "X-Content-Type-Options", "nosniff");
	if (retry)
		http_add_field(&reply, "Retry-After", RETRY_S);
	if (problem->status == 405)
		http_add_field(&reply, "Allow",
			       route_allow(visit->route.methods));
	if (problem->status == 401)
		http_add_field(&reply, "WWW-Authenticate", "Bearer");
	http_reply(visit->request, &reply);
}

void reply_status(struct visit *visit, unsigned status, const char *detail)
{
	struct problem problem = { .status = status,
				   .detail = text_of(detail) };

	reply_problem(visit, &problem, status == 503 || status == 507);
}

void reply_error(struct visit *visit, int rc)
{
	switch (-rc) {
	case ENOENT:
		reply_status(visit, 404, "There is no such job.");
		break;
	case EINVAL:
		reply_status(visit, 409,
			     "The state of the job does not allow it.");
		break;
	case EAGAIN:
		reply_status(visit, 503, "Too many jobs wait already.");
		break;
	case EHOSTUNREACH:
		reply_status(visit, 503,
			     "That is for the node to do that leads the "
			     "cluster, and this one does not.");
		break;
	case ENOSPC:
	case EDQUOT:
		reply_status(visit, 507, "The shared storage is full.");
		break;
	default:
		reply_status(visit, 503,
			     "The journal can't be written or read now.");
	}
}

struct http_reply json_reply(unsigned status, enum http_bytes bytes,
			     const char *body, size_t len)
{
	struct http_reply reply = { .status = status,
				    .bytes = bytes,
				    .body = { body, len } };

	http_add_field(&reply, "Content-Type", JSON_TYPE);
	http_add_field(&reply, "Cache-Control", "private, no-store");
	http_add_field(&reply, "X-Content-Type-Options", "nosniff");
	return reply;
}

int wait_asked(struct visit *visit, int64_t *ms)
{
	struct text text;

	*ms = 0;
	if (!http_query(visit->request, "wait", &text) || wait_parse(text, ms))
		return 0;
	reply_status(visit, 400, "wait is a duration like 25s.");
	return -EINVAL;
}

/* Source: FNV-1a, 64 bits (Fowler, Noll, Vo), a word at a time. */
uint64_t reply_tag(const char *body, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ len;

	for (; len >= sizeof(hash); len -= sizeof(hash)) {
		uint64_t word;

		memcpy(&word, body, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
		body += sizeof(word);
	}
	return hash ^ board_hash(body, len);
}

/* Should the request wait for another body than that with HASH? */
static bool is_to_wait(struct visit *visit, bool listed, uint64_t hash,
		       int64_t wait_ms)
{
	struct server *server = visit->server;
	struct wait *wait = visit->request->state;
	bool same = wait != NULL ? wait->tag == hash || listed : wait_ms > 0;

	if (wait == NULL && http_field(visit->request, "If-None-Match").len > 0)
		same = listed;
	if (!same || wait_ms == 0 || server->stopping)
		return false;
	if (wait == NULL) {
		wait = wait_new(visit->request, server->now_ms + wait_ms);
		if (wait == NULL)
			return false;
		wait->tag = hash;
	}
	if (wait->deadline_ms <= server->now_ms)
		return false;
	waits_park(&server->waits, wait, 0, true);
	return true;
}

void reply_changing(struct visit *visit, char *body, size_t len,
		    const char *set_cookie)
{
	reply_changing_as(visit, body, len, reply_tag(body, len), set_cookie);
}

void reply_changing_as(struct visit *visit, char *body, size_t len,
		       uint64_t hash, const char *set_cookie)
{
	struct text listed = http_field(visit->request, "If-None-Match");
	struct http_reply reply;
	char tag[TAG_MAX];
	struct out out = out_init(tag, sizeof(tag));
	bool has_it;
	int64_t wait_ms;

	out_string(&out, "\"b-");
	out_hex(&out, hash, 16);
	out_char(&out, '"');
	out_end(&out);
	has_it = etag_is_listed(listed, text_of(tag));
	if (wait_asked(visit, &wait_ms) != 0 ||
	    (*set_cookie == '\0' && is_to_wait(visit, has_it, hash, wait_ms))) {
		free(body);
		return;
	}
	if (has_it) {
		free(body);
		reply = json_reply(304, HTTP_BYTES_STATIC, "", 0);
	} else {
		reply = json_reply(200, HTTP_BYTES_TAKE, body, len);
	}
	http_add_field(&reply, "ETag", tag);
	http_add_field(&reply, "Set-Cookie", set_cookie);
	http_reply(visit->request, &reply);
}

int read_job(struct visit *visit, const char *id, struct view_head *head,
	     bool with_record)
{
	struct server *server = visit->server;
	int rc = -EIO;

	if (server->view != NULL)
		rc = view_read_job(server->view, id, head, server->buf,
				   sizeof(server->buf), with_record);
	if (rc == -ENOENT && behind_unknown(visit, id))
		return -EAGAIN;
	behind_known(visit);
	/* Other people's jobs are not there. */
	if (rc == 0 &&
	    (head->forgotten || (!visit->asker.is_operator &&
				 strcmp(head->user, visit->asker.user) != 0)))
		rc = -ENOENT;
	if (rc != 0)
		reply_error(visit, rc);
	return rc;
}

int make_user(const struct visit *visit, char *user, char *field)
{
	const struct server *server = visit->server;
	const struct cookie_wish wish = { .base = server->config->http.base,
					  .secure = visit->asker.secure,
					  .request = visit->asker.request };

	return cookie_make(&server->cookie, &wish, user, field,
			   COOKIE_FIELD_MAX);
}

const char *job_url(char *buf, size_t cap, const struct server *server,
		    const char *id, const char *rest)
{
	struct out out = out_init(buf, cap);

	out_string(&out, server->config->http.base);
	out_string(&out, "v1/jobs/");
	out_string(&out, id);
	out_string(&out, rest);
	return out_end(&out) == 0 ? buf : "/";
}

/* Takes what is in front of AT off TEXT. */
static struct text cut_front(struct text *text, const char *at)
{
	struct text front = { text->at, (size_t)(at - text->at) };

	text->len -= front.len;
	text->at = at;
	return front;
}

char *served_json(const struct server *server, struct text json, bool joined,
		  size_t *len)
{
	static const char mark[] = "{\"joined\":true,";
	const char *base = server->config->http.base;
	size_t cap = json.len + sizeof(mark) + strlen(base) + 1;
	char *body = malloc(cap);
	struct out out = out_init(body, cap);
	const char *href = NULL;

	if (body == NULL)
		return NULL;
	if (joined && json.len > 0) {
		out_string(&out, mark);
		cut_front(&json, json.at + 1);
	}
	/* The journal writes links from the root; in strings of others the
	 * quotes would be escaped. */
	if (base[1] != '\0')
		href = memmem(json.at, json.len, HREF, sizeof(HREF) - 1);
	if (href != NULL) {
		href += sizeof(HREF) - 2;
		out_text(&out, cut_front(&json, href));
		out_string(&out, base);
		cut_front(&json, href + 1);
	}
	out_text(&out, json);
	*len = out.len;
	return body;
}
