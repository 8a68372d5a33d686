/* ledger_nodes - the other nodes, as the board and their journals tell. */
#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"

#define FOLLOW_BYTES  (1u << 20) /* of one node in one turn */
#define VANISHED_MS   60000	 /* so long a journal must not be there */
#define STALE_SAY_MS  5000	 /* so long what is shown may be unreadable */
#define MISSED_LEASES 2		 /* so long who leads may take to read it */

struct ledger_node *ledger_node_of(struct ledger *ledger, struct text name)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (name.len > 0 && text_is(name, ledger->nodes[i].name))
			return &ledger->nodes[i];
	return NULL;
}

bool ledger_has_ended(struct ledger *ledger, struct text name,
		      uint64_t generation)
{
	const struct ledger_node *node = ledger_node_of(ledger, name);

	/* Of whom no slot tells, nothing is left. */
	return node == NULL || generation <= node->ended;
}

static void free_offer(struct ledger_node *node)
{
	free(node->digests);
	free(node->limits);
	free(node->running);
}

void ledger_nodes_reset(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		free_offer(&ledger->nodes[i]);
	if (ledger->nodes_count > 0)
		memset(ledger->nodes, 0,
		       sizeof(ledger->nodes[0]) * ledger->nodes_count);
	ledger->nodes_count = 0;
}

/* ---- what the slots tell ---- */

static bool is_gone(const struct cluster_peer *peer)
{
	return peer->verdict == LEASE_PEER_DEAD ||
	       peer->verdict == LEASE_PEER_RELEASED;
}

static void name_node(struct ledger *ledger, struct ledger_node *node,
		      const struct cluster_peer *peer)
{
	text_copy(text_of(peer->name), node->name, sizeof(node->name));
	node->self = strcmp(peer->name, ledger->world.place.node) == 0;
	if (follow_init(&node->follow, ledger->world.journal->shared,
			peer->name, ledger->follow_buf) != 0)
		node->name[0] = '\0';
	node->settled = ledger_settled(ledger, text_of(node->name));
	node->caught = false;
	node->goal_ms = 0;
	ledger->unheard = true;
}

static void look_at(struct ledger *ledger, struct ledger_node *node,
		    const struct cluster_peer *peer, struct ledger_now now)
{
	uint64_t ended = is_gone(peer) ? peer->generation : peer->ended;

	if (peer->name[0] == '\0')
		return;
	if (strcmp(node->name, peer->name) != 0)
		name_node(ledger, node, peer);
	if (node->self) {
		/* The slot may still show the life before this one. */
		node->generation = ledger->generation;
		node->ended = ledger->generation - 1;
		node->member = ledger->in;
		return;
	}
	node->dead = peer->verdict == LEASE_PEER_DEAD;
	node->generation = peer->generation;
	node->changed_ms = peer->changed_ms;
	if (ended > node->ended) {
		node->ended = ended;
		node->ended_ms = now.ms;
	}
	/* A lease role that starts again does not know yet who has ended. */
	node->member = peer->verdict == LEASE_PEER_ALIVE &&
		       peer->generation > node->ended &&
		       (peer->flags & LEASE_JOINING) == 0 &&
		       peer->epoch == ledger->epoch;
}

/* A machine that stood still with its clocks may have been counted dead here
 * and not by whoever leads: then nobody is about to read what it left, for it
 * lives on, and is followed.
 */
static void note_missed(struct ledger *ledger, bool led, struct ledger_now now)
{
	int64_t long_ms = MISSED_LEASES *
			  (int64_t)ledger->world.board->cluster.terms.lease_ms;

	if (!led)
		ledger->calm_ms = 0;
	else if (ledger->calm_ms == 0)
		ledger->calm_ms = now.ms;
	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		node->missed = led && !node->self &&
			       now.ms - ledger->calm_ms >= long_ms &&
			       now.ms - node->ended_ms >= long_ms;
	}
}

static void look_at_all(struct ledger *ledger, struct ledger_now now)
{
	const struct board_cluster *cluster = &ledger->world.board->cluster;
	uint32_t in_use = atomic_load(&cluster->in_use);
	struct cluster_peer peer;
	bool led = ledger->leads;
	bool leads;

	if (in_use > LEASE_SLOTS_MAX)
		in_use = LEASE_SLOTS_MAX;
	if (in_use > ledger->nodes_count)
		ledger->nodes_count = in_use;
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (cluster_peer(cluster, i, &peer)) {
			look_at(ledger, &ledger->nodes[i], &peer, now);
			/* Be it one whose end we have counted. */
			leads = peer.verdict == LEASE_PEER_ALIVE &&
				peer.epoch == ledger->epoch &&
				(peer.flags & LEASE_LEADING) != 0;
			ledger->nodes[i].leads = leads;
			led = led || leads;
		}
	note_missed(ledger, led, now);
}

/* ---- what they wrote ---- */

static bool is_before(const struct lease_end *a, const struct lease_end *b)
{
	return a->segment != b->segment ? a->segment < b->segment
					: a->offset < b->offset;
}

/* Ends that datagrams show, where they are ahead of the slots. */
static void hear_ends(const struct ledger *ledger, struct lease_end *ends,
		      const uint64_t *generations)
{
	const struct board_cluster *cluster = &ledger->world.board->cluster;
	uint32_t nodes = atomic_load(&cluster->nodes);
	struct cluster_heard heard;

	for (uint32_t i = 1; i < nodes; i++) {
		const struct datagram_place *place = &heard.place;
		struct lease_end end;

		if (!cluster_heard(cluster, i, &heard) || !heard.proven ||
		    !place->present || place->slot >= ledger->nodes_count ||
		    place->generation != generations[place->slot])
			continue;
		end = (struct lease_end){ place->segment, place->offset };
		if (is_before(&ends[place->slot], &end))
			ends[place->slot] = end;
	}
}

struct hearing {
	struct ledger *ledger;
	struct ledger_now now;
};

static int take(void *arg, const struct record *record)
{
	struct hearing *hearing = arg;

	return ledger_merge(hearing->ledger, record, hearing->now);
}

static void note_stale(struct ledger_node *node, int rc, struct ledger_now now)
{
	if (rc >= 0) {
		node->stale_ms = 0;
		return;
	}
	if (node->stale_ms == 0)
		node->stale_ms = now.ms;
	if (now.ms - node->stale_ms < STALE_SAY_MS)
		return;
	log_warn(rc, "journal: cannot read what node=%s shows", node->name);
	node->stale_ms = now.ms;
}

/* Of an ended generation that was forgotten no journal is left.  A directory
 * that is not there may be an old answer, so not at once.
 */
static bool has_vanished(struct ledger *ledger, struct ledger_node *node,
			 struct ledger_now now)
{
	struct shared *shared = ledger->world.journal->shared;
	uint32_t numbers[SHARED_SEGMENTS_MAX];
	int count = 1;

	if (node->generation <= node->ended)
		count = shared->ops->segments(shared, node->name, numbers,
					      SHARED_SEGMENTS_MAX);
	if (count != 0 && count != -ENOENT)
		node->vanished_ms = 0;
	else if (node->vanished_ms == 0)
		node->vanished_ms = now.ms;
	return node->vanished_ms != 0 &&
	       now.ms - node->vanished_ms >= VANISHED_MS;
}

/* What is shown moves on while it is read. */
static void note_goal(struct ledger_node *node, const struct lease_end *end,
		      struct ledger_now now)
{
	struct lease_end at = { node->follow.number, node->follow.offset };

	if (!node->behind ||
	    (node->goal_ms != 0 && !is_before(&at, &node->goal))) {
		node->caught = true;
		node->goal_ms = 0;
	}
	if (!node->behind || node->goal_ms != 0)
		return;
	node->goal = *end;
	node->goal_ms = now.ms;
}

static int64_t late_ms(const struct ledger *ledger)
{
	return ledger->world.board->cluster.terms.lease_ms / 4;
}

bool ledger_is_late(const struct ledger *ledger, struct ledger_now now)
{
	if (ledger->held_ms != 0)
		return true;
	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		const struct ledger_node *node = &ledger->nodes[i];

		if (node->name[0] != '\0' && !node->self &&
		    (!node->caught ||
		     (node->goal_ms != 0 &&
		      now.ms - node->goal_ms >= late_ms(ledger))))
			return true;
	}
	return false;
}

/* May what is read now be counted by nobody who leads under the epoch promised?
 * Whoever led before may have stood still with its clocks, and decide on when
 * all it left was read.  Its leader tells: first what that wrote is read, and
 * with it whom it has counted dead.
 */
static bool is_leader_unheard(const struct ledger *ledger)
{
	struct cluster_lease lease;

	if (ledger->leads || ledger->heard == ledger->epoch)
		return false;
	/* Who is about to lead reads them all. */
	return !cluster_lease(&ledger->world.board->cluster, &lease) ||
	       lease.kept.standing < LEASE_PASSED ||
	       lease.kept.claim != ledger->epoch;
}

static void follow(struct ledger *ledger, struct ledger_node *node,
		   const struct lease_end *end, struct ledger_now now)
{
	struct hearing hearing = { ledger, now };
	struct lease_end at = { node->follow.number, node->follow.offset };
	int rc;

	node->more = false;
	/* The leader has it all, and may have removed it. */
	if (node->generation <= node->settled) {
		node->behind = false;
		note_goal(node, end, now);
		return;
	}
	node->behind = end->segment != 0 && is_before(&at, end);
	if (!node->behind || (!node->leads && is_leader_unheard(ledger)) ||
	    ledger_begin(ledger) != 0) {
		note_goal(node, end, now);
		return;
	}
	rc = follow_to(&node->follow, end, FOLLOW_BYTES, take, &hearing);
	if (rc == -EAGAIN && has_vanished(ledger, node, now))
		rc = 0;
	node->behind = rc != 0;
	node->more = rc > 0;
	note_goal(node, end, now);
	note_stale(node, rc, now);
}

/* Who asks waits a moment for a leader, rather than be told that this is late.
 */
static void note_held(struct ledger *ledger, struct ledger_now now)
{
	bool held = false;

	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		held = held || ledger->nodes[i].behind;
	held = held && is_leader_unheard(ledger);
	if (!held)
		ledger->held_ms = 0;
	else if (ledger->held_ms == 0)
		ledger->held_ms = now.ms;
	ledger->waits = held && now.ms - ledger->held_ms < late_ms(ledger);
}

/* The leader first: it may be that of others nothing counts before. */
static void follow_all(struct ledger *ledger, const struct lease_end *ends,
		       struct ledger_now now)
{
	for (uint32_t i = 0; i < ledger->nodes_count && ledger->open; i++) {
		struct ledger_node *node = &ledger->nodes[i];

		if (!node->leads || node->self)
			continue;
		follow(ledger, node, &ends[i], now);
		if (!node->behind)
			ledger->heard = ledger->epoch;
	}
	for (uint32_t i = 0; i < ledger->nodes_count && ledger->open; i++)
		if (!ledger->nodes[i].self && !ledger->nodes[i].leads &&
		    ledger->nodes[i].name[0] != '\0')
			follow(ledger, &ledger->nodes[i], &ends[i], now);
}

static void note_unread(struct ledger *ledger, struct ledger_now now)
{
	struct board_cluster *cluster = &ledger->world.board->cluster;
	bool unread = false;

	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		unread = unread || ledger->nodes[i].behind;
	if (!unread)
		atomic_store(&cluster->unread_ms, 0);
	else if (atomic_load(&cluster->unread_ms) == 0)
		atomic_store(&cluster->unread_ms, now.ms);
}

void ledger_follow(struct ledger *ledger, struct ledger_now now)
{
	const struct board_cluster *cluster = &ledger->world.board->cluster;
	struct lease_end ends[LEASE_SLOTS_MAX] = { { 0 } };
	uint64_t generations[LEASE_SLOTS_MAX] = { 0 };
	struct cluster_peer peer;

	if (!ledger->in_cluster || ledger->storage != 0)
		return;
	look_at_all(ledger, now);
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (cluster_peer(cluster, i, &peer)) {
			ends[i] = peer.end;
			generations[i] = peer.generation;
		}
	hear_ends(ledger, ends, generations);
	follow_all(ledger, ends, now);
	note_held(ledger, now);
	note_unread(ledger, now);
}
