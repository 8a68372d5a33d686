/* cluster_hint - how far jobs are, from node to node: some hints come late, out
 * of order, twice, or not at all.
 */
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

struct hint_of {
	char id[JOB_ID_LEN + 1];
	uint64_t token;
	uint32_t step;
	int32_t percent;
	uint32_t resumed;
	int64_t updated_ms;
};

static void send(struct cluster *cluster, uint32_t from, uint32_t to,
		 const struct hint_of *hint)
{
	struct lease_world *world = &cluster->world;
	int64_t us = 100 + world_below(world, 60 * MS);
	struct event *event;

	if (cluster->nodes[to].cut_from[from] ||
	    rng_once_in(&world->rng, cluster->loss))
		return;
	if (!sim_is_calm(cluster) && rng_once_in(&world->rng, 10))
		us += world_below(world, 5000 * MS);
	event = world_post(world, us, SIM_HINT, to);
	memcpy(event->data, hint, sizeof(*hint));
}

void sim_hint_tell(struct cluster *cluster, uint32_t node, const void *packet,
		   size_t len)
{
	struct dec dec = dec_init(packet, len);
	struct field field;
	struct hint hint;

	while (!cluster->no_net && dec_next(&dec, &field)) {
		struct hint_of told = { .token = 0 };

		if (hint_take(&hint, &field) != 0) {
			world_break(&cluster->world, "a hint is damaged");
			return;
		}
		text_copy(hint.id, told.id, sizeof(told.id));
		told.token = hint.token;
		told.step = hint.step;
		told.percent = hint.percent;
		told.resumed = hint.resumed;
		told.updated_ms = hint.updated_ms;
		for (uint32_t to = 0; to < cluster->world.nodes_count; to++)
			for (int i = 0; i < 2 && to != node; i++)
				if (i == 0 ||
				    rng_once_in(&cluster->world.rng, 30))
					send(cluster, node, to, &told);
	}
}

void sim_hint_arrives(struct cluster *cluster, const struct event *event)
{
	struct sim_node *me = &cluster->nodes[event->node];
	struct hint_of told;
	struct hint hint;

	if (me->down || !me->supervised)
		return;
	memcpy(&told, event->data, sizeof(told));
	hint = (struct hint){ .id = text_of(told.id),
			      .token = told.token,
			      .step = told.step,
			      .percent = told.percent,
			      .resumed = told.resumed,
			      .updated_ms = told.updated_ms };
	me->hints.buf = me->hints_buf;
	me->hints.cap = sizeof(me->hints_buf);
	(void)hint_put(&me->hints, &hint);
	sim_journal_ring(cluster, event->node);
}

void sim_hint_take(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	ledger_hear_hints(me->ledger, me->hints_buf, me->hints.len);
	me->hints.len = 0;
}
