/* What operators tell the node to do. */
#define _GNU_SOURCE
#include <errno.h>

#include "io/channel.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"
#include "roles/services.h"

static const struct {
	const char *name;
	enum message_action action;
} actions[] = {
	{ "start", ACTION_START },     { "stop", ACTION_STOP },
	{ "restart", ACTION_RESTART }, { "enable", ACTION_ENABLE },
	{ "disable", ACTION_DISABLE },
};

static enum message_action action_of(struct text name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (text_is(name, actions[i].name))
			return actions[i].action;
	return (enum message_action)0;
}

static void reply_accepted(struct visit *visit)
{
	struct http_reply reply = json_reply(202, HTTP_BYTES_STATIC, "{}", 2);

	http_reply(visit->request, &reply);
}

/* Control does it, whichever role was asked. */
static int tell_control(struct visit *visit, const struct unit *unit,
			enum message_action action)
{
	struct server *server = visit->server;
	struct message message = { .kind = MESSAGE_UNIT,
				   .type = text_of(unit->name),
				   .unit_kind = unit->kind,
				   .action = action,
				   .percent = JOB_PERCENT_NONE };
	uint8_t bytes[256];
	int len;

	if (server->services != NULL)
		return services_act(server->services, message.type, action,
				    server->now_ms);
	len = message_encode(&message, bytes, sizeof(bytes));
	if (len < 0)
		return len;
	return channel_send(server->heritage->control_link[0], bytes,
			    (size_t)len);
}

static bool is_disabled(const struct visit *visit, const struct unit *unit)
{
	const struct board *board = visit->server->heritage->board;
	int slot = unit_slot(board, unit->name);

	return slot >= 0 &&
	       atomic_load(&board->units[slot].goal) == GOAL_DISABLED;
}

static void act(struct visit *visit, const struct unit *unit,
		enum message_action action)
{
	int rc;

	if ((action == ACTION_START || action == ACTION_RESTART) &&
	    is_disabled(visit, unit)) {
		reply_status(visit, 409, "It is disabled: enable it first.");
		return;
	}
	rc = tell_control(visit, unit, action);
	if (rc != 0)
		reply_error(visit, rc);
	else
		reply_accepted(visit);
}

/* What is to outlive the node is kept first. */
static void keep(struct visit *visit, const struct unit *unit,
		 enum message_action action)
{
	struct server *server = visit->server;
	struct call *call = visit->request->state;
	struct message message = { .kind = MESSAGE_UNIT,
				   .type = text_of(unit->name),
				   .unit_kind = unit->kind,
				   .action = action,
				   .percent = JOB_PERCENT_NONE };
	int rc;

	if (call == NULL) {
		rc = calls_ask(&server->calls, visit->request, &message,
			       server->now_ms, &call);
		if (rc != 0)
			reply_error(visit, rc);
		return;
	}
	if (call->status != 0)
		reply_error(visit, -call->status);
	else
		act(visit, unit, action);
}

void server_service_action(struct visit *visit)
{
	struct text name = visit->route.about;
	const struct unit *unit = config_unit(visit->server->config,
					      UNIT_SERVICE, name.at, name.len);
	enum message_action action = action_of(visit->route.action);

	if (reply_unless_operator(visit))
		return;
	if (unit == NULL)
		reply_no_unit(visit, UNIT_SERVICE);
	else if (action == 0)
		reply_status(visit, 404,
			     "A service can be told to start, stop, restart, "
			     "enable or disable.");
	else if (action == ACTION_ENABLE || action == ACTION_DISABLE)
		keep(visit, unit, action);
	else
		act(visit, unit, action);
}

/* The wishes of operators are counters and flags on the board, which guardian
 * and supervisor act upon: roles that answer requests may not signal them.
 */
void server_reload(struct visit *visit)
{
	struct heritage *heritage = visit->server->heritage;

	if (reply_unless_operator(visit))
		return;
	atomic_fetch_add(&heritage->board->reload_wish, 1);
	bell_ring(heritage->bells[ROLE_GUARDIAN]);
	reply_accepted(visit);
}

void server_drain(struct visit *visit)
{
	struct heritage *heritage = visit->server->heritage;

	if (reply_unless_operator(visit))
		return;
	atomic_store(&heritage->board->drain_wish,
		     text_is(visit->route.action, "drain") ? DRAIN_WISH_ON
							   : DRAIN_WISH_OFF);
	bell_ring(heritage->bells[ROLE_SUPERVISOR]);
	reply_accepted(visit);
}
