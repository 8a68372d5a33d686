/* The node in numbers, in the text format of Prometheus (version 0.0.4). */
#define _GNU_SOURCE
#include <config.h>
#include <stdlib.h>

#include "roles/after.h"
#include "roles/server_metrics.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

#define METRICS_MAX	(4u << 20)
#define METRICS_FIRST	32768
#define MS_PER_S	1000
#define PROMETHEUS_TEXT "text/plain; version=0.0.4; charset=utf-8"

void metric_family(struct out *out, const char *name, const char *type,
		   const char *help)
{
	out_string(out, "# HELP holdfast_");
	out_string(out, name);
	out_char(out, ' ');
	out_string(out, help);
	out_string(out, "\n# TYPE holdfast_");
	out_string(out, name);
	out_char(out, ' ');
	out_string(out, type);
	out_char(out, '\n');
}

void metric_sample(struct out *out, const char *name, const char *label,
		   const char *value_of_label, uint64_t value)
{
	out_string(out, "holdfast_");
	out_string(out, name);
	if (label != NULL) {
		out_char(out, '{');
		out_string(out, label);
		out_char(out, '=');
		out_json(out, text_of(value_of_label));
		out_char(out, '}');
	}
	out_char(out, ' ');
	out_u64(out, value);
	out_char(out, '\n');
}

void metric_gauge(struct out *out, const char *name, const char *help,
		  uint64_t value)
{
	metric_family(out, name, "gauge", help);
	metric_sample(out, name, NULL, NULL, value);
}

void metric_counter(struct out *out, const char *name, const char *help,
		    uint64_t value)
{
	metric_family(out, name, "counter", help);
	metric_sample(out, name, NULL, NULL, value);
}

static void write_node(struct out *out, const struct server *server)
{
	const struct board *board = server->heritage->board;
	uint64_t used;
	uint64_t limit;

	metric_family(out, "info", "gauge", "Version and name of the node.");
	out_string(out, "holdfast_info{version=\"" PACKAGE_VERSION "\",node=");
	out_json(out, text_of(server->config->node));
	out_string(out, "} 1\n");
	metric_gauge(out, "ready", "Whether the node takes jobs.",
		     atomic_load(&board->ready));
	metric_gauge(out, "draining", "Whether the node takes nothing new.",
		     atomic_load(&board->drain));
	metric_gauge(out, "storage_failed", "Whether shared storage fails.",
		     atomic_load(&board->storage) != 0);
	metric_gauge(out, "epoch", "Epoch under which the node leads.",
		     atomic_load(&board->epoch));
	metric_gauge(out, "jobs_pending", "Jobs that wait.",
		     atomic_load(&board->pending));
	metric_gauge(out, "jobs_running", "Jobs that run.",
		     atomic_load(&board->running));
	metric_gauge(out, "jobs_kept",
		     "Jobs that are known, ended ones included.",
		     atomic_load(&board->kept));
	metric_gauge(out, "workers", "Jobs that may run at once.",
		     atomic_load(&board->workers));
	metric_counter(out, "events_total", "Events since the node started.",
		       atomic_load(&board->event));
	metric_counter(out, "supervisor_starts_total",
		       "Starts of the supervisor.", atomic_load(&board->life));
	metric_counter(out, "reloads_total", "Reloads that were taken.",
		       atomic_load(&board->config_generation));
	metric_counter(out, "reloads_refused_total",
		       "Reloads that changed nothing.",
		       atomic_load(&board->reload_refused));
	if (server->view != NULL &&
	    view_size(server->view, &used, &limit) == 0) {
		metric_gauge(out, "view_bytes", "Size of the view.", used);
		metric_gauge(out, "view_limit_bytes", "Size it may grow to.",
			     limit);
	}
}

static const char *role_name(unsigned role, char buf[16])
{
	static const char *const names[] = { "guardian", "supervisor",
					     "lease",	 "heartbeat",
					     "journal",	 "sweeper",
					     "control" };
	struct out out = out_init(buf, 16);

	if (role < ROLE_HTTP)
		return names[role];
	out_string(&out, "http");
	out_u64(&out, role - ROLE_HTTP);
	(void)out_end(&out);
	return buf;
}

/* Is it one that runs on this node? */
static bool has_role(const struct server *server, unsigned role)
{
	if (role == ROLE_SWEEPER)
		return false; /* but now and then */
	return (role != ROLE_LEASE && role != ROLE_HEARTBEAT) ||
	       server->heritage->board->cluster.present;
}

static void write_roles(struct out *out, const struct server *server)
{
	const struct board *board = server->heritage->board;
	unsigned end = ROLE_HTTP + heritage_http_roles(server->heritage);
	char buf[16];

	metric_family(out, "role_up", "gauge", "Whether the process runs.");
	for (unsigned role = ROLE_SUPERVISOR; role < end; role++)
		if (has_role(server, role))
			metric_sample(
				out, "role_up", "role", role_name(role, buf),
				atomic_load(&board->roles[role].pid) != 0);
	metric_family(out, "role_restarts_total", "counter",
		      "Times the process was started again.");
	for (unsigned role = ROLE_SUPERVISOR; role < end; role++)
		if (has_role(server, role))
			metric_sample(
				out, "role_restarts_total", "role",
				role_name(role, buf),
				atomic_load(&board->roles[role].restarts));
}

struct unit_family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct board *board, unsigned slot);
};

static uint64_t is_ready(const struct board *board, unsigned slot)
{
	return atomic_load(&board->holdings[slot].token) != 0 &&
	       atomic_load(&board->units[slot].life) == LIFE_READY;
}

static uint64_t is_failed(const struct board *board, unsigned slot)
{
	return atomic_load(&board->units[slot].goal) == GOAL_FAILED;
}

static uint64_t is_wanted(const struct board *board, unsigned slot)
{
	uint32_t goal = atomic_load(&board->units[slot].goal);

	return goal == GOAL_UP || goal == GOAL_WAITING;
}

static uint64_t starts(const struct board *board, unsigned slot)
{
	return atomic_load(&board->units[slot].starts);
}

static uint64_t started_s(const struct board *board, unsigned slot)
{
	return (uint64_t)atomic_load(&board->units[slot].started_ms) / MS_PER_S;
}

static uint64_t dropped(const struct board *board, unsigned slot)
{
	return atomic_load(&board->units[slot].dropped);
}

static const struct unit_family unit_families[] = {
	{ "service_ready", "gauge", "Whether the service is ready.", is_ready },
	{ "service_wanted", "gauge", "Whether the service should run.",
	  is_wanted },
	{ "service_failed", "gauge", "Whether the service was given up.",
	  is_failed },
	{ "service_starts", "gauge",
	  "Starts of the service since it was last told to.", starts },
	{ "service_start_time_seconds", "gauge",
	  "When the service was last started.", started_s },
	{ "service_lines_dropped", "gauge",
	  "Lines of its output that came too fast.", dropped },
};

static void write_services(struct out *out, const struct server *server)
{
	const struct config *config = server->config;
	const struct board *board = server->heritage->board;

	for (size_t f = 0; f < sizeof(unit_families) / sizeof(unit_families[0]);
	     f++) {
		const struct unit_family *of = &unit_families[f];

		metric_family(out, of->name, of->type, of->help);
		for (size_t i = 0; i < config->units_count; i++) {
			const struct unit *unit = &config->units[i];
			int slot = unit->kind == UNIT_SERVICE
					   ? after_service(board, unit->name)
					   : -1;

			if (slot >= 0)
				metric_sample(out, of->name, "service",
					      unit->name,
					      of->value(board, (unsigned)slot));
		}
	}
}

struct single_family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct board *board,
			  const struct board_single *single);
};

static uint64_t is_held(const struct board *board,
			const struct board_single *single)
{
	return single_slot(board, single) != 0;
}

static uint64_t single_failed(const struct board *board,
			      const struct board_single *single)
{
	(void)board;
	return atomic_load(&single->goal) == GOAL_FAILED;
}

static uint64_t single_runs(const struct board *board,
			    const struct board_single *single)
{
	(void)board;
	return atomic_load(&single->runs);
}

static uint64_t single_failures(const struct board *board,
				const struct board_single *single)
{
	(void)board;
	return atomic_load(&single->failures);
}

static uint64_t single_missed(const struct board *board,
			      const struct board_single *single)
{
	(void)board;
	return atomic_load(&single->missed);
}

static uint64_t single_began_s(const struct board *board,
			       const struct board_single *single)
{
	(void)board;
	return (uint64_t)atomic_load(&single->began_ms) / MS_PER_S;
}

static uint64_t single_ended_s(const struct board *board,
			       const struct board_single *single)
{
	(void)board;
	return (uint64_t)atomic_load(&single->ended_ms) / MS_PER_S;
}

static const struct single_family single_families[] = {
	{ "singleton_held", "gauge", "Whether this node runs it.", is_held },
	{ "singleton_failed", "gauge",
	  "Whether it was given up, and waits to be assigned anew.",
	  single_failed },
	{ "singleton_runs_total", "counter", "Times it was assigned.",
	  single_runs },
	{ "singleton_failures_total", "counter",
	  "Times that ended other than well.", single_failures },
	{ "singleton_missed_total", "counter",
	  "Times of its own that no run was for.", single_missed },
	{ "singleton_began_time_seconds", "gauge",
	  "When it was last assigned, 0 = never.", single_began_s },
	{ "singleton_ended_time_seconds", "gauge",
	  "When that last ended, 0 = never.", single_ended_s },
};

static void write_singles(struct out *out, const struct server *server)
{
	const struct config *config = server->config;
	const struct board *board = server->heritage->board;
	const size_t count =
		sizeof(single_families) / sizeof(single_families[0]);

	for (size_t f = 0; f < count; f++) {
		const struct single_family *of = &single_families[f];

		metric_family(out, of->name, of->type, of->help);
		for (size_t i = 0; i < config->units_count; i++) {
			const struct unit *unit = &config->units[i];
			int at = unit->kind == UNIT_SINGLETON
					 ? after_single(board, unit->name)
					 : -1;

			if (at >= 0)
				metric_sample(
					out, of->name, "singleton", unit->name,
					of->value(board, &board->singles[at]));
		}
	}
}

void server_metrics(struct visit *visit)
{
	struct http_reply reply = { .status = 200, .bytes = HTTP_BYTES_TAKE };
	char *body = NULL;

	for (size_t cap = METRICS_FIRST; cap <= METRICS_MAX; cap *= 4) {
		struct out out;

		free(body);
		body = malloc(cap);
		if (body == NULL)
			break;
		out = out_init(body, cap);
		write_node(&out, visit->server);
		write_roles(&out, visit->server);
		write_services(&out, visit->server);
		write_singles(&out, visit->server);
		metrics_of_cluster(&out, visit->server);
		if (out_end(&out) != 0)
			continue;
		reply.body = (struct text){ body, out.len };
		http_add_field(&reply, "Content-Type", PROMETHEUS_TEXT);
		http_add_field(&reply, "Cache-Control", "no-store");
		http_reply(visit->request, &reply);
		return;
	}
	free(body);
	reply_status(visit, 503, "There is too much to count.");
}
