/* Submitting a job. */
#define _GNU_SOURCE
#include <errno.h>
#include <sodium.h>

#include "io/body.h"
#include "io/params.h"
#include "roles/jobspec.h"
#include "roles/server_reply.h"

#define FORM_TYPE   "application/x-www-form-urlencoded"
#define ID_BITS_LEN 16

/* ---- the request ---- */

static bool is_type(struct text field, const char *type)
{
	size_t len = strlen(type);

	return field.len >= len && strncasecmp(field.at, type, len) == 0 &&
	       (field.len == len || field.at[len] == ';' ||
		field.at[len] == ' ');
}

/* 0, or an answer was sent. */
static int read_body(struct visit *visit, struct body *body, bool *form)
{
	struct text type = http_field(visit->request, "Content-Type");
	struct problem problem = { .status = 422 };
	struct out out;
	char detail[JOB_NAME_MAX + 128];
	int rc;

	*form = is_type(type, FORM_TYPE);
	if (*form) {
		rc = body_form(body, visit->request->body);
	} else if (type.len == 0 || is_type(type, JSON_TYPE)) {
		rc = body_json(body, visit->request->body);
	} else {
		*body = (struct body){ 0 };
		reply_status(visit, 415, "The body has to be JSON or a form.");
		return -EINVAL;
	}
	if (rc == 0)
		return 0;
	if (rc == -ENOMEM || rc == -EBADMSG) {
		reply_status(visit, rc == -ENOMEM ? 503 : 400, body->why);
		return rc;
	}
	out = out_init(detail, sizeof(detail));
	out_string(&out, body->field);
	out_char(&out, ' ');
	out_string(&out, body->why);
	out_end(&out);
	problem.detail = text_of(detail);
	problem.field = text_of(body->field);
	reply_problem(visit, &problem, false);
	return rc;
}

static void refuse_field(struct visit *visit, struct text field,
			 const char *why)
{
	struct problem problem = { .status = 422, .field = field };
	char detail[JOB_NAME_MAX + 256];
	struct out out = out_init(detail, sizeof(detail));

	out_text(&out, field);
	out_char(&out, ' ');
	out_string(&out, why);
	out_end(&out);
	problem.detail = text_of(detail);
	reply_problem(visit, &problem, false);
}

/* Whose job will it be?  0, or an answer was sent.  Who is unknown gets a
 * cookie.
 */
static int name_user(struct visit *visit, const struct body *body,
		     char user[JOB_USER_MAX + 1], char *set_cookie)
{
	const struct asker *asker = &visit->asker;

	set_cookie[0] = '\0';
	if (body->user.len > 0 && !asker->is_operator) {
		reply_status(visit, 403,
			     "Only operators submit for somebody else.");
		return -EACCES;
	}
	if (asker->means != ASKER_UNKNOWN) {
		text_copy(body->user.len > 0 ? body->user
					     : text_of(asker->user),
			  user, JOB_USER_MAX + 1);
		return 0;
	}
	return make_user(visit, user, set_cookie);
}

/* ---- the message ---- */

static void hash_part(crypto_generichash_state *state, struct text part)
{
	uint8_t len[8];

	le64_put(len, part.len);
	crypto_generichash_update(state, len, sizeof(len));
	crypto_generichash_update(state, (const uint8_t *)part.at, part.len);
}

/* The same request of the same user under the same key has the same id on any
 * node.  Without a key each has its own; what a proxy asks again, since it got
 * no answer, is the same request.
 */
static void make_id(const struct visit *visit, struct message *message)
{
	const struct server *server = visit->server;
	struct text request = visit->asker.request;
	crypto_generichash_state state;
	uint8_t bits[ID_BITS_LEN];

	if (message->key.len == 0 && request.len == 0) {
		randombytes_buf(bits, sizeof(bits));
	} else {
		crypto_generichash_init(&state, server->id_key,
					sizeof(server->id_key), sizeof(bits));
		hash_part(&state, message->user);
		hash_part(&state, message->type);
		hash_part(&state, message->key);
		if (message->key.len == 0)
			hash_part(&state, request);
		crypto_generichash_final(&state, bits, sizeof(bits));
	}
	job_id_format(bits, message->id);
}

/* Writes what `unique` of UNIT comes to for this request to BUF; too long a
 * value is replaced by its hash.
 */
static int make_unique(const struct unit *unit, struct message *message,
		       char *buf, size_t cap)
{
	static char value[2 * PARAMS_VALUE_MAX];
	struct out out = out_init(value, sizeof(value));
	struct job job = { .type = message->type,
			   .user = message->user,
			   .key = message->key,
			   .params_count = message->params_count };
	uint8_t hash[32];
	int rc;

	if (unit->unique == UNIQUE_NONE)
		return 0;
	if (unit->unique == UNIQUE_USER) {
		out_string(&out, "user:");
		out_text(&out, message->user);
		rc = out_end(&out);
	} else {
		memcpy(job.id, message->id, sizeof(job.id));
		memcpy(job.params, message->params, sizeof(job.params));
		out_string(&out, "value:");
		rc = jobspec_expand(unit->unique_value, &job, &out);
	}
	if (rc != 0)
		return rc;
	if (out.len < cap) {
		text_copy((struct text){ value, out.len }, buf, cap);
	} else {
		crypto_generichash(hash, sizeof(hash), (const uint8_t *)value,
				   out.len, NULL, 0);
		sodium_bin2hex(buf, cap, hash, sizeof(hash));
	}
	message->unique = text_of(buf);
	return 0;
}

/* Checks the parameters and completes MESSAGE: 0, or an answer was sent. */
static int complete(struct visit *visit, const struct unit *unit,
		    struct message *message, char *unique, size_t unique_cap)
{
	struct text field = { 0 };
	const char *why = "";
	int rc;

	rc = params_check(unit, message->params, &message->params_count, &field,
			  &why);
	if (rc == -EINVAL) {
		refuse_field(visit, field, why);
		return rc;
	}
	make_id(visit, message);
	if (rc == 0)
		rc = make_unique(unit, message, unique, unique_cap);
	if (rc != 0)
		reply_status(visit, rc == -ENOMEM ? 503 : 422,
			     "The request is too long to tell it from others.");
	message->busy = unit->when_busy;
	return rc;
}

static void ask_submit(struct visit *visit, const struct body *body, bool form)
{
	struct server *server = visit->server;
	struct text key = body->key.len > 0 ? body->key
					    : http_field(visit->request,
							 "Idempotency-Key");
	const struct unit *unit = config_unit(server->config, UNIT_JOB,
					      body->type.at, body->type.len);
	struct message message = { .kind = MESSAGE_SUBMIT,
				   .type = body->type,
				   .key = key,
				   .params_count = body->params_count };
	char unique[JOB_UNIQUE_MAX + 1];
	char user[JOB_USER_MAX + 1];
	char set_cookie[COOKIE_FIELD_MAX];
	struct call *call;
	int rc;

	if (key.len > JOB_KEY_MAX || !text_is_utf8(key)) {
		refuse_field(visit, text_of("key"), "is too long or no text");
		return;
	}
	if (unit == NULL || !unit->enabled) {
		refuse_field(visit, text_of("type"), "is no kind of job here");
		return;
	}
	if (name_user(visit, body, user, set_cookie) != 0)
		return;
	message.user = text_of(user);
	memcpy(message.params, body->params, sizeof(message.params));
	if (complete(visit, unit, &message, unique, sizeof(unique)) != 0)
		return;
	rc = calls_ask(&server->calls, visit->request, &message, server->now_ms,
		       &call);
	if (rc != 0) {
		reply_error(visit, rc == -ENOSPC ? -EIO : rc);
		return;
	}
	text_copy(text_of(user), call->user, sizeof(call->user));
	text_copy(text_of(set_cookie), call->set_cookie,
		  sizeof(call->set_cookie));
	call->wants_page = form;
}

/* ---- the answer ---- */

/* Somebody else's job stands in the way: that is all one may know. */
static void reply_busy(struct visit *visit, const struct call *call,
		       bool is_own)
{
	struct problem problem = { .status = 409 };
	char url[JOB_URL_MAX];

	problem.detail = text_of(is_own ? "Such a job is there already."
					: "Somebody else's job of that kind "
					  "is there already.");
	if (is_own)
		problem.instance = text_of(
			job_url(url, sizeof(url), visit->server, call->id, ""));
	reply_problem(visit, &problem, false);
}

static void send_to_page(struct visit *visit, const struct call *call)
{
	struct http_reply reply = { .status = 303, .bytes = HTTP_BYTES_STATIC };
	char url[JOB_URL_MAX];
	struct out out = out_init(url, sizeof(url));

	out_string(&out, visit->server->config->http.base);
	out_char(&out, '#');
	out_string(&out, call->id);
	out_end(&out);
	http_add_field(&reply, "Location", url);
	http_add_field(&reply, "Set-Cookie", call->set_cookie);
	http_reply(visit->request, &reply);
}

static void reply_accepted(struct visit *visit, const struct call *call,
			   const struct view_head *head)
{
	struct server *server = visit->server;
	bool ended = head->state >= JOB_READY;
	struct http_reply reply;
	char url[JOB_URL_MAX];
	char tag[TAG_MAX];
	size_t len;
	char *body = served_json(server,
				 (struct text){ server->buf, head->json_len },
				 call->joined, &len);

	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	etag_of_version(tag, head->version, false);
	reply = json_reply(202, HTTP_BYTES_TAKE, body, len);
	http_add_field(&reply, "Location",
		       job_url(url, sizeof(url), server, call->id, ""));
	http_add_field(&reply, "ETag", tag);
	if (!ended)
		http_add_field(&reply, "Retry-After", RETRY_S);
	http_add_field(&reply, "Set-Cookie", call->set_cookie);
	http_reply(visit->request, &reply);
}

static void answer_submit(struct visit *visit, const struct call *call)
{
	struct server *server = visit->server;
	struct view_head head;
	bool is_own;
	int rc = -call->status;

	if (rc != 0 && rc != -EEXIST) {
		if (rc == -ENOENT)
			refuse_field(visit, text_of("type"),
				     "is no kind of job here");
		else
			reply_error(visit, rc);
		return;
	}
	/* The user may be one that has no cookie yet. */
	text_copy(text_of(call->user), visit->asker.user,
		  sizeof(visit->asker.user));
	if (server->view == NULL ||
	    view_read_job(server->view, call->id, &head, server->buf,
			  sizeof(server->buf), false) != 0) {
		reply_error(visit, -EIO);
		return;
	}
	is_own = visit->asker.is_operator || strcmp(head.user, call->user) == 0;
	if (rc == -EEXIST || !is_own)
		reply_busy(visit, call, is_own);
	else if (call->wants_page)
		send_to_page(visit, call);
	else
		reply_accepted(visit, call, &head);
}

void server_submit(struct visit *visit)
{
	const struct server *server = visit->server;
	const struct call *call = visit->request->state;
	struct body body;
	bool form;

	if (call != NULL) {
		answer_submit(visit, call);
		return;
	}
	if (!server->has_secret || server->stopping ||
	    atomic_load(&server->heritage->board->ready) == 0) {
		reply_status(visit, 503, "The node takes no jobs right now.");
		return;
	}
	if (read_body(visit, &body, &form) == 0)
		ask_submit(visit, &body, form);
	body_fini(&body);
}
