/* server_call - asks the journal role and holds the request until it answers.
 *
 * The journal answers after its sync and its commit to the view, so what it
 * said is there to be read.  No answer within CALL_PATIENCE_MS counts as EIO.
 */
#ifndef HOLDFAST_ROLES_SERVER_CALL_H
#define HOLDFAST_ROLES_SERVER_CALL_H

#include "core/message.h"
#include "io/cookie.h"
#include "io/http.h"

#define CALLS_MAX	 4096 /* under way at once; a power of two */
#define CALL_PATIENCE_MS 5000

struct call {
	enum held { HELD_CALL, HELD_WAIT } held; /* first, as in a wait */
	struct http_request *request;
	uint64_t number;
	int64_t deadline_ms;
	bool over; /* STATUS, ID and JOINED are the answer */
	int32_t status;
	char id[JOB_ID_LEN + 1];
	bool joined;
	/* what the handler wants to know afterwards */
	char user[JOB_USER_MAX + 1];
	char set_cookie[COOKIE_FIELD_MAX]; /* "" if none */
	bool wants_page;		   /* asked by an HTML form */
	bool forgets;
};

struct calls {
	int link;
	uint64_t next;	 /* number of the next call */
	uint64_t oldest; /* none before it is under way */
	struct call *at[CALLS_MAX];
};

/* The call that holds REQUEST, NULL if none does. */
static inline struct call *call_of(const struct http_request *request)
{
	struct call *call = request->state;

	return call != NULL && call->held == HELD_CALL ? call : NULL;
}

/* CALLS is zeroed. */
void calls_init(struct calls *calls, int link);

/* Sends MESSAGE for REQUEST, whose handler is called again when *CALL, then in
 * request->state, is over.  0; or -EAGAIN, -ENOSPC, -ENOMEM when it was not
 * sent and nothing is held.
 */
int calls_ask(struct calls *calls, struct http_request *request,
	      struct message *message, int64_t now_ms, struct call **call);

/* Takes the answers that are there. */
void calls_receive(struct calls *calls);
/* Gives up what waits too long; with ALL, everything. */
void calls_expire(struct calls *calls, int64_t now_ms, bool all);
/* When calls_expire has something to do. */
int64_t calls_deadline(const struct calls *calls);
/* The request is gone. */
void calls_free(struct calls *calls, struct call *call);

#endif
