/* server - what control and http answer; the same handlers for both.
 *
 * A role opens one, adds its listening sockets, and calls server_turn after
 * every loop_wait.  Handlers read the view and the board; what is to be changed
 * is asked of the journal role, and the answer awaited while the request is
 * held. A poll is one read of the view and one answer.
 */
#ifndef HOLDFAST_ROLES_SERVER_H
#define HOLDFAST_ROLES_SERVER_H

#include "io/asker.h"
#include "io/http.h"
#include "io/view.h"
#include "roles/heritage.h"
#include "roles/server_call.h"
#include "roles/server_stale.h"
#include "roles/server_wait.h"

#define SERVER_READY_MEMORY 64 /* answers kept for polls; a power of two */

/* An answer made before, for whoever polls that version next. */
struct server_ready {
	char id[JOB_ID_LEN + 1];
	struct version version;
	struct http_answer *answer;
};

struct server {
	struct heritage *heritage;
	enum role role;
	struct loop *loop;
	struct http *http;
	const struct config *config; /* what holds now */
	struct config *loaded;	     /* the same if it is ours to free */
	uint32_t config_generation;
	struct services *services; /* control's, NULL in http */
	struct view *view;	   /* NULL until there is one */
	bool has_secret;
	bool saw_ready;	  /* what the board said when both were looked for */
	int64_t retry_ms; /* when to try again to have both */
	uint8_t id_key[SECRET_BYTES];
	struct cookie cookie;
	struct asker_rules rules;
	struct calls calls;
	struct waits waits;
	struct stale stale;
	struct server_ready ready[SERVER_READY_MEMORY];
	int64_t now_ms;
	bool stopping;
	bool has_couriers; /* control's: it may have children */
	/* a job as it is read: its JSON and its record behind it */
	char buf[JOB_JSON_MAX + RECORD_MAX];
};

/* One request on its way through a handler. */
struct visit {
	struct server *server;
	struct http_request *request;
	struct route route;
	struct asker_facts facts;
	struct asker asker;
};

/* SERVER is zeroed memory; what is not used of it is never touched, so that it
 * costs nothing.  0 or a negative errno, said in the log.
 */
int server_open(struct server *server, struct heritage *heritage,
		enum role role, struct loop *loop);
/* When server_turn wants to be called at the latest. */
int64_t server_deadline(const struct server *server);
void server_turn(struct server *server);
/* Answers what is held and serves what is under way for a moment more. */
void server_stop(struct server *server);

/* ---- handlers, by file ---- */

/* server_submit.c */
void server_submit(struct visit *visit);
/* server_delete.c */
void server_delete(struct visit *visit);
/* server_job.c */
void server_job(struct visit *visit);
/* server_list.c */
void server_list(struct visit *visit);
/* server_files.c */
void server_output(struct visit *visit);
void server_log(struct visit *visit);
/* server_status.c */
void server_status(struct visit *visit);
void server_healthz(struct visit *visit);
void server_readyz(struct visit *visit);
void server_version(struct visit *visit);
/* server_units.c */
void server_units(struct visit *visit, enum unit_kind kind);
void server_unit(struct visit *visit, enum unit_kind kind);
/* server_names.c */
void server_names(struct visit *visit);
void server_name(struct visit *visit);
/* server_nodes.c */
void server_nodes(struct visit *visit);
/* server_unitlog.c */
void server_unit_log(struct visit *visit, enum unit_kind kind);
/* server_action.c */
void server_unit_action(struct visit *visit, enum unit_kind kind);
void server_reload(struct visit *visit);
void server_drain(struct visit *visit);
/* server_events.c */
void server_events(struct visit *visit);
/* server_metrics.c */
void server_metrics(struct visit *visit);
/* server_asset.c */
void server_asset(struct visit *visit);

#endif
