/* What operators tell the node to do. */
#define _GNU_SOURCE
#include <errno.h>

#include "core/schema.h"
#include "io/body.h"
#include "io/channel.h"
#include "roles/after.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"
#include "roles/services.h"

static const struct {
	const char *name;
	enum message_action action;
} actions[] = {
	{ "start", ACTION_START },     { "stop", ACTION_STOP },
	{ "restart", ACTION_RESTART }, { "enable", ACTION_ENABLE },
	{ "disable", ACTION_DISABLE }, { "handover", ACTION_HANDOVER },
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
	int slot = after_service(board, unit->name);

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

/* The journal role's answer, NULL as long as it has not come, or when that
 * can't be asked: then the answer is sent.
 */
static const struct call *ask(struct visit *visit, const struct unit *unit,
			      enum message_action action, struct text node)
{
	struct server *server = visit->server;
	struct call *call = visit->request->state;
	struct message message = { .kind = MESSAGE_UNIT,
				   .type = text_of(unit->name),
				   .unit_kind = unit->kind,
				   .action = action,
				   .text = node,
				   .percent = JOB_PERCENT_NONE };
	int rc;

	if (call != NULL)
		return call;
	rc = calls_ask(&server->calls, visit->request, &message, server->now_ms,
		       &call);
	if (rc != 0)
		reply_error(visit, rc);
	return NULL;
}

/* What is to outlive the node is kept first. */
static void keep(struct visit *visit, const struct unit *unit,
		 enum message_action action)
{
	const struct call *call = ask(visit, unit, action, (struct text){ 0 });

	if (call == NULL)
		return;
	if (call->status != 0)
		reply_error(visit, -call->status);
	else
		act(visit, unit, action);
}

/* What keeps a singleton from going to NODE, empty for any. */
static void refuse_handover(struct visit *visit, int32_t status,
			    struct text node)
{
	if (status == ENOENT && node.len > 0)
		reply_status(visit, 404,
			     "There is no node of that name: see "
			     "`holdfast nodes`.");
	else if (status == ENOENT)
		reply_no_unit(visit, UNIT_SINGLETON);
	else if (status == EBUSY)
		reply_status(visit, 409,
			     "It runs nowhere now, or is on its way already.");
	else if (node.len > 0)
		reply_status(visit, 409,
			     "That node can't take it: see `holdfast nodes`, "
			     "and whether it is configured there.");
	else
		reply_status(visit, 409,
			     "There is no other node that can take it.");
}

/* To the node the body names, or any other. */
static void hand_over(struct visit *visit, const struct unit *unit)
{
	struct server *server = visit->server;
	char node[SCHEMA_NAME_MAX + 1];
	const struct call *call;
	int rc = body_text(visit->request->body, "node", node, sizeof(node));

	if (!server->heritage->board->cluster.present) {
		reply_status(visit, 409,
			     "There is no other node to hand it to.");
		return;
	}
	if (rc != 0) {
		reply_status(visit, rc == -EBADMSG ? 400 : 422,
			     "The body is {\"node\": \"NAME\"}, or nothing.");
		return;
	}
	call = ask(visit, unit, ACTION_HANDOVER, text_of(node));
	if (call == NULL)
		return;
	if (call->status == 0)
		reply_accepted(visit);
	else if (call->status == ENOENT || call->status == EBUSY ||
		 call->status == EINVAL)
		refuse_handover(visit, call->status, text_of(node));
	else
		reply_error(visit, -call->status);
}

/* The journal role does it; what it answers is durable. */
static void ask_journal(struct visit *visit, const struct unit *unit,
			enum message_action action)
{
	const struct call *call = ask(visit, unit, action, (struct text){ 0 });

	if (call == NULL)
		return;
	if (call->status == EINVAL)
		reply_status(visit, 409, "It is disabled: enable it first.");
	else if (call->status != 0)
		reply_error(visit, -call->status);
	else
		reply_accepted(visit);
}

void server_unit_action(struct visit *visit, enum unit_kind kind)
{
	const struct unit *unit = unit_asked(visit, kind);
	enum message_action action = action_of(visit->route.action);

	if (unit == NULL)
		return;
	if (action == 0 || (action == ACTION_HANDOVER && kind == UNIT_SERVICE))
		reply_status(visit, 404,
			     "It can be told to start, stop, restart, "
			     "enable or disable.");
	else if (action == ACTION_HANDOVER)
		hand_over(visit, unit);
	else if (kind == UNIT_SINGLETON)
		ask_journal(visit, unit, action);
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
