/* The services and singletons, as the board shows them. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "roles/after.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

#define UNITS_MAX_BYTES	  (4u << 20)
#define UNITS_FIRST_BYTES 16384

void unit_member(struct out *out, const char *name)
{
	out_string(out, ",\"");
	out_string(out, name);
	out_string(out, "\":");
}

void unit_number(struct out *out, const char *name, int64_t value)
{
	unit_member(out, name);
	out_i64(out, value);
}

void unit_time(struct out *out, const char *name, int64_t ms)
{
	unit_member(out, name);
	out_json_time(out, ms);
}

void unit_words(struct out *out, const char *name,
		const struct board_text *text)
{
	char buf[BOARD_TEXT_MAX + 1];
	size_t len = board_text_get(text, buf, sizeof(buf));

	unit_member(out, name);
	if (len == 0)
		out_string(out, "null");
	else
		out_json(out, (struct text){ buf, len });
}

const char *unit_rest(const struct board *board, uint32_t goal)
{
	static const char *const goals[] = {
		[GOAL_NONE] = "stopped",      [GOAL_UP] = "starting",
		[GOAL_WAITING] = "waiting",   [GOAL_STOPPED] = "stopped",
		[GOAL_DISABLED] = "disabled", [GOAL_DONE] = "done",
		[GOAL_FAILED] = "failed",
	};

	if (goal == GOAL_UP && atomic_load(&board->stopping) != 0)
		return "stopped";
	return goal <= GOAL_FAILED ? goals[goal] : "stopped";
}

const char *unit_state(const struct board *board, unsigned slot)
{
	static const char *const lives[] = {
		[LIFE_NONE] = "starting",      [LIFE_STARTING] = "starting",
		[LIFE_READY] = "ready",	       [LIFE_STOPPING] = "stopping",
		[LIFE_PAUSING] = "restarting", [LIFE_ENDED] = "stopping",
	};
	const struct board_unit *unit = &board->units[slot];
	uint32_t goal = atomic_load(&unit->goal);
	uint32_t life = atomic_load(&unit->life);

	if (atomic_load(&board->holdings[slot].token) == 0)
		return unit_rest(board, goal);
	if (goal != GOAL_UP)
		return "stopping";
	return life <= LIFE_ENDED ? lives[life] : "starting";
}

void unit_configured(struct out *out, const struct unit *configured)
{
	unit_member(out, "essential");
	out_string(out, configured->essential ? "true" : "false");
	unit_member(out, "after");
	out_char(out, '[');
	for (size_t i = 0; i < configured->after.count; i++) {
		if (i > 0)
			out_char(out, ',');
		out_json(out, text_of(configured->after.at[i]));
	}
	out_string(out, "]}");
}

static void write_service(struct out *out, const struct board *board,
			  const struct unit *configured, int slot)
{
	const struct board_unit *unit = &board->units[slot >= 0 ? slot : 0];
	int32_t pid = atomic_load(&unit->pid);

	out_string(out, "{\"name\":");
	out_json(out, text_of(configured->name));
	unit_member(out, "state");
	if (slot < 0) {
		out_string(out, "\"waiting\"}");
		return;
	}
	out_json(out, text_of(unit_state(board, (unsigned)slot)));
	unit_member(out, "pid");
	if (pid > 0)
		out_i64(out, pid);
	else
		out_string(out, "null");
	unit_time(out, "since", atomic_load(&unit->since_ms));
	unit_time(out, "started", atomic_load(&unit->started_ms));
	unit_time(out, "next", atomic_load(&unit->next_ms));
	unit_number(out, "starts", atomic_load(&unit->starts));
	unit_member(out, "exit");
	if (atomic_load(&unit->starts) > 1 || pid == 0)
		out_i64(out, atomic_load(&unit->exit));
	else
		out_string(out, "null");
	unit_words(out, "status", &unit->status);
	unit_words(out, "words", &unit->words);
	unit_words(out, "address", &unit->address);
	unit_number(out, "lines", (int64_t)atomic_load(&unit->lines));
	unit_number(out, "dropped", (int64_t)atomic_load(&unit->dropped));
	unit_configured(out, configured);
}

static void write_unit(struct out *out, const struct server *server,
		       const struct unit *unit)
{
	const struct board *board = server->heritage->board;

	if (unit->kind == UNIT_SERVICE)
		write_service(out, board, unit,
			      after_service(board, unit->name));
	else
		write_single(out, server, unit);
}

void unit_list(struct out *out, const struct server *server, const char *name,
	       unsigned kinds, unit_fn *write)
{
	const struct config *config = server->config;
	bool first = true;

	out_string(out, "{\"");
	out_string(out, name);
	out_string(out, "\":[");
	for (size_t i = 0; i < config->units_count; i++) {
		if ((kinds & 1u << config->units[i].kind) == 0)
			continue;
		if (!first)
			out_char(out, ',');
		first = false;
		write(out, server, &config->units[i]);
	}
	out_string(out, "]}");
}

static void write_services(struct out *out, const struct server *server,
			   const struct unit *unit)
{
	(void)unit;
	unit_list(out, server, "services", 1u << UNIT_SERVICE, write_unit);
}

static void write_singles(struct out *out, const struct server *server,
			  const struct unit *unit)
{
	(void)unit;
	unit_list(out, server, "singletons", 1u << UNIT_SINGLETON, write_unit);
}

void reply_written(struct visit *visit, unit_fn *write, const struct unit *unit)
{
	char *body = NULL;

	for (size_t cap = UNITS_FIRST_BYTES; cap <= UNITS_MAX_BYTES; cap *= 4) {
		struct out out;

		free(body);
		body = malloc(cap);
		if (body == NULL)
			break;
		out = out_init(body, cap);
		write(&out, visit->server, unit);
		if (out_end(&out) == 0) {
			reply_changing(visit, body, out.len, "");
			return;
		}
	}
	free(body);
	reply_status(visit, 503, "There are too many to list.");
}

bool reply_unless_operator(struct visit *visit)
{
	if (visit->asker.is_operator)
		return false;
	reply_status(visit, 403,
		     "This is for operators: use the Unix socket, "
		     "or the operator token.");
	return true;
}

void reply_no_unit(struct visit *visit, enum unit_kind kind)
{
	const struct config *config = visit->server->config;
	struct suggest near = suggest_init(visit->route.about);
	char detail[160];
	struct out out = out_init(detail, sizeof(detail));

	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].kind != UNIT_JOB)
			suggest_offer(&near, text_of(config->units[i].name));
	out_string(&out, kind == UNIT_SERVICE
				 ? "There is no service of that name."
				 : "There is no singleton of that name.");
	if (near.nearest.len > 0) {
		out_string(&out, " Did you mean ");
		out_text(&out, near.nearest);
		out_char(&out, '?');
	}
	(void)out_end(&out);
	reply_status(visit, 404, detail);
}

const struct unit *unit_asked(struct visit *visit, enum unit_kind kind)
{
	struct text name = visit->route.about;
	const struct unit *unit;

	if (reply_unless_operator(visit))
		return NULL;
	unit = config_unit(visit->server->config, kind, name.at, name.len);
	if (unit == NULL)
		reply_no_unit(visit, kind);
	return unit;
}

void server_units(struct visit *visit, enum unit_kind kind)
{
	if (!reply_unless_operator(visit))
		reply_written(visit,
			      kind == UNIT_SERVICE ? write_services
						   : write_singles,
			      NULL);
}

void server_unit(struct visit *visit, enum unit_kind kind)
{
	const struct unit *unit = unit_asked(visit, kind);

	if (unit != NULL)
		reply_written(visit, write_unit, unit);
}
