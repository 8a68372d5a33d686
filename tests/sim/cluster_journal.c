/* cluster_journal - the loop of the journal role, as in roles/journal.c. */
#include <errno.h>
#include <stdlib.h>

#include "roles/ledger_cluster.h"
#include "tests/sim/cluster_world.h"

#define MS	   INT64_C(1000)
#define BEAT_MS	   500
#define RETRY_MS   200
#define WAKE_US	   300	/* from a bell to a turn */
#define RESTART_US 3000 /* from its end to the next */

/* What a fiber is told. */
struct sim_role {
	struct cluster *cluster;
	uint32_t node;
};

static struct sim_node *node_of(const struct sim_role *role)
{
	return &role->cluster->nodes[role->node];
}

static void post_alarm(struct cluster *cluster, uint32_t node, uint32_t kind,
		       int64_t in_us)
{
	struct sim_node *me = &cluster->nodes[node];
	me->alarm_event = world_repost(&cluster->world, me->alarm_event,
				       me->alarm, in_us, kind, node);
	me->alarm = me->alarm_event->order;
	me->alarm_us = me->alarm_event->at_us;
}

void sim_journal_ring(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];
	int64_t in_us = world_below(&cluster->world, WAKE_US);

	me->rung = true;
	if (me->waits && me->alarm_us > cluster->world.now_us + in_us)
		post_alarm(cluster, node, SIM_JOURNAL, in_us);
}

void sim_journal_spend(struct cluster *cluster, uint32_t node, int64_t us)
{
	struct sim_node *me = &cluster->nodes[node];

	if (!me->journals)
		return; /* a look at the storage from outside */
	me->waits = false;
	post_alarm(cluster, node, SIM_IO, us);
	fiber_wait(&me->fiber);
}

void sim_journal_goes_on(struct cluster *cluster, const struct event *event)
{
	struct sim_node *me = &cluster->nodes[event->node];

	if (me->journals && event->order == me->alarm) {
		me->waits = false;
		cluster->runs = event->node;
		fiber_resume(&me->fiber);
	}
}

/* ---- what the ledger does to the world ---- */

static void op_reply(void *arg, unsigned link, const struct message *reply)
{
	const struct sim_role *role = arg;

	(void)link;
	sim_operator_reply(role->cluster, role->node, reply);
}

static int op_write_spec(void *arg, uint64_t token, const void *spec,
			 size_t len)
{
	const struct sim_role *role = arg;

	sim_jobs_spec(role->cluster, token, spec, len);
	return !sim_is_calm(role->cluster) &&
			       rng_once_in(&role->cluster->world.rng, 100)
		       ? -ENOSPC
		       : 0;
}

static void op_remove_spec(void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
}

static void op_sweep(void *arg, const char *id, uint64_t below)
{
	(void)arg;
	(void)id;
	(void)below;
}

static int32_t offset_s(void *arg, int64_t utc_s)
{
	(void)arg;
	(void)utc_s;
	return 0;
}

static const struct zone *op_zone(void *arg, const char *name)
{
	static const struct zone zone = { offset_s, NULL };

	(void)arg;
	(void)name;
	return &zone;
}

static void op_news(void *arg)
{
	(void)arg;
}

static void op_ring(void *arg, bool changes, bool holdings)
{
	const struct sim_role *role = arg;

	(void)changes;
	if (holdings)
		sim_supervisor_ring(role->cluster, role->node);
}

static struct lease_time op_clock(void *arg)
{
	const struct sim_role *role = arg;

	/* Once looked at, and never again. */
	if (role->cluster->plant == SIM_LATE_SYNC)
		return node_of(role)->turned;
	return world_clock(&role->cluster->world, role->node);
}

static void op_tell(void *arg)
{
	const struct sim_role *role = arg;

	role_ring(&role->cluster->world, role->node,
		  world_below(&role->cluster->world, WAKE_US));
	sim_net_tell(role->cluster, role->node);
}

static void op_hint(void *arg, const void *packet, size_t len)
{
	const struct sim_role *role = arg;

	sim_hint_tell(role->cluster, role->node, packet, len);
}

static const struct ledger_ops ops = {
	.reply = op_reply,
	.write_spec = op_write_spec,
	.remove_spec = op_remove_spec,
	.sweep = op_sweep,
	.zone = op_zone,
	.news = op_news,
	.ring = op_ring,
	.clock = op_clock,
	.tell = op_tell,
	.hint = op_hint,
};

/* ---- the loop ---- */

void sim_send(struct cluster *cluster, uint32_t node,
	      const struct message *message)
{
	struct sim_node *me = &cluster->nodes[node];
	struct sim_packet *packet;

	if (me->packets_count == SIM_MESSAGES)
		return; /* who sends repeats it, or had a deadline */
	packet = &me->packets[me->packets_count++];
	packet->message = *message;
	text_copy(message->type, packet->name, sizeof(packet->name));
	text_copy(message->text, packet->text, sizeof(packet->text));
	sim_journal_ring(cluster, node);
}

static void take_messages(const struct sim_role *role)
{
	struct sim_node *me = node_of(role);
	uint32_t taken = 0;

	while (taken < me->packets_count && ledger_has_room(me->ledger)) {
		struct sim_packet packet = me->packets[taken++];

		packet.message.type = text_of(packet.name);
		packet.message.text = text_of(packet.text);
		ledger_take(me->ledger, 1, &packet.message,
			    sim_now(role->cluster, role->node));
	}
	me->packets_count -= taken;
	memmove(me->packets, me->packets + taken,
		me->packets_count * sizeof(me->packets[0]));
}

static void rest(const struct sim_role *role, int64_t until_ms)
{
	struct cluster *cluster = role->cluster;
	struct sim_node *me = node_of(role);
	int64_t now_ms = sim_now(cluster, role->node).ms;
	int64_t in_us = until_ms <= now_ms	      ? 0
			: until_ms < now_ms + BEAT_MS ? (until_ms - now_ms) * MS
						      : BEAT_MS * MS;

	if (me->rung)
		in_us = 0;
	in_us += world_below(&cluster->world, WAKE_US);
	if (!sim_is_calm(cluster) && rng_once_in(&cluster->world.rng, 2000))
		in_us += world_below(&cluster->world,
				     lease_length_us(&cluster->world.terms));
	me->waits = true;
	post_alarm(cluster, role->node, SIM_JOURNAL, in_us);
	fiber_wait(&me->fiber);
	me->rung = false;
}

static void open_it(const struct sim_role *role)
{
	struct ledger *ledger = node_of(role)->ledger;
	struct ledger_now now = sim_now(role->cluster, role->node);
	int rc = ledger_open(ledger, now);

	if (rc != -EAGAIN)
		world_say(&role->cluster->world, role->node,
			  "journal role opens: %d", rc);
	ledger->storage = rc == -EAGAIN ? 0 : rc;
	if (rc != 0)
		rest(role, now.ms + (rc == -EAGAIN ? BEAT_MS : RETRY_MS));
}

/* False: the role ends, and starts anew. */
static bool turn(const struct sim_role *role)
{
	struct cluster *cluster = role->cluster;
	uint32_t node = role->node;
	struct ledger *ledger = node_of(role)->ledger;

	if (!ledger->open) {
		open_it(role);
		return true;
	}
	sim_plant_turn(cluster, node);
	ledger_follow(ledger, sim_now(cluster, node));
	if (ledger->open && ledger_may_take(ledger))
		take_messages(role);
	if (ledger->open)
		sim_hint_take(cluster, node);
	if (ledger->open)
		ledger_turn(ledger, sim_now(cluster, node));
	if (!ledger->open)
		return !ledger->broken;
	(void)ledger_commit(ledger, sim_now(cluster, node));
	sim_plant_lead(cluster, node);
	ledger_cluster_turn(ledger, sim_now(cluster, node));
	if (ledger->open)
		rest(role, ledger_deadline(ledger, sim_now(cluster, node)));
	return !ledger->broken;
}

static void run(void *arg)
{
	const struct sim_role *role = arg;

	while (turn(role))
		;
}

/* ---- its life ---- */

static void put_away(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	ledger_fini(me->ledger);
	journal_fini(&me->journal);
	memview_die(&me->view);
	me->journals = false;
	me->waits = false;
	me->alarm = 0;
}

/* Until it ends by itself. */
static void live(void *arg)
{
	struct sim_role role = *(struct sim_role *)arg;

	run(&role);
	world_say(&role.cluster->world, role.node, "journal role ends");
	put_away(role.cluster, role.node);
	world_post(&role.cluster->world, RESTART_US, SIM_JOURNAL_START,
		   role.node);
}

void sim_journal_start(struct cluster *cluster, uint32_t node)
{
	static struct sim_role roles[WORLD_NODES];
	struct sim_node *me = &cluster->nodes[node];
	struct ledger_world around = {
		.journal = &me->journal,
		.view = &me->view.view,
		.board = me->board,
		.ops = &ops,
		.arg = &roles[node],
		.place = { sim_node_name(node), "/s" },
	};

	if (me->journals || !me->supervised)
		return;
	roles[node] = (struct sim_role){ cluster, node };
	if (journal_init(&me->journal, &me->storage.shared,
			 sim_node_name(node)) != 0 ||
	    ledger_init(me->ledger, &around, &me->config) != 0)
		abort();
	me->journal.salt = rng_next(&cluster->world.rng);
	me->journals = true;
	me->life++;
	world_say(&cluster->world, node, "journal role starts");
	fiber_start(&me->fiber, live, &roles[node]);
	post_alarm(cluster, node, SIM_JOURNAL, 0);
}

void sim_journal_kill(struct cluster *cluster, uint32_t node)
{
	struct sim_node *me = &cluster->nodes[node];

	if (!me->journals)
		return;
	world_say(&cluster->world, node, "journal role is killed");
	fiber_kill(&me->fiber);
	put_away(cluster, node);
	sim_storage_drop(cluster, node);
	me->disk.current = NULL;
}
