/* server_reply - the answers handlers have in common. */
#ifndef HOLDFAST_ROLES_SERVER_REPLY_H
#define HOLDFAST_ROLES_SERVER_REPLY_H

#include "core/etag.h"
#include "core/problem.h"
#include "roles/server.h"

#define TAG_MAX	  ETAG_VERSION_MAX
#define JSON_TYPE "application/json"
#define RETRY_S	  "1" /* when to try again what failed for now */

/* Sends PROBLEM; RETRY says whether to try again soon. */
void reply_problem(struct visit *visit, const struct problem *problem,
		   bool retry);
/* The same with nothing but a sentence. */
void reply_status(struct visit *visit, unsigned status, const char *detail);
/* For what a status of the journal role or the view means: a negative errno. */
void reply_error(struct visit *visit, int rc);

/* Begins a reply whose body is JSON of LEN bytes at BODY. */
struct http_reply json_reply(unsigned status, enum http_bytes bytes,
			     const char *body, size_t len);
/* Sends BODY, from malloc, which is taken over, with TAG; or 304 when the
 * client has it; or parks the request until anything changes when it wants to
 * wait.  SET_COOKIE may be "".
 */
void reply_changing(struct visit *visit, char *body, size_t len,
		    const char *set_cookie);
/* The same for a body that holds what always changes, ages and the like: TAG
 * is the reply_tag() of a body without.
 */
void reply_changing_as(struct visit *visit, char *body, size_t len,
		       uint64_t tag, const char *set_cookie);
uint64_t reply_tag(const char *body, size_t len);

/* The wait a request asks for: 0 and *MS, or an answer was sent and -EINVAL. */
int wait_asked(struct visit *visit, int64_t *ms);

/* Makes a user for whoever has no name, and the Set-Cookie FIELD, of
 * COOKIE_FIELD_MAX, that tells them.  0 or -ENOSPC.
 */
int make_user(const struct visit *visit, char *user, char *field);

/* Copies job ID to server->buf if the asker may see it: 0; or a negative errno,
 * and an answer was sent, or in a cluster the request is held: who asks may
 * have heard of the job from another node (server_behind.c).
 */
int read_job(struct visit *visit, const char *id, struct view_head *head,
	     bool with_record);

/* The URL "BASEv1/jobs/IDREST". */
const char *job_url(char *buf, size_t cap, const struct server *server,
		    const char *id, const char *rest);
#define JOB_URL_MAX 512

/* The job's JSON as served: its links lead below the base, and it says that it
 * was joined.  From malloc; NULL when memory is short.
 */
char *served_json(const struct server *server, struct text json, bool joined,
		  size_t *len);

#endif
