/* server_wait - requests held until what they are about changes.
 *
 * In buckets by the hash of the job's id, beside one list of those that wait
 * for any change, news included.  The ring on the board says which hashes
 * changed; whoever waits for one is woken and looks again.  Someone woken for
 * nothing is parked once more.  Every wait has a deadline of its own.
 */
#ifndef HOLDFAST_ROLES_SERVER_WAIT_H
#define HOLDFAST_ROLES_SERVER_WAIT_H

#include "core/version.h"
#include "io/board.h"
#include "io/http.h"
#include "roles/server_call.h"

#define WAITS_BUCKETS 4096  /* a power of two */
#define WAIT_MAX_MS   60000 /* what a client may ask for */

/* A change, or what others may know already (server_behind.h): that there is
 * such a job, how it ended.
 */
enum wait_for { WAIT_CHANGE, WAIT_KNOWN, WAIT_END };

struct wait {
	enum held held; /* first, as in a call */
	bool parked;
	bool any; /* waits for any change */
	enum wait_for what;
	struct wait *next;
	struct wait **from; /* what points at it */
	struct http_request *request;
	uint64_t hash;
	int64_t deadline_ms;
	/* what it had when it began to wait */
	struct version version;
	uint64_t tag;
};

struct waits {
	struct wait *buckets[WAITS_BUCKETS];
	struct wait *any;
	unsigned parked;
	uint64_t seen;		   /* changes looked at */
	uint64_t news;		   /* likewise */
	bool any_changed;	   /* those who wait for any are to be woken */
	int64_t any_woken_ms;	   /* when they last were */
	int64_t checked_ms;	   /* when deadlines last were */
	int64_t first_deadline_ms; /* no deadline is earlier */
};

/* Reads "25s", "500ms" or "25" (seconds), at most WAIT_MAX_MS; an empty text
 * is 0.  False for anything else.
 */
bool wait_parse(struct text text, int64_t *ms);

/* WAITS is zeroed. */
void waits_init(struct waits *waits, const struct board *board);

/* A new wait of REQUEST, in request->state; NULL when memory is short. */
struct wait *wait_new(struct http_request *request, int64_t deadline_ms);
/* Holds the request until HASH changes (or anything, with ANY), or its
 * deadline comes.
 */
void waits_park(struct waits *waits, struct wait *wait, uint64_t hash,
		bool any);
/* Wakes whom the changes since the last call concern. */
void waits_look(struct waits *waits, const struct board *board, int64_t now_ms);
/* To be called last before sleeping: has ROLE, us, rung at news if anybody
 * waits for them.
 */
void waits_watch(struct waits *waits, struct board *board, enum role role);
/* Wakes those whose time has come; with ALL, everybody. */
void waits_expire(struct waits *waits, int64_t now_ms, bool all);
int64_t waits_deadline(const struct waits *waits);
/* Wakes everybody, to look again. */
void waits_wake(struct waits *waits);
/* The request is gone. */
void waits_free(struct waits *waits, struct wait *wait);

#endif
