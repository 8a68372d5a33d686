/* Where things are: the names of services and singletons, and the addresses
 * they told (X_HOLDFAST_ADDRESS).
 */
#include "core/out.h"
#include "roles/after.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

static void write_name(struct out *out, const struct server *server,
		       const struct unit *unit)
{
	const struct board *board = server->heritage->board;
	bool is_service = unit->kind == UNIT_SERVICE;
	int at = is_service ? after_service(board, unit->name)
			    : after_single(board, unit->name);
	char node[BOARD_TEXT_MAX + 1] = "";
	const char *state = "waiting";
	uint32_t slot = 0;
	bool runs = false;

	if (at >= 0 && is_service) {
		slot = (uint32_t)at;
		state = unit_state(board, slot);
		runs = atomic_load(&board->units[slot].pid) > 0;
	} else if (at >= 0) {
		slot = single_slot(board, &board->singles[at]);
		state = single_state(server, &board->singles[at], unit);
		runs = slot != 0 && atomic_load(&board->units[slot].pid) > 0;
		if (slot == 0)
			single_node(server, &board->singles[at], node);
	}
	if (runs)
		text_copy(text_of(server->config->node), node, sizeof(node));
	out_string(out, "{\"name\":");
	out_json(out, text_of(unit->name));
	unit_member(out, "kind");
	out_string(out, is_service ? "\"service\"" : "\"singleton\"");
	unit_member(out, "state");
	out_json(out, text_of(state));
	unit_member(out, "node");
	if (node[0] != '\0')
		out_json(out, text_of(node));
	else
		out_string(out, "null");
	if (runs) {
		unit_words(out, "address", &board->units[slot].address);
	} else {
		unit_member(out, "address");
		out_string(out, "null");
	}
	out_char(out, '}');
}

static void write_names(struct out *out, const struct server *server,
			const struct unit *unit)
{
	(void)unit;
	unit_list(out, server, "names",
		  1u << UNIT_SERVICE | 1u << UNIT_SINGLETON, write_name);
}

void server_names(struct visit *visit)
{
	if (!reply_unless_operator(visit))
		reply_written(visit, write_names, NULL);
}

void server_name(struct visit *visit)
{
	struct text name = visit->route.about;
	const struct config *config = visit->server->config;
	const struct unit *unit;

	if (reply_unless_operator(visit))
		return;
	unit = config_unit(config, UNIT_SERVICE, name.at, name.len);
	if (unit == NULL)
		unit = config_unit(config, UNIT_SINGLETON, name.at, name.len);
	if (unit == NULL)
		reply_no_unit(visit, UNIT_SERVICE);
	else
		reply_written(visit, write_name, unit);
}
