/* How the node is. */
#define _GNU_SOURCE
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "roles/server_nodes.h"
#include "roles/server_reply.h"

#define STATUS_MAX   (1u << 20) /* bytes */
#define STATUS_FIRST 16384
#define FRESH_MS     5000 /* a supervisor that turned since then is alive */

static void name_is(struct out *out, const char *name)
{
	out_string(out, ",\"");
	out_string(out, name);
	out_string(out, "\":");
}

static void text_member(struct out *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	name_is(out, name);
	out_json(out, text_of(value));
}

static void number_member(struct out *out, const char *name, uint64_t value)
{
	name_is(out, name);
	out_u64(out, value);
}

static void bool_member(struct out *out, const char *name, bool value)
{
	name_is(out, name);
	out_string(out, value ? "true" : "false");
}

/* ---- status ---- */

static void write_param(struct out *out, const struct config_param *param)
{
	out_string(out, "{\"name\":");
	out_json(out, text_of(param->name));
	bool_member(out, "required", param->required);
	text_member(out, "match", param->match);
	text_member(out, "default", param->fallback);
	out_char(out, '}');
}

/* Do other nodes define the unit at INDEX differently? */
static bool differs(const struct board *board, size_t index)
{
	return (atomic_load(&board->jobs_differ[index / 64]) >> index % 64 &
		1) != 0;
}

static void write_types(struct out *out, const struct config *config,
			const struct board *board)
{
	unsigned count = 0;

	name_is(out, "jobs");
	out_char(out, '[');
	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		if (unit->kind != UNIT_JOB || !unit->enabled)
			continue;
		out_string(out, count++ > 0 ? ",{\"type\":" : "{\"type\":");
		out_json(out, text_of(unit->name));
		name_is(out, "params");
		out_char(out, '[');
		for (size_t n = 0; n < unit->params_count; n++) {
			if (n > 0)
				out_char(out, ',');
			write_param(out, &unit->params[n]);
		}
		out_char(out, ']');
		text_member(out, "output", unit->output);
		text_member(out, "media", unit->output_type);
		if (differs(board, i))
			bool_member(out, "differs", true);
		out_char(out, '}');
	}
	out_char(out, ']');
}

static void write_role(struct out *out, const struct server *server,
		       enum role role, const char *name)
{
	const struct board_role *part = &server->heritage->board->roles[role];

	if (out->buf[out->len - 1] != '[')
		out_char(out, ',');
	out_string(out, "{\"role\":");
	out_json(out, text_of(name));
	number_member(out, "pid", (uint64_t)atomic_load(&part->pid));
	number_member(out, "restarts", atomic_load(&part->restarts));
	number_member(out, "health", (uint64_t)abs(atomic_load(&part->health)));
	out_char(out, '}');
}

static void write_roles(struct out *out, const struct server *server)
{
	unsigned count = heritage_http_roles(server->heritage);

	name_is(out, "roles");
	out_char(out, '[');
	write_role(out, server, ROLE_SUPERVISOR, "supervisor");
	if (server->heritage->board->cluster.present) {
		write_role(out, server, ROLE_LEASE, "lease");
		write_role(out, server, ROLE_HEARTBEAT, "heartbeat");
	}
	write_role(out, server, ROLE_JOURNAL, "journal");
	write_role(out, server, ROLE_CONTROL, "control");
	for (unsigned i = 0; i < count; i++)
		write_role(out, server, ROLE_HTTP + i, "http");
	out_char(out, ']');
}

static void write_cluster_part(struct out *out, const struct server *server)
{
	struct nodes nodes;

	name_is(out, "cluster");
	if (nodes_take(&nodes, server->heritage, server->now_ms) != 0) {
		out_string(out, "null");
		return;
	}
	write_cluster(out, server, &nodes);
	nodes_free(&nodes);
}

/* For operators: what goes on inside. */
static void write_inside(struct out *out, const struct server *server)
{
	const struct board *board = server->heritage->board;
	const struct config *config = server->config;
	int64_t refused_ms = atomic_load(&board->refused_wall_ms);
	char waiting[BOARD_TEXT_MAX + 1];
	size_t len;
	uint64_t used;
	uint64_t limit;

	number_member(out, "epoch", atomic_load(&board->epoch));
	number_member(out, "life", atomic_load(&board->life));
	number_member(out, "storage",
		      (uint64_t)abs(atomic_load(&board->storage)));
	bool_member(out, "draining", atomic_load(&board->drain) != 0);
	number_member(out, "workers", atomic_load(&board->workers));
	number_member(out, "connections", config->http.connections);
	if (server->view != NULL &&
	    view_size(server->view, &used, &limit) == 0) {
		number_member(out, "view_bytes", used);
		number_member(out, "view_limit", limit);
	}
	text_member(out, "config", server->heritage->config->path);
	text_member(out, "shared", config->shared);
	text_member(out, "state", config->state);
	name_is(out, "reloads");
	out_string(out, "{\"done\":");
	out_u64(out, atomic_load(&board->config_generation));
	number_member(out, "refused", atomic_load(&board->reload_refused));
	name_is(out, "refused_at");
	out_json_time(out, refused_ms);
	len = board_text_get(&board->at_next_start, waiting, sizeof(waiting));
	name_is(out, "at_next_start");
	out_json(out, (struct text){ waiting, len });
	out_char(out, '}');
	number_member(out, "services_failed",
		      atomic_load(&board->services_failed));
	write_cluster_part(out, server);
	write_roles(out, server);
}

static void write_status(struct out *out, const struct visit *visit)
{
	const struct server *server = visit->server;
	const struct board *board = server->heritage->board;

	out_string(out, "{\"node\":");
	out_json(out, text_of(server->config->node));
	text_member(out, "version", PACKAGE_VERSION);
	bool_member(out, "ready", atomic_load(&board->ready) != 0);
	bool_member(out, "clustered", board->cluster.present);
	bool_member(out, "operator", visit->asker.is_operator);
	bool_member(out, "sign_in", server->rules.token_len > 0);
	text_member(out, "user", visit->asker.user);
	number_member(out, "pending", atomic_load(&board->pending));
	number_member(out, "running", atomic_load(&board->running));
	if (visit->asker.is_operator) {
		number_member(out, "kept", atomic_load(&board->kept));
		write_inside(out, server);
	}
	number_member(out, "max_body", server->config->http.max_body);
	write_types(out, server->config, server->heritage->board);
	out_char(out, '}');
}

void server_status(struct visit *visit)
{
	char *body = NULL;
	size_t cap = STATUS_FIRST;
	struct out out;

	for (; cap <= STATUS_MAX; cap *= 4) {
		free(body);
		body = malloc(cap);
		if (body == NULL)
			break;
		out = out_init(body, cap);
		write_status(&out, visit);
		if (out_end(&out) == 0) {
			reply_changing(visit, body, out.len, "");
			return;
		}
	}
	free(body);
	reply_status(visit, 503, "The status is too long.");
}

/* ---- probes ---- */

static void reply_plain(struct visit *visit, const char *words)
{
	struct http_reply reply = { .status = 200,
				    .bytes = HTTP_BYTES_STATIC,
				    .body = text_of(words) };

	http_add_field(&reply, "Content-Type", "text/plain; charset=utf-8");
	http_add_field(&reply, "Cache-Control", "no-store");
	http_reply(visit->request, &reply);
}

void server_healthz(struct visit *visit)
{
	const struct server *server = visit->server;
	int64_t beat_ms =
		atomic_load(&server->heritage->board->supervisor_beat_ms);

	if (server->role == ROLE_CONTROL && server->now_ms - beat_ms > FRESH_MS)
		reply_status(visit, 503, "The supervisor does not turn.");
	else
		reply_plain(visit, "ok\n");
}

/* What its own directory lacks; NULL: nothing. */
static const char *state_fails(const struct board *board)
{
	switch (atomic_load(&board->roles[ROLE_JOURNAL].health)) {
	case 0:
		return NULL;
	case ENOSPC:
		return "There is no room left for the node's own state.";
	default:
		return "The journal can't keep the node's own state.";
	}
}

void server_readyz(struct visit *visit)
{
	const struct server *server = visit->server;
	const struct board *board = server->heritage->board;
	char buf[NODES_WHY_MAX];
	const char *fails = state_fails(board);
	const char *why = nodes_why_not_in(&board->cluster, buf);

	if (atomic_load(&board->stopping) != 0 || server->stopping)
		reply_status(visit, 503, "The node is stopping.");
	else if (why != NULL)
		reply_status(visit, 503, why);
	else if (atomic_load(&board->storage) != 0)
		reply_status(visit, 503, "The shared storage fails.");
	else if (fails != NULL)
		reply_status(visit, 503, fails);
	else if (atomic_load(&board->ready) == 0)
		reply_status(visit, 503, "The journal takes no jobs yet.");
	else if (server->view == NULL)
		reply_status(visit, 503, "There is no view of the jobs yet.");
	else if (!server->has_secret)
		reply_status(visit, 503, "There is no cookie key yet.");
	else if (atomic_load(&board->services_failed) != 0)
		reply_status(visit, 503,
			     "A service was given up: see "
			     "`holdfast status`.");
	else
		reply_plain(visit, "ready\n");
}

void server_version(struct visit *visit)
{
	reply_plain(visit, PACKAGE_NAME " " PACKAGE_VERSION "\n");
}
