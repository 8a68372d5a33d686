#define _GNU_SOURCE
#include "roles/server.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "io/clock.h"
#include "io/conffile.h"
#include "io/log.h"
#include "roles/server_reply.h"
#include "roles/server_storage.h"
#include "roles/services.h"

#define RETRY_MS     50	  /* while the view is not there yet */
#define STOP_MS	     500  /* for what is under way when we stop */
#define CONTROL_MAX  1024 /* connections to the Unix socket */
#define CONFIG_FILE  "config"
#define STOP_POLL_MS 10

/* ---- one request ---- */

static void gather(struct visit *visit)
{
	const struct server *server = visit->server;
	const struct http_request *request = visit->request;
	struct asker_facts *facts = &visit->facts;

	facts->over_unix = request->over_unix;
	facts->peer_uid = request->peer_uid;
	if (request->over_unix)
		return;
	facts->address = request->address;
	facts->authorization = http_field(request, "Authorization");
	facts->cookie = http_field(request, "Cookie");
	if (server->rules.proxies_count == 0)
		return;
	if (server->config->http.user_header != NULL)
		facts->user_header =
			http_field(request, server->config->http.user_header);
	if (server->config->http.request_header != NULL)
		facts->request_header = http_field(
			request, server->config->http.request_header);
	facts->forwarded_proto = http_field(request, "X-Forwarded-Proto");
	facts->forwarded_host = http_field(request, "X-Forwarded-Host");
}

static bool is_same_site(struct visit *visit)
{
	struct asker_facts *facts = &visit->facts;

	facts->host = http_field(visit->request, "Host");
	facts->origin = http_field(visit->request, "Origin");
	facts->fetch_site = http_field(visit->request, "Sec-Fetch-Site");
	return asker_is_same_site(&visit->server->rules, &visit->asker, facts);
}

static void send_to_base(struct visit *visit)
{
	struct http_reply reply = { .status = 308, .bytes = HTTP_BYTES_STATIC };

	http_add_field(&reply, "Location", visit->server->config->http.base);
	http_reply(visit->request, &reply);
}

static void dispatch_job(struct visit *visit)
{
	enum method method = visit->request->method;

	switch (visit->route.name) {
	case ROUTE_JOBS:
		method == METHOD_POST ? server_submit(visit)
				      : server_list(visit);
		break;
	case ROUTE_JOB:
		method == METHOD_DELETE ? server_delete(visit)
					: server_job(visit);
		break;
	case ROUTE_JOB_OUTPUT:
		server_output(visit);
		break;
	case ROUTE_JOB_LOG:
		server_log(visit);
		break;
	default:
		break;
	}
}

static void dispatch_unit(struct visit *visit)
{
	enum unit_kind kind = visit->route.kind;

	switch (visit->route.name) {
	case ROUTE_UNITS:
		server_units(visit, kind);
		break;
	case ROUTE_UNIT:
		server_unit(visit, kind);
		break;
	case ROUTE_UNIT_ACTION:
		server_unit_action(visit, kind);
		break;
	case ROUTE_UNIT_LOG:
		server_unit_log(visit, kind);
		break;
	default:
		break;
	}
}

static void nothing(struct visit *visit)
{
	reply_status(visit, 404, "There is nothing of that name.");
}

static void dispatch(struct visit *visit)
{
	static void (*const handlers[])(struct visit * visit) = {
		[ROUTE_NONE] = nothing,
		[ROUTE_ASSET] = server_asset,
		[ROUTE_JOBS] = dispatch_job,
		[ROUTE_JOB] = dispatch_job,
		[ROUTE_JOB_OUTPUT] = dispatch_job,
		[ROUTE_JOB_LOG] = dispatch_job,
		[ROUTE_STATUS] = server_status,
		[ROUTE_HEALTHZ] = server_healthz,
		[ROUTE_READYZ] = server_readyz,
		[ROUTE_VERSION] = server_version,
		[ROUTE_UNITS] = dispatch_unit,
		[ROUTE_UNIT] = dispatch_unit,
		[ROUTE_UNIT_ACTION] = dispatch_unit,
		[ROUTE_UNIT_LOG] = dispatch_unit,
		[ROUTE_NAMES] = server_names,
		[ROUTE_NAME] = server_name,
		[ROUTE_NODES] = server_nodes,
		[ROUTE_EVENTS] = server_events,
		[ROUTE_METRICS] = server_metrics,
		[ROUTE_RELOAD] = server_reload,
		[ROUTE_DRAIN] = server_drain,
	};

	handlers[visit->route.name](visit);
}

static void handle(void *arg, struct http_request *request)
{
	struct server *server = arg;
	struct visit visit = { .server = server, .request = request };
	struct text path = request->path;
	int rc = route_below(text_of(server->config->http.base), &path);

	if (rc == -EAGAIN) {
		send_to_base(&visit);
		return;
	}
	/* Whoever asks on the control socket is no proxy and knows no base. */
	if (rc == 0 || server->role == ROLE_CONTROL)
		visit.route = route_find(path);
	if (visit.route.name != ROUTE_NONE &&
	    !(visit.route.methods & request->method)) {
		reply_status(&visit, 405, "");
		return;
	}
	gather(&visit);
	rc = asker_judge(&server->rules, &server->cookie, &visit.facts,
			 &visit.asker);
	if (rc == -EACCES)
		reply_status(&visit, 401, "That is not the operator token.");
	else if (rc != 0)
		reply_status(&visit, 400, "That can't be a user's name.");
	else if ((request->method & (METHOD_POST | METHOD_DELETE)) &&
		 !is_same_site(&visit))
		reply_status(&visit, 403, "Asked by a page of another site.");
	else
		dispatch(&visit);
}

static void gone(void *arg, struct http_request *request)
{
	struct server *server = arg;
	const enum held *held = request->state;

	if (held == NULL)
		return;
	if (*held == HELD_CALL)
		calls_free(&server->calls, request->state);
	else
		waits_free(&server->waits, request->state);
	request->state = NULL;
}

/* ---- what changes under us ---- */

static void load_secret(struct server *server)
{
	uint8_t secret[SECRET_BYTES];
	int rc = secret_load(server->config->http.cookie_key_file,
			     server->config->shared, secret);

	if (rc == -ENOENT && server->config->http.cookie_key_file == NULL)
		return; /* the shared directory is still to be made */
	if (rc != 0) {
		log_warn(rc, "server: cannot load the cookie key");
		return;
	}
	cookie_init(&server->cookie, secret);
	secret_derive(secret, "holdfast job id 1", server->id_key);
	sodium_memzero(secret, sizeof(secret));
	server->has_secret = true;
}

/* The journal role makes the view before it leads; what is there earlier may
 * be a leftover it is about to remove.
 */
static void open_view(struct server *server)
{
	int rc;

	if (atomic_load(&server->heritage->board->epoch) == 0)
		return;
	server->view = view_open_reader(server->config->state, &rc);
	if (server->view == NULL)
		log_debug("server: no view yet rc=%d", rc);
}

static void open_missing(struct server *server)
{
	/* The journal role rings when it is ready: then both are there. */
	bool ready = atomic_load(&server->heritage->board->ready) != 0;

	if ((server->view != NULL && server->has_secret) ||
	    (server->now_ms < server->retry_ms && ready == server->saw_ready))
		return;
	server->saw_ready = ready;
	if (!server->has_secret)
		load_secret(server);
	if (server->view == NULL)
		open_view(server);
	server->retry_ms = server->now_ms + RETRY_MS;
}

static void forget_ready(struct server *server)
{
	for (size_t i = 0; i < SERVER_READY_MEMORY; i++) {
		http_answer_free(server->ready[i].answer);
		server->ready[i] = (struct server_ready){ 0 };
	}
}

static void reload(struct server *server)
{
	uint32_t generation =
		atomic_load(&server->heritage->board->config_generation);
	struct config *config;
	char path[PATH_MAX];
	int rc;

	if (generation == server->config_generation)
		return;
	server->config_generation = generation;
	if (snprintf(path, sizeof(path), "%s/" CONFIG_FILE,
		     server->config->state) >= (int)sizeof(path))
		return;
	rc = conffile_load(path, &config, stderr);
	if (rc != 0) {
		log_err(rc, "server: cannot load %s", path);
		return;
	}
	server->config = config;
	/* They hold on to units of the one before. */
	if (server->services != NULL)
		services_configure(server->services, config, server->now_ms);
	conffile_free(server->loaded);
	server->loaded = config;
	asker_rules_load(&server->rules, &config->http);
	http_set_max_body(server->http, config->http.max_body);
	forget_ready(server);
	log_info("server: reloaded generation=%u", generation);
}

/* ---- the life of it ---- */

static void on_bell(void *arg, uint32_t events)
{
	const struct server *server = arg;

	(void)events;
	bell_clear(server->heritage->bells[server->role]);
}

static void on_link(void *arg, uint32_t events)
{
	struct server *server = arg;

	(void)events;
	calls_receive(&server->calls);
}

int server_open(struct server *server, struct heritage *heritage,
		enum role role, struct loop *loop)
{
	const struct config *config = heritage->config;
	struct http_setup setup = {
		.connections = role == ROLE_CONTROL ? CONTROL_MAX
						    : config->http.connections,
		.max_body = config->http.max_body,
		.handle = handle,
		.gone = gone,
		.arg = server,
	};
	int link = heritage->links[role][0];
	int rc;

	if (sodium_init() == -1)
		return -EIO;
	server->heritage = heritage;
	server->role = role;
	server->loop = loop;
	server->config = config;
	server->now_ms = clock_ms();
	storage_init(server);
	calls_init(&server->calls, link);
	waits_init(&server->waits, heritage->board);
	asker_rules_load(&server->rules, &config->http);
	rc = http_open(&server->http, loop, &setup);
	if (rc == 0)
		rc = loop_add(loop, heritage->bells[role], EPOLLIN, on_bell,
			      server);
	if (rc == 0)
		rc = loop_add(loop, link, EPOLLIN, on_link, server);
	if (rc != 0)
		log_err(rc, "server: cannot start");
	reload(server);
	open_missing(server);
	return rc;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t server_deadline(const struct server *server)
{
	int64_t deadline = http_deadline(server->http, server->now_ms);

	deadline = earlier(deadline, calls_deadline(&server->calls));
	deadline = earlier(deadline, waits_deadline(&server->waits));
	if (server->heritage->board->cluster.present &&
	    server->waits.parked > 0)
		deadline = earlier(deadline,
				   server->stale.looked_ms + STALE_LOOK_MS);
	if (server->view == NULL || !server->has_secret)
		deadline = earlier(deadline, server->retry_ms);
	return deadline;
}

void server_turn(struct server *server)
{
	struct board_role *me = &server->heritage->board->roles[server->role];

	server->now_ms = clock_ms();
	atomic_store(&me->beat_ms, server->now_ms);
	reload(server);
	open_missing(server);
	waits_look(&server->waits, server->heritage->board, server->now_ms);
	if (stale_look(&server->stale, server->heritage->board, server->config,
		       server->now_ms))
		waits_wake(&server->waits);
	waits_expire(&server->waits, server->now_ms, server->stopping);
	calls_expire(&server->calls, server->now_ms, server->stopping);
	storage_begin_turn(server);
	http_turn(server->http, server->now_ms);
	storage_end_turn(server);
	waits_watch(&server->waits, server->heritage->board, server->role);
}

void server_stop(struct server *server)
{
	int64_t until_ms = clock_ms() + STOP_MS;

	server->stopping = true;
	http_refuse(server->http);
	do {
		loop_wait(server->loop, clock_ms() + STOP_POLL_MS);
		server_turn(server);
	} while (server->now_ms < until_ms && http_requests(server->http) > 0);
}
