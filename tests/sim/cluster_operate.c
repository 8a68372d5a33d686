/* cluster_operate - operators: what they want of singletons, asked of any
 * node, and what they were told.
 *
 * What was answered holds until something is asked after that answer.  What
 * was asked and never answered may hold, any time.
 */
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

/* Is it about the one of two things: stopped, or else disabled?  Who enables
 * a unit wants it to run.
 */
static bool is_about(enum message_action action, bool stop)
{
	if (action == ACTION_ENABLE)
		return true;
	if (action == ACTION_HANDOVER)
		return false;
	return (action != ACTION_DISABLE) == stop;
}

static bool is_off(enum message_action action)
{
	return action == ACTION_STOP || action == ACTION_DISABLE;
}

static struct sim_wish *wish_of(struct cluster *cluster, uint64_t request,
				int *of)
{
	for (int unit = 0; unit < SIM_UNITS; unit++) {
		struct sim_unit *known = &cluster->known[unit];

		for (uint32_t i = 0; i < known->wishes_count; i++)
			if (known->wishes[i].request == request) {
				*of = unit;
				return &known->wishes[i];
			}
	}
	return NULL;
}

void sim_operator_reply(struct cluster *cluster, uint32_t node,
			const struct message *reply)
{
	int unit = 0;
	struct sim_wish *wish = wish_of(cluster, reply->request, &unit);

	/* Whether it holds is as if nobody had answered. */
	if (world_is_stale(&cluster->world, node)) {
		cluster->stale_answers++;
		return;
	}
	if (sim_jobs_reply(cluster, node, reply) ||
	    sim_cancel_reply(cluster, reply))
		return;
	if (wish == NULL || wish->answered_us != 0)
		return;
	if (reply->status != 0) {
		wish->refused = true;
	} else {
		wish->answered_us = cluster->world.now_us;
		sim_check_answer(cluster, wish->node, unit);
	}
	world_say(&cluster->world, wish->node, "answers %llu: %d",
		  (unsigned long long)reply->request, (int)reply->status);
}

static void ask(struct cluster *cluster, uint32_t node, int unit,
		enum message_action action, const char *to)
{
	struct sim_unit *known = &cluster->known[unit];
	struct message message = {
		.kind = MESSAGE_UNIT,
		.request = ++cluster->requests,
		.type = text_of(sim_unit_name(unit)),
		.text = text_of(to),
		.unit_kind = UNIT_SINGLETON,
		.action = action,
	};

	if (known->wishes_count == SIM_WISHES)
		return;
	known->wishes[known->wishes_count++] = (struct sim_wish){
		.request = message.request,
		.node = node,
		.action = action,
		.asked_us = cluster->world.now_us,
	};
	world_say(&cluster->world, node, "is asked %llu: %s action=%u",
		  (unsigned long long)message.request, sim_unit_name(unit),
		  (unsigned)action);
	sim_send(cluster, node, &message);
}

void sim_operate(struct cluster *cluster)
{
	struct lease_world *world = &cluster->world;
	static const enum message_action actions[] = {
		ACTION_STOP,	ACTION_START,	 ACTION_START,
		ACTION_DISABLE, ACTION_ENABLE,	 ACTION_ENABLE,
		ACTION_RESTART, ACTION_HANDOVER, ACTION_HANDOVER,
	};
	uint32_t node = rng_below(&world->rng, world->nodes_count);
	int unit = (int)rng_below(&world->rng, SIM_UNITS);
	enum message_action action = actions[rng_below(
		&world->rng, sizeof(actions) / sizeof(actions[0]))];

	if (sim_is_calm(cluster) || cluster->nodes[node].down)
		return;
	/* A start uses no time of its own. */
	if (sim_is_timed(unit) && action != ACTION_DISABLE &&
	    action != ACTION_HANDOVER)
		action = action == ACTION_STOP ? ACTION_DISABLE : ACTION_ENABLE;
	ask(cluster, node, unit, action,
	    action == ACTION_HANDOVER && rng_once_in(&world->rng, 2)
		    ? sim_node_name(rng_below(&world->rng, world->nodes_count))
		    : "");
}

/* Was something that was answered asked after the answer to WISH? */
static bool is_overtaken(const struct cluster *cluster,
			 const struct sim_unit *known,
			 const struct sim_wish *wish, bool stop)
{
	/* Another node may not have read of it: who was asked lost its storage
	 * right after that, and is counted dead as late as this, the last of
	 * its renewals having landed late.
	 */
	int64_t slack_us = lease_length_us(&cluster->world.terms) +
			   lease_failover_us(&cluster->world.terms);

	if (wish->answered_us == 0)
		return false;
	for (uint32_t i = 0; i < known->wishes_count; i++) {
		const struct sim_wish *other = &known->wishes[i];

		if (is_about(other->action, stop) && other->answered_us != 0 &&
		    other->asked_us > wish->answered_us + slack_us)
			return true;
	}
	return false;
}

/* What may hold of one of two things: on, off, or both. */
static void what_holds(const struct cluster *cluster,
		       const struct sim_unit *known, bool stop, bool *on,
		       bool *off)
{
	bool answered = false;

	*on = *off = false;
	for (uint32_t i = 0; i < known->wishes_count; i++) {
		const struct sim_wish *wish = &known->wishes[i];

		if (wish->refused || !is_about(wish->action, stop))
			continue;
		answered = answered || wish->answered_us != 0;
		if (is_overtaken(cluster, known, wish, stop))
			continue;
		*off = *off || is_off(wish->action);
		*on = *on || !is_off(wish->action);
	}
	*on = *on || !answered; /* as configured */
}

bool sim_should_run(const struct cluster *cluster, int unit)
{
	bool on;
	bool off;

	for (int stop = 0; stop < 2; stop++) {
		what_holds(cluster, &cluster->known[unit], stop, &on, &off);
		if (off)
			return false;
	}
	return true;
}

bool sim_must_not_run(const struct cluster *cluster, int unit)
{
	bool on;
	bool off;

	for (int stop = 0; stop < 2; stop++) {
		what_holds(cluster, &cluster->known[unit], stop, &on, &off);
		if (!on)
			return true;
	}
	return false;
}
