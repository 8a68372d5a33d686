/* The list of jobs. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "roles/server_reply.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     1000
#define FIRST_BYTES   4096

struct listing {
	const struct server *server;
	char *at; /* NULL once memory was short */
	size_t len;
	size_t cap;
	unsigned count;
	char last[JOB_ID_LEN + 1];
};

static void append(struct listing *listing, const char *at, size_t len)
{
	if (listing->at == NULL)
		return;
	if (listing->cap - listing->len < len) {
		size_t cap = (listing->cap + len) * 2;
		char *grown = realloc(listing->at, cap);

		if (grown == NULL) {
			free(listing->at);
			listing->at = NULL;
			return;
		}
		listing->at = grown;
		listing->cap = cap;
	}
	memcpy(listing->at + listing->len, at, len);
	listing->len += len;
}

static bool add_job(void *arg, const char *id, struct text json)
{
	struct listing *listing = arg;
	size_t len;
	char *served;

	if (listing->count++ > 0)
		append(listing, ",", 1);
	if (listing->server->config->http.base[1] == '\0') {
		append(listing, json.at, json.len);
	} else {
		served = served_json(listing->server, json, false, &len);
		if (served != NULL)
			append(listing, served, len);
		free(served);
	}
	text_copy(text_of(id), listing->last, sizeof(listing->last));
	return listing->at != NULL;
}

/* Reads the query; 0, or an answer was sent. */
static int read_query(struct visit *visit, struct view_query *query)
{
	struct text text;
	uint64_t limit = LIMIT_DEFAULT;
	const char *why = NULL;

	*query = (struct view_query){ 0 };
	http_query(visit->request, "type", &query->type);
	http_query(visit->request, "after", &query->after);
	if (visit->asker.is_operator)
		http_query(visit->request, "user", &query->user);
	else
		query->user = text_of(visit->asker.user);
	if (http_query(visit->request, "state", &text) && text.len > 0) {
		query->state = job_state_of(text);
		if (query->state == 0)
			why = "There is no such state.";
	}
	if (http_query(visit->request, "limit", &text) &&
	    (!text_to_u64(text, LIMIT_MAX, &limit) || limit == 0))
		why = "limit is a number from 1 to 1000.";
	if (query->after.len > 0 && !job_id_is_valid(query->after))
		why = "after is the id of a job.";
	query->limit = (unsigned)limit;
	if (why != NULL)
		reply_status(visit, 400, why);
	return why != NULL ? -EINVAL : 0;
}

static int read_jobs(struct visit *visit, const struct view_query *query,
		     struct listing *listing, bool *more)
{
	struct server *server = visit->server;
	int rc = -EIO;

	*more = false;
	/* Who is unknown has no jobs; an empty user would mean everybody. */
	if (visit->asker.means == ASKER_UNKNOWN)
		return 0;
	if (server->view != NULL)
		rc = view_read_list(server->view, query, add_job, listing,
				    more);
	if (rc == -ENOENT)
		reply_status(visit, 400, "after is no job that is known.");
	else if (rc != 0)
		reply_error(visit, rc);
	return rc;
}

void server_list(struct visit *visit)
{
	struct server *server = visit->server;
	struct listing listing = { .server = server, .cap = FIRST_BYTES };
	struct view_query query;
	char set_cookie[COOKIE_FIELD_MAX] = "";
	char user[COOKIE_USER_LEN + 1];
	bool more;

	if (read_query(visit, &query) != 0)
		return;
	listing.at = malloc(listing.cap);
	append(&listing, "{\"jobs\":[", 9);
	if (read_jobs(visit, &query, &listing, &more) != 0) {
		free(listing.at);
		return;
	}
	append(&listing, "]", 1);
	if (more) {
		append(&listing, ",\"next\":\"", 9);
		append(&listing, listing.last, strlen(listing.last));
		append(&listing, "\"", 1);
	}
	append(&listing, "}", 1);
	if (listing.at == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	if (visit->asker.means == ASKER_UNKNOWN && server->has_secret)
		make_user(visit, user, set_cookie);
	reply_changing(visit, listing.at, listing.len, set_cookie);
}
