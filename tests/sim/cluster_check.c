/* cluster_check - what must hold. */
#include "core/single.h"
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

/* The run of UNIT under TOKEN is for this time, 0 = for none that is known. */
static int64_t slot_of(const struct sim_node *me, int unit, uint64_t token)
{
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	struct single single;
	struct text bytes;

	(void)single_key(text_of(sim_unit_name(unit)), key);
	bytes = memview_register_record(&me->view, key);
	if (bytes.len == 0 ||
	    record_decode(&record, bytes.at, bytes.len) != 0 ||
	    single_decode(&single, &record) != 0 || single.token != token)
		return 0;
	return single.slot_ms;
}

static void check_slot(struct cluster *cluster, uint32_t node, int unit,
		       uint64_t token)
{
	struct sim_unit *known = &cluster->known[unit];
	int64_t slot_ms = slot_of(&cluster->nodes[node], unit, token);

	world_say(&cluster->world, node, "for its time %lld",
		  (long long)(slot_ms - SIM_WALL_MS));
	if (slot_ms == 0) {
		world_break(&cluster->world, "a run of no time");
		return;
	}
	if (slot_ms <= known->slot_ms)
		world_break(&cluster->world, "a time was run twice");
	known->slot_ms = slot_ms;
}

void sim_check_start(struct cluster *cluster, uint32_t node, int unit,
		     uint64_t token)
{
	struct sim_unit *known;

	if (unit < 0) {
		world_break(&cluster->world, "a holding of an unknown unit");
		return;
	}
	known = &cluster->known[unit];
	world_say(&cluster->world, node, "starts %s token=%llx",
		  sim_unit_name(unit), (unsigned long long)token);
	if (token <= known->token)
		world_break(&cluster->world, "a token did not rise");
	if (sim_is_timed(unit))
		check_slot(cluster, node, unit, token);
	known->token = token;
	known->starts++;
	cluster->starts++;
	if (known->node != node)
		cluster->moves++;
	known->node = node;
}

static bool stands_still(const struct cluster *cluster, uint32_t node)
{
	return cluster->world.nodes[node].suspended ||
	       cluster->nodes[node].frozen;
}

static uint32_t alive_of(const struct cluster *cluster, int unit)
{
	uint32_t alive = 0;

	for (uint32_t i = 0; i < cluster->world.nodes_count; i++)
		for (uint32_t place = 0;
		     !stands_still(cluster, i) && place < SIM_PLACES; place++)
			alive += cluster->nodes[i].works[place].unit == unit &&
				 sim_work_is_alive(
					 &cluster->nodes[i].works[place]);
	return alive;
}

void sim_check(struct lease_world *world)
{
	struct cluster *cluster = cluster_of(world);
	bool calm = sim_is_calm(cluster);

	for (int unit = 0; unit < SIM_UNITS; unit++) {
		uint32_t alive = alive_of(cluster, unit);

		if (alive > 1)
			world_break(world, "a singleton is alive twice");
		if (alive == 1 && calm && cluster->known[unit].ran_us == 0)
			cluster->known[unit].ran_us = world->now_us;
	}
}

void sim_check_end(struct lease_world *world)
{
	struct cluster *cluster = cluster_of(world);

	for (int unit = 0; unit < SIM_UNITS; unit++) {
		bool runs = sim_is_timed(unit)
				    ? cluster->known[unit].ran_us != 0
				    : alive_of(cluster, unit) == 1;

		if (!runs && sim_should_run(cluster, unit)) {
			world_say(world, 0, "%s does not run",
				  sim_unit_name(unit));
			world_break(world, "a unit does not run in the end");
		}
		if (alive_of(cluster, unit) != 0 &&
		    sim_must_not_run(cluster, unit)) {
			world_say(world, 0, "%s runs", sim_unit_name(unit));
			world_break(world, "what was stopped runs in the end");
		}
	}
}
