#define _GNU_SOURCE
#include "roles/server_behind.h"

#include "core/etag.h"
#include "io/clock.h"
#include "roles/server_reply.h"

#define UNREAD_MS 1000 /* so long it may be behind with what others wrote */

static const struct board_cluster *cluster_of(const struct visit *visit)
{
	return &visit->server->heritage->board->cluster;
}

static bool lists(const struct visit *visit, struct version *seen)
{
	return etag_highest(http_field(visit->request, "If-None-Match"), seen);
}

bool behind_client(const struct visit *visit, const struct view_head *head,
		   struct version *seen)
{
	return cluster_of(visit)->present && lists(visit, seen) &&
	       version_compare(head->version, *seen) < 0;
}

/* The wait that holds the request for that, NULL if none does. */
static struct wait *wait_of(const struct visit *visit, enum wait_for what)
{
	struct wait *wait = visit->request->state;

	return wait != NULL && wait->held == HELD_WAIT && wait->what == what
		       ? wait
		       : NULL;
}

static bool hold(struct visit *visit, const char *id, enum wait_for what,
		 int64_t for_ms)
{
	struct server *server = visit->server;
	struct wait *wait = wait_of(visit, what);

	if (!cluster_of(visit)->present || server->stopping ||
	    (wait == NULL && visit->request->state != NULL))
		return false;
	if (wait == NULL) {
		wait = wait_new(visit->request, server->now_ms + for_ms);
		if (wait == NULL)
			return false;
		wait->what = what;
	}
	if (wait->deadline_ms <= server->now_ms)
		return false;
	waits_park(&server->waits, wait, board_hash(id, JOB_ID_LEN), false);
	return true;
}

/* Has it read what the others wrote? */
static bool is_up_to_date(const struct visit *visit)
{
	const struct board_cluster *cluster = cluster_of(visit);
	const struct board *board = visit->server->heritage->board;
	int64_t unread_ms = atomic_load(&cluster->unread_ms);

	return atomic_load(&cluster->phase) == LEASE_PHASE_IN &&
	       atomic_load(&cluster->trouble) == 0 &&
	       atomic_load(&board->ready) != 0 &&
	       atomic_load(&board->storage) == 0 &&
	       (unread_ms == 0 ||
		visit->server->now_ms - unread_ms < UNREAD_MS);
}

bool behind_unknown(struct visit *visit, const char *id)
{
	struct version seen;

	if (!cluster_of(visit)->present || !job_id_is_valid(text_of(id)))
		return false;
	if (hold(visit, id, WAIT_KNOWN,
		 lists(visit, &seen) ? BEHIND_MS : UNKNOWN_MS))
		return true;
	if (is_up_to_date(visit))
		return false;
	reply_status(visit, 503,
		     "This node can't read at present what the others know.");
	return true;
}

void behind_known(struct visit *visit)
{
	struct wait *wait = wait_of(visit, WAIT_KNOWN);

	if (wait == NULL)
		return;
	waits_free(&visit->server->waits, wait);
	visit->request->state = NULL;
}

bool behind_end(struct visit *visit, const char *id)
{
	return hold(visit, id, WAIT_END, UNKNOWN_MS);
}
