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
	/* One that never began is made up for, for no time of its own: some
	 * day, when who told so is read late.  In a life that was over, who
	 * stood still may have told so unseen. */
	if (slot_ms < known->slot_ms ||
	    (slot_ms == known->slot_ms && !known->made_up &&
	     cluster->stills == 0))
		world_break(&cluster->world, "a time was run twice");
	if (slot_ms == known->slot_ms)
		known->made_up = false;
	known->slot_ms = slot_ms;
}

/* A sink that checks tokens has seen a higher one, or is about to. */
void sim_check_refused(struct cluster *cluster, uint32_t node)
{
	cluster->refused++;
	world_say(&cluster->world, node, "stood still: that is refused");
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
	if (token <= known->token && world_is_stale(&cluster->world, node)) {
		sim_check_refused(cluster, node);
		return;
	}
	if (token <= known->token)
		world_break(&cluster->world, "a token did not rise");
	/* What that ran nobody else knows of. */
	if (sim_is_timed(unit) && !world_is_stale(&cluster->world, node))
		check_slot(cluster, node, unit, token);
	known->token = token;
	known->starts++;
	cluster->starts++;
	if (known->node != node)
		cluster->moves++;
	known->node = node;
}

/* ---- versions ---- */

static void check_version(struct cluster *cluster,
			  const struct memview_register *kept)
{
	uint64_t name = board_hash(kept->key, strlen(kept->key)) * 31 +
			kept->version.token * 7 + kept->version.step;
	uint64_t value = board_hash(kept->record, kept->record_len);
	struct sim_version *at;

	for (uint32_t i = 0; i < SIM_VERSIONS; i++) {
		at = &cluster->versions[(name + i) % SIM_VERSIONS];
		if (at->name == 0)
			*at = (struct sim_version){ name, value };
		if (at->name != name)
			continue;
		if (at->value != value) {
			world_say(&cluster->world, 0, "%s token=%llx step=%u",
				  kept->key,
				  (unsigned long long)kept->version.token,
				  (unsigned)kept->version.step);
			world_break(&cluster->world,
				    "one version means two things");
		}
		return;
	}
}

static bool is_shown(const struct memview *view,
		     const struct memview_register *kept)
{
	for (size_t i = 0; i < view->shown_registers.count; i++) {
		const struct memview_register *at =
			&view->shown_registers.at[i];

		if (version_compare(at->version, kept->version) == 0 &&
		    strcmp(at->key, kept->key) == 0)
			return true;
	}
	return false;
}

/* That it ended for a node that stood still nobody else need know. */
static void note_stale_end(struct cluster *cluster,
			   const struct memview_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct memview_job *at = index->jobs[i];
		uint32_t job = sim_job_of(at->id);

		if (job < SIM_JOBS && at->job.state >= JOB_READY)
			cluster->jobs[job].stale = at->job.version;
	}
}

/* Of a unit with times nobody asks a run but whoever makes up for one. */
static void note_made_up(struct cluster *cluster,
			 const struct memview_register *kept)
{
	static const char asked[] = "asked/";
	struct record record;
	struct field field;
	struct dec dec;

	for (int unit = 0; unit < SIM_UNITS; unit++) {
		struct sim_unit *known = &cluster->known[unit];

		if (!sim_is_timed(unit) ||
		    strncmp(kept->key, asked, sizeof(asked) - 1) != 0 ||
		    strcmp(kept->key + sizeof(asked) - 1,
			   sim_unit_name(unit)) != 0 ||
		    version_compare(kept->version, known->asked) <= 0 ||
		    record_decode(&record, kept->record, kept->record_len) != 0)
			continue;
		dec = dec_init(record.value.at, record.value.len);
		if (!dec_next(&dec, &field) || field_u64(&field) == 0)
			continue;
		known->asked = kept->version;
		known->made_up = true;
	}
}

/* What is committed counts. */
static int commit(struct view *view)
{
	struct memview *memview = (struct memview *)view; /* its first member */
	struct sim_node *me =
		(struct sim_node *)((char *)memview -
				    offsetof(struct sim_node, view));

	for (size_t i = 0; i < memview->working_registers.count; i++)
		if (!is_shown(memview, &memview->working_registers.at[i])) {
			check_version(me->cluster,
				      &memview->working_registers.at[i]);
			note_made_up(me->cluster,
				     &memview->working_registers.at[i]);
		}
	if (world_is_stale(&me->cluster->world,
			   (uint32_t)(me - me->cluster->nodes)))
		note_stale_end(me->cluster, &memview->working);
	else
		sim_jobs_shown(me->cluster, memview);
	return memview_ops.commit(view);
}

void sim_check_view(struct cluster *cluster, uint32_t node)
{
	static struct view_ops ops;

	ops = memview_ops;
	ops.commit = commit;
	cluster->nodes[node].view.view.ops = &ops;
}

/* ---- what operators were answered ---- */

/* Of register WHAT of UNIT in the view of ME; {0, 0}: there is none. */
static struct version version_of(const struct sim_node *me, int what, int unit)
{
	static const char *const names[2] = { "stopped/", "enabled/" };
	size_t len = strlen(names[what]);

	for (size_t i = 0; i < me->view.shown_registers.count; i++) {
		const struct memview_register *at =
			&me->view.shown_registers.at[i];

		if (strncmp(at->key, names[what], len) == 0 &&
		    strcmp(at->key + len, sim_unit_name(unit)) == 0)
			return at->version;
	}
	return (struct version){ 0 };
}

/* Has a leader read all that NODE's generation will ever have said? */
static bool is_settled(const struct cluster *cluster, uint32_t node)
{
	uint64_t generation = cluster->nodes[node].ledger->generation;

	for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
		const struct ledger *ledger = cluster->nodes[i].ledger;

		if (i != node && cluster->nodes[i].journals && ledger->leads &&
		    node < ledger->nodes_count &&
		    ledger->nodes[node].settled >= generation)
			return true;
	}
	return false;
}

void sim_check_answer(struct cluster *cluster, uint32_t node, int unit)
{
	if (is_settled(cluster, node))
		world_break(&cluster->world,
			    "an answer after all was read that it had said");
	for (int what = 0; what < 2; what++) {
		struct version *answered = &cluster->known[unit].answered[what];
		struct version version =
			version_of(&cluster->nodes[node], what, unit);

		if (version_compare(*answered, version) < 0)
			*answered = version;
	}
}

static void check_answers(struct cluster *cluster, const struct sim_node *me)
{
	for (int unit = 0; unit < SIM_UNITS; unit++)
		for (int what = 0; what < 2; what++)
			if (version_compare(
				    version_of(me, what, unit),
				    cluster->known[unit].answered[what]) < 0)
				world_break(&cluster->world,
					    "what was answered is forgotten");
}

/* What lives, of all nodes that do not stand still; also of those that are
 * STALE.
 */
static void count_alive(const struct cluster *cluster, bool stale,
			struct sim_alive *alive)
{
	*alive = (struct sim_alive){ 0 };
	for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
		const struct sim_node *me = &cluster->nodes[i];

		if (cluster->world.nodes[i].suspended || me->frozen ||
		    (!stale && world_is_stale(&cluster->world, i)))
			continue;
		for (uint32_t place = 0; place < SIM_PLACES; place++) {
			const struct sim_work *work = &me->works[place];

			if (!sim_work_is_alive(work))
				continue;
			if (work->unit < 0)
				alive->jobs[work->job]++;
			else
				alive->units[work->unit]++;
		}
	}
}

void sim_check(struct lease_world *world)
{
	struct cluster *cluster = cluster_of(world);
	bool calm = sim_is_calm(cluster);
	struct sim_alive alive;

	count_alive(cluster, false, &alive);
	for (int unit = 0; unit < SIM_UNITS; unit++)
		if (alive.units[unit] > 1)
			world_break(world, "a singleton is alive twice");
	sim_jobs_check(cluster, &alive);
	if (!calm)
		return;
	count_alive(cluster, true, &alive);
	for (int unit = 0; unit < SIM_UNITS; unit++)
		if (alive.units[unit] > 0 && cluster->known[unit].ran_us == 0)
			cluster->known[unit].ran_us = world->now_us;
}

void sim_check_end(struct lease_world *world)
{
	struct cluster *cluster = cluster_of(world);
	struct sim_alive alive;

	/* By now those that stood still know, too. */
	count_alive(cluster, true, &alive);
	for (uint32_t i = 0; i < world->nodes_count; i++)
		if (cluster->nodes[i].journals &&
		    cluster->nodes[i].ledger->leads)
			check_answers(cluster, &cluster->nodes[i]);
	for (int unit = 0; unit < SIM_UNITS; unit++) {
		bool runs = sim_is_timed(unit)
				    ? cluster->known[unit].ran_us != 0
				    : alive.units[unit] == 1;

		if (!runs && sim_should_run(cluster, unit)) {
			world_say(world, 0, "%s does not run",
				  sim_unit_name(unit));
			world_break(world, "a unit does not run in the end");
		}
		if (alive.units[unit] != 0 && sim_must_not_run(cluster, unit)) {
			world_say(world, 0, "%s runs", sim_unit_name(unit));
			world_break(world, "what was stopped runs in the end");
		}
	}
	sim_cancel_check_end(cluster);
	sim_jobs_check_end(cluster);
}
