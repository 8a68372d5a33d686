/* cluster_work - supervisor, guardian and workers: what runs follows the
 * holdings (roles/reconcile.h), and is dead when the lease is over.
 */
#include "tests/sim/cluster_world.h"

#define MS	  INT64_C(1000)
#define REPEAT_US (500 * MS)
#define POLITE_US (1000 * MS) /* to stop, when the node does */

bool sim_work_is_alive(const struct sim_work *work)
{
	return work->state != SIM_NONE && work->state != SIM_ENDED;
}

static struct holding *holding_of(struct sim_node *me, uint32_t place)
{
	return &me->board->holdings[BOARD_LEADER_FIRST + place];
}

static struct board_unit *unit_of(struct sim_node *me, uint32_t place)
{
	return &me->board->units[BOARD_LEADER_FIRST + place];
}

static void look_in(struct cluster *cluster, uint32_t node, int64_t in_us)
{
	struct sim_node *me = &cluster->nodes[node];
	int64_t now_us = cluster->world.now_us;
	if (!me->supervised ||
	    (me->look_us >= now_us && me->look_us <= now_us + in_us))
		return;
	me->look_event = world_repost(&cluster->world, me->look_event, me->look,
				      in_us, SIM_SUPERVISOR, node);
	me->look = me->look_event->order;
	me->look_us = me->look_event->at_us;
}

void sim_supervisor_ring(struct cluster *cluster, uint32_t node)
{
	look_in(cluster, node, world_below(&cluster->world, MS));
}

/* ---- workers ---- */

static void next_event(struct cluster *cluster, uint32_t node, uint32_t place,
		       int64_t in_us)
{
	struct sim_node *me = &cluster->nodes[node];
	struct event *event =
		world_post(&cluster->world, in_us, SIM_WORK, node);

	event->index = place;
	event->life = me->works[place].life = ++me->works_life;
}

static void says(struct cluster *cluster, uint32_t node, uint32_t place,
		 enum message_kind kind)
{
	struct sim_work *work = &cluster->nodes[node].works[place];
	struct message message = { .kind = kind,
				   .token = work->token,
				   .slot = BOARD_LEADER_FIRST + place,
				   .how = work->how,
				   .percent = work->percent,
				   .text = text_of(""),
				   .exit = work->how == HOW_DONE ? 0 : 1 };

	work->said_us = cluster->world.now_us;
	sim_send(cluster, node, &message);
}

static void forks(struct cluster *cluster, uint32_t node, uint32_t place)
{
	struct sim_node *me = &cluster->nodes[node];
	struct holding *holding = holding_of(me, place);
	char name[BOARD_TEXT_MAX + 1];
	uint32_t job = SIM_JOBS;
	int unit = -1;

	board_text_get(&unit_of(me, place)->name, name, sizeof(name));
	if (holding->kind == UNIT_JOB) {
		job = sim_jobs_start(cluster, node, holding->token);
	} else {
		unit = sim_unit_of(text_of(name));
		sim_check_start(cluster, node, unit, holding->token);
	}
	me->works[place] = (struct sim_work){
		.state = SIM_FORKED,
		.token = holding->token,
		.generation = holding->generation,
		.unit = unit,
		.job = job,
	};
	unit_of(me, place)->life = LIFE_STARTING;
	holding->phase_token = holding->token;
	holding->phase = PHASE_FORKED;
	next_event(cluster, node, place, world_below(&cluster->world, 5 * MS));
}

static void kills(struct cluster *cluster, uint32_t node, uint32_t place,
		  int64_t within_us)
{
	struct sim_work *work = &cluster->nodes[node].works[place];

	if (!sim_work_is_alive(work) || work->state == SIM_DIES)
		return;
	work->state = SIM_DIES;
	next_event(cluster, node, place,
		   world_below(&cluster->world, within_us));
}

void sim_work_lose(struct cluster *cluster, uint32_t node, uint32_t place)
{
	kills(cluster, node, place, 5 * MS);
}

static void is_dead(struct cluster *cluster, uint32_t node, uint32_t place)
{
	struct sim_node *me = &cluster->nodes[node];
	struct holding *holding = holding_of(me, place);
	struct sim_work *work = &me->works[place];

	world_say(&cluster->world, node, "%s is dead token=%llx",
		  sim_unit_name(work->unit), (unsigned long long)work->token);
	holding->phase =
		holding->settled == work->token ? PHASE_IDLE : PHASE_LOST;
	work->state = SIM_NONE;
	sim_supervisor_ring(cluster, node);
	sim_journal_ring(cluster, node);
}

static void ends(struct cluster *cluster, uint32_t node, uint32_t place,
		 enum message_how how)
{
	struct sim_node *me = &cluster->nodes[node];
	struct sim_work *work = &me->works[place];

	world_say(&cluster->world, node, "%s ends token=%llx how=%u",
		  sim_unit_name(work->unit), (unsigned long long)work->token,
		  (unsigned)how);
	work->state = SIM_ENDED;
	work->how = how;
	unit_of(me, place)->life = LIFE_ENDED;
	holding_of(me, place)->phase = PHASE_STOPPED;
	says(cluster, node, place, MESSAGE_OUTCOME);
	next_event(cluster, node, place, REPEAT_US);
	sim_supervisor_ring(cluster, node);
}

static void runs(struct cluster *cluster, uint32_t node, uint32_t place)
{
	struct lease_world *world = &cluster->world;
	struct sim_node *me = &cluster->nodes[node];
	const struct sim_work *work = &me->works[place];

	me->works[place].state = SIM_RUNS;
	holding_of(me, place)->phase = PHASE_RUNNING;
	unit_of(me, place)->life = LIFE_READY;
	says(cluster, node, place, MESSAGE_STARTED);
	if (work->unit < 0 || unit_is_timed(&me->config.units[work->unit]))
		next_event(cluster, node, place,
			   5 * MS + world_below(world, 300 * MS));
	else if (!sim_is_calm(cluster) && rng_once_in(&world->rng, 6))
		next_event(cluster, node, place, world_below(world, 4000 * MS));
}

/* One that always runs ends when it is given up, or told to. */
static enum message_how how_it_ends(struct cluster *cluster,
				    const struct sim_work *work)
{
	bool asked = work->state == SIM_STOPS;

	if (work->unit < 0 && !asked &&
	    (sim_is_calm(cluster) || !rng_once_in(&cluster->world.rng, 3)))
		return HOW_DONE;
	if (!sim_is_timed(work->unit) || rng_once_in(&cluster->world.rng, 3))
		return asked ? HOW_STOPPED : HOW_FAILED;
	return HOW_DONE;
}

/* A job has got further, and is not done yet. */
static bool goes_on(struct cluster *cluster, uint32_t node, uint32_t place)
{
	struct lease_world *world = &cluster->world;
	struct sim_work *work = &cluster->nodes[node].works[place];

	if (work->unit >= 0)
		return false;
	/* What was cancelled goes on until it is told, and none for ever. */
	if (!sim_job_is_cancelled(cluster, node, work->job) &&
	    (sim_is_calm(cluster) || !rng_once_in(&world->rng, 2)))
		return false;
	work->percent += (int32_t)world_below(world, 4000);
	says(cluster, node, place, MESSAGE_PROGRESS);
	next_event(cluster, node, place, world_below(world, 300 * MS));
	return true;
}

void sim_work_event(struct cluster *cluster, const struct event *event)
{
	struct sim_node *me = &cluster->nodes[event->node];
	uint32_t place = event->index;
	struct sim_work *work = &me->works[place];

	if (event->life != work->life)
		return;
	switch (work->state) {
	case SIM_FORKED:
		runs(cluster, event->node, place);
		break;
	case SIM_RUNS:
		if (goes_on(cluster, event->node, place))
			break;
		ends(cluster, event->node, place, how_it_ends(cluster, work));
		break;
	case SIM_STOPS:
		ends(cluster, event->node, place, how_it_ends(cluster, work));
		break;
	case SIM_DIES:
		is_dead(cluster, event->node, place);
		break;
	case SIM_ENDED:
		says(cluster, event->node, place, MESSAGE_OUTCOME);
		next_event(cluster, event->node, place, REPEAT_US);
		break;
	case SIM_NONE:
		break;
	}
}

/* ---- the supervisor ---- */

/* Nothing runs in PLACE. */
static void look_at_empty(struct cluster *cluster, uint32_t node,
			  uint32_t place, const struct lease_time *now)
{
	struct sim_node *me = &cluster->nodes[node];
	struct holding *holding = holding_of(me, place);
	uint64_t token = holding->token;

	if (holding->phase == PHASE_LOST && token != holding->phase_token)
		holding->phase = PHASE_IDLE;
	if (token == 0 || holding->phase != PHASE_IDLE ||
	    token == holding->settled || token == holding->phase_token)
		return;
	if (holding->wanted != WANTED_RUN) {
		holding->phase_token = token;
		holding->phase = PHASE_LOST;
		sim_journal_ring(cluster, node);
	} else if (me->board->stopping == 0 &&
		   cluster_holds(&me->board->cluster, holding->generation,
				 now)) {
		forks(cluster, node, place);
	}
}

static void look_at_work(struct cluster *cluster, uint32_t node, uint32_t place,
			 const struct lease_time *now)
{
	struct sim_node *me = &cluster->nodes[node];
	struct holding *holding = holding_of(me, place);
	struct sim_work *work = &me->works[place];
	bool asked = holding->token == work->token;

	if (work->state == SIM_ENDED) {
		if (holding->settled != work->token)
			return;
		work->state = SIM_NONE;
		holding->phase = PHASE_IDLE;
		sim_journal_ring(cluster, node);
		look_at_empty(cluster, node, place, now);
	} else if (!cluster_holds(&me->board->cluster, work->generation, now)) {
		kills(cluster, node, place,
		      cluster->world.terms.kill_ms * MS * 9 / 10);
	} else if (asked && holding->wanted == WANTED_KILL) {
		kills(cluster, node, place, 20 * MS);
	} else if (asked && holding->wanted == WANTED_STOP &&
		   work->state != SIM_STOPS && work->state != SIM_DIES) {
		work->state = SIM_STOPS;
		next_event(cluster, node, place,
			   world_below(&cluster->world, 150 * MS));
	}
}

static bool has_work(const struct sim_node *me)
{
	for (uint32_t place = 0; place < SIM_PLACES; place++)
		if (sim_work_is_alive(&me->works[place]))
			return true;
	return false;
}

static bool has_holdings(struct sim_node *me)
{
	for (uint32_t place = 0; place < SIM_PLACES; place++)
		if (holding_of(me, place)->token != 0)
			return true;
	return false;
}

/* All of a generation that is over is dead: it may be released. */
static void prove_dead(struct cluster *cluster, uint32_t node,
		       const struct lease_time *now)
{
	struct sim_node *me = &cluster->nodes[node];
	struct board_cluster *board = &me->board->cluster;
	struct cluster_lease lease;

	if (!cluster_lease(board, &lease) || lease.kept.generation == 0 ||
	    board->dead >= lease.kept.generation || has_work(me) ||
	    (!lease.kept.over &&
	     (!lease.kept.in ||
	      cluster_holds(board, lease.kept.generation, now))))
		return;
	board->dead = lease.kept.generation;
	world_say(&cluster->world, node, "generation %llu is dead",
		  (unsigned long long)lease.kept.generation);
	role_ring(&cluster->world, node, world_below(&cluster->world, MS));
	sim_journal_ring(cluster, node);
}

/* An orderly stop: work, then the journal, then the lease. */
static void stop_in_order(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];
	struct board_cluster *board = &me->board->cluster;
	bool late = cluster->world.now_us >= me->stop_us + POLITE_US;
	struct cluster_lease lease;

	if (me->board->stopping == 0 || board->leaving != 0)
		return;
	look_in(cluster, node, 20 * MS);
	for (uint32_t place = 0; late && place < SIM_PLACES; place++)
		kills(cluster, node, place, 20 * MS);
	if (has_work(me) || (has_holdings(me) && !late))
		return;
	sim_journal_kill(cluster, node);
	if (cluster_lease(board, &lease))
		board->dead = lease.kept.generation;
	board->leaving = 1;
	role_ring(&cluster->world, node, world_below(&cluster->world, MS));
}

static void look_at_clocks(struct cluster *cluster, uint32_t node,
			   const struct lease_time *now)
{
	struct sim_node *me = &cluster->nodes[node];
	struct cluster_lease lease;
	int64_t left_us;

	if (!cluster_lease(&me->board->cluster, &lease) || !has_work(me))
		return;
	left_us = cluster_left_us(&me->board->cluster, lease.kept.generation,
				  now);
	/* Its clocks may run ahead of true time: looks before the end. */
	look_in(cluster, node, left_us > 20 * MS ? left_us * 9 / 10 : MS);
}

void sim_supervisor_looks(struct cluster *cluster, const struct event *event)
{
	uint32_t node = event->node;
	struct sim_node *me = &cluster->nodes[node];
	struct lease_time now = world_clock(&cluster->world, node);

	if (!me->supervised || event->order != me->look)
		return;
	me->look_us = -1;
	for (uint32_t place = 0; place < SIM_PLACES; place++) {
		if (me->works[place].state == SIM_NONE)
			look_at_empty(cluster, node, place, &now);
		else
			look_at_work(cluster, node, place, &now);
	}
	stop_in_order(cluster, node);
	prove_dead(cluster, node, &now);
	look_at_clocks(cluster, node, &now);
}

void sim_work_vanish(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	for (uint32_t place = 0; place < SIM_PLACES; place++)
		if (sim_work_is_alive(&me->works[place]))
			is_dead(cluster, node, place);
}

/* ---- the guardian ---- */

void sim_supervisor_die(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	if (!me->supervised)
		return;
	world_say(&cluster->world, node, "supervisor is killed");
	sim_journal_kill(cluster, node);
	world_kill_role(&cluster->world, node);
	me->supervised = false;
	for (uint32_t place = 0; place < SIM_PLACES; place++)
		kills(cluster, node, place, 30 * MS);
	world_post(&cluster->world, 40 * MS, SIM_REVIVE, node);
}

/* All of it is proven dead; as the guardian's mark_lost. */
void sim_supervisor_revive(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	if (me->supervised || me->down)
		return;
	sim_work_vanish(cluster, node);
	for (uint32_t place = 0; place < SIM_PLACES; place++) {
		struct holding *holding = holding_of(me, place);
		uint64_t token = holding->token;

		me->works[place].state = SIM_NONE;
		holding->phase = PHASE_IDLE;
		if (token == 0 || token == holding->settled)
			continue;
		holding->phase_token = token;
		holding->phase = PHASE_LOST;
	}
	me->supervised = true;
	me->look_us = 0;
	me->board->life++;
	sim_supervisor_ring(cluster, node);
	sim_journal_start(cluster, node);
}
