/* The singletons, as the board shows them. */
#include <string.h>

#include "core/out.h"
#include "core/units.h"
#include "roles/after.h"
#include "roles/server_units.h"

static const char *how_it_ended(uint32_t how)
{
	static const char *const names[] = {
		[0] = "",
		[HOW_DONE] = "done",
		[HOW_FAILED] = "failed",
		[HOW_LATER] = "failed",
		[HOW_STOPPED] = "stopped",
		[HOW_TIMEOUT] = "timeout",
		[HOW_LOST] = "lost",
	};

	return how < sizeof(names) / sizeof(names[0]) ? names[how] : "";
}

uint32_t single_slot(const struct board *board,
		     const struct board_single *single)
{
	uint32_t slot = atomic_load(&single->slot);

	if (slot >= BOARD_HOLDINGS_MAX ||
	    atomic_load(&board->holdings[slot].token) !=
		    atomic_load(&single->token))
		return 0;
	return slot;
}

void single_node(const struct server *server, const struct board_single *single,
		 char *node)
{
	if (single_slot(server->heritage->board, single) != 0)
		text_copy(text_of(server->config->node), node,
			  BOARD_TEXT_MAX + 1);
	else
		(void)board_text_get(&single->node, node, BOARD_TEXT_MAX + 1);
}

/* Has another node it? */
static bool is_elsewhere(const struct server *server,
			 const struct board_single *single)
{
	char node[BOARD_TEXT_MAX + 1];

	single_node(server, single, node);
	return node[0] != '\0' && strcmp(node, server->config->node) != 0;
}

const char *single_state(const struct server *server,
			 const struct board_single *single,
			 const struct unit *configured)
{
	const struct board *board = server->heritage->board;
	uint32_t goal = atomic_load(&single->goal);
	uint32_t slot = single_slot(board, single);

	/* How far it is there, that node knows. */
	if (slot == 0 && is_elsewhere(server, single))
		return goal == GOAL_UP ? "elsewhere" : "stopping";
	if (slot == 0)
		return unit_rest(board, goal);
	if (goal != GOAL_UP)
		return "stopping";
	if (unit_is_timed(configured) &&
	    atomic_load(&board->units[slot].life) != LIFE_STOPPING)
		return "running";
	return unit_state(board, slot);
}

static void write_when(struct out *out, const struct unit *configured)
{
	unit_member(out, "when");
	if (configured->every_ms > 0) {
		out_string(out, "\"every ");
		units_out_duration(out, configured->every_ms);
		out_char(out, '"');
	} else if (configured->cron != NULL) {
		out_json(out, text_of(configured->cron));
	} else {
		out_string(out, "\"always\"");
	}
}

/* Of its process; nothing when there is none here. */
static void write_running(struct out *out, const struct board *board,
			  uint32_t slot)
{
	const struct board_unit *unit = &board->units[slot];
	int32_t pid = slot != 0 ? atomic_load(&unit->pid) : 0;

	unit_member(out, "pid");
	if (pid > 0)
		out_i64(out, pid);
	else
		out_string(out, "null");
	unit_time(out, "since", slot != 0 ? atomic_load(&unit->since_ms) : 0);
	unit_time(out, "started",
		  slot != 0 ? atomic_load(&unit->started_ms) : 0);
	unit_number(out, "starts", slot != 0 ? atomic_load(&unit->starts) : 0);
	if (slot == 0)
		return;
	unit_words(out, "status", &unit->status);
	unit_words(out, "address", &unit->address);
	unit_number(out, "lines", (int64_t)atomic_load(&unit->lines));
	unit_number(out, "dropped", (int64_t)atomic_load(&unit->dropped));
}

static void write_last(struct out *out, const struct board_single *single)
{
	uint32_t how = atomic_load(&single->how);

	unit_member(out, "last");
	if (how == 0) {
		out_string(out, "null");
		return;
	}
	out_string(out, "{\"how\":");
	out_json(out, text_of(how_it_ended(how)));
	unit_time(out, "ended", atomic_load(&single->ended_ms));
	unit_number(out, "exit", atomic_load(&single->exit));
	unit_words(out, "words", &single->words);
	out_char(out, '}');
}

void write_single(struct out *out, const struct server *server,
		  const struct unit *configured)
{
	static const struct board_single none;
	const struct board *board = server->heritage->board;
	int at = after_single(board, configured->name);
	const struct board_single *single =
		at >= 0 ? &board->singles[at] : &none;
	uint64_t token = atomic_load(&single->token);
	int64_t next_ms = atomic_load(&single->next_ms);
	uint32_t slot = single_slot(board, single);
	char node[BOARD_TEXT_MAX + 1];

	out_string(out, "{\"name\":");
	out_json(out, text_of(configured->name));
	unit_member(out, "state");
	out_json(out,
		 text_of(at < 0 ? "waiting"
				: single_state(server, single, configured)));
	write_when(out, configured);
	single_node(server, single, node);
	if (at >= 0 && atomic_load(&single->differs) != 0) {
		unit_member(out, "differs");
		out_string(out, "true");
	}
	unit_member(out, "node");
	if (node[0] != '\0')
		out_json(out, text_of(node));
	else
		out_string(out, "null");
	unit_member(out, "token");
	if (token != 0) {
		/* As $HOLDFAST_TOKEN: more than JavaScript's numbers hold. */
		out_char(out, '"');
		out_u64(out, token);
		out_char(out, '"');
	} else {
		out_string(out, "null");
	}
	unit_time(out, "began", atomic_load(&single->began_ms));
	unit_time(out, "next", next_ms);
	unit_time(out, "slot", atomic_load(&single->slot_ms));
	unit_number(out, "ahead_s", atomic_load(&single->ahead_ms) / 1000);
	unit_number(out, "runs", (int64_t)atomic_load(&single->runs));
	unit_number(out, "failures", (int64_t)atomic_load(&single->failures));
	unit_number(out, "missed", (int64_t)atomic_load(&single->missed));
	write_running(out, board, slot);
	write_last(out, single);
	unit_configured(out, configured);
}
