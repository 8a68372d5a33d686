#define _GNU_SOURCE
#include "roles/nodes.h"

#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/out.h"
#include "io/clock.h"
#include "roles/load.h"

#define US_PER_MS 1000
#define BYGONE_MS 60000

const char *node_state_name(enum node_state state)
{
	static const char *const names[NODE_STATES] = {
		[NODE_UNKNOWN] = "unknown",
		[NODE_LEADS] = "leads",
		[NODE_IN] = "in",
		[NODE_JOINING] = "joining",
		[NODE_SILENT] = "silent",
		[NODE_DEAD] = "dead",
		[NODE_RELEASED] = "released",
		[NODE_OUT] = "out",
	};

	return names[state];
}

/* ---- one slot ---- */

static enum node_state state_of(const struct board_cluster *cluster,
				const struct cluster_peer *peer, int64_t now_ms)
{
	switch (peer->verdict) {
	case LEASE_PEER_UNKNOWN:
	case LEASE_PEER_FREE:
		return NODE_UNKNOWN;
	case LEASE_PEER_RELEASED:
		return NODE_RELEASED;
	case LEASE_PEER_DEAD:
		return NODE_DEAD;
	default:
		break;
	}
	if (now_ms - peer->changed_ms > cluster->terms.lease_ms / 2)
		return NODE_SILENT;
	if ((peer->flags & LEASE_JOINING) != 0)
		return NODE_JOINING;
	return (peer->flags & LEASE_LEADING) != 0 ? NODE_LEADS : NODE_IN;
}

static enum node_state own_state(const struct board_cluster *cluster,
				 const struct cluster_lease *lease)
{
	uint32_t phase = atomic_load(&cluster->phase);

	if (phase == LEASE_PHASE_IN)
		return lease->kept.standing == LEASE_LEADS ? NODE_LEADS
							   : NODE_IN;
	if (phase != LEASE_PHASE_OUT)
		return NODE_JOINING;
	return atomic_load(&cluster->reason) == LEASE_REASON_RELEASED
		       ? NODE_RELEASED
		       : NODE_OUT;
}

static void take_own(struct node *node, const struct board_cluster *cluster)
{
	struct cluster_lease lease = { 0 };
	struct lease_time now = clock_lease();
	int64_t left_us;

	node->state = NODE_JOINING;
	if (!cluster_lease(cluster, &lease))
		return;
	node->state = own_state(cluster, &lease);
	node->has_slot = lease.number != 0;
	node->slot = lease.slot;
	node->number = lease.number;
	node->generation = lease.kept.generation;
	node->epoch = lease.shown.epoch;
	left_us = cluster_left_us(cluster, node->generation, &now);
	node->left_ms = left_us > 0 ? left_us / US_PER_MS : 0;
}

static void take_peer(struct node *node, const struct board_cluster *cluster,
		      const struct cluster_peer *peer, int64_t now_ms)
{
	int64_t end_ms = peer->changed_ms +
			 lease_observe_us(&cluster->terms) / US_PER_MS;

	node->state = state_of(cluster, peer, now_ms);
	node->number = peer->number;
	node->generation = peer->generation;
	node->epoch = peer->epoch;
	if ((peer->verdict == LEASE_PEER_ALIVE ||
	     peer->verdict == LEASE_PEER_UNSURE) &&
	    end_ms > now_ms)
		node->left_ms = end_ms - now_ms;
}

/* ---- all of them ---- */

static struct node *add(struct nodes *nodes, const char *name,
			const struct config *config)
{
	struct node *node = &nodes->at[nodes->count++];

	*node = (struct node){ .at = -1 };
	text_copy(text_of(name), node->name, sizeof(node->name));
	node->self = strcmp(name, config->node) == 0;
	return node;
}

static void take_slots(struct nodes *nodes, const struct heritage *heritage,
		       uint32_t in_use, int64_t now_ms)
{
	const struct board_cluster *cluster = &heritage->board->cluster;
	struct cluster_peer peer;

	for (uint32_t slot = 0; slot < in_use; slot++) {
		struct node *node;

		if (!cluster_peer(cluster, slot, &peer) || peer.name[0] == '\0')
			continue;
		node = add(nodes, peer.name, heritage->config);
		node->has_slot = true;
		node->slot = slot;
		take_peer(node, cluster, &peer, now_ms);
		if (node->self)
			take_own(node, cluster);
	}
}

static struct node *find(const struct nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (strcmp(nodes->at[i].name, name) == 0)
			return &nodes->at[i];
	return NULL;
}

/* One without a slot that was here is of no account for long. */
static bool is_bygone(const struct cluster_heard *heard, int64_t now_ms)
{
	return !heard->heard &&
	       (heard->leaving || now_ms - heard->heard_ms > BYGONE_MS);
}

static void take_heard(struct nodes *nodes, const struct heritage *heritage,
		       int64_t now_ms)
{
	const struct board_cluster *cluster = &heritage->board->cluster;
	struct cluster_heard heard;

	for (uint32_t i = 0; i < nodes->heard; i++) {
		struct node *node;

		if (!cluster_heard(cluster, i, &heard))
			continue;
		node = find(nodes, heard.name);
		if (node == NULL && is_bygone(&heard, now_ms))
			continue;
		if (node == NULL) {
			node = add(nodes, heard.name, heritage->config);
			/* Where we can't look it may have a slot. */
			node->state = heard.heard && !heard.place.present
					      ? NODE_JOINING
					      : NODE_UNKNOWN;
		}
		node->at = (int)i;
		node->heard = heard;
	}
}

static void take_alone(struct nodes *nodes, const struct heritage *heritage)
{
	const struct board *board = heritage->board;
	const struct config *config = heritage->config;
	struct node *node = add(nodes, config->node, config);

	node->state =
		atomic_load(&board->epoch) != 0 ? NODE_LEADS : NODE_JOINING;
	node->heard.draining = atomic_load(&board->drain) != 0;
	if (config->http.listen.count > 0)
		text_copy(text_of(config->http.listen.at[0]),
			  node->heard.address, sizeof(node->heard.address));
	text_copy(text_of(PACKAGE_VERSION), node->heard.version,
		  sizeof(node->heard.version));
	load_fill(&node->heard.load, board);
}

static void sum_up(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->at[i];

		if (node->state == NODE_LEADS)
			nodes->leader = node->name;
		nodes->alive += node->state == NODE_LEADS ||
				node->state == NODE_IN ||
				node->state == NODE_SILENT;
	}
}

int nodes_take(struct nodes *nodes, const struct heritage *heritage,
	       int64_t now_ms)
{
	const struct board_cluster *cluster = &heritage->board->cluster;
	uint32_t in_use = atomic_load(&cluster->in_use);
	uint32_t heard = atomic_load(&cluster->nodes);

	*nodes = (struct nodes){ 0 };
	if (in_use > LEASE_SLOTS_MAX)
		in_use = LEASE_SLOTS_MAX;
	nodes->heard = heard < PEERS_MAX ? heard : PEERS_MAX;
	nodes->at =
		calloc((size_t)in_use + nodes->heard + 1, sizeof(nodes->at[0]));
	if (nodes->at == NULL)
		return -ENOMEM;
	if (!cluster->present) {
		take_alone(nodes, heritage);
	} else {
		take_slots(nodes, heritage, in_use, now_ms);
		if (find(nodes, heritage->config->node) == NULL)
			take_own(add(nodes, heritage->config->node,
				     heritage->config),
				 cluster);
		take_heard(nodes, heritage, now_ms);
	}
	sum_up(nodes);
	return 0;
}

void nodes_free(struct nodes *nodes)
{
	free(nodes->at);
	nodes->at = NULL;
	nodes->count = 0;
}

static const char *trouble_name(int32_t trouble)
{
	switch (abs(trouble)) {
	case EPROTO:
		return "The lease file was made for another `lease` or number "
		       "of `slots`: all nodes must agree";
	case ENOSPC:
		return "No slot of the lease file is free, or the storage is "
		       "full";
	case ESTALE:
		return "The directory `members` belongs to another lease "
		       "file, or the mount is stale";
	default:
		return NULL;
	}
}

const char *nodes_why_not_in(const struct board_cluster *cluster, char *buf)
{
	struct out out = out_init(buf, NODES_WHY_MAX);
	int32_t trouble = atomic_load(&cluster->trouble);
	uint32_t phase = atomic_load(&cluster->phase);
	uint32_t reason = atomic_load(&cluster->reason);

	if (!cluster->present || phase == LEASE_PHASE_IN)
		return NULL;
	if (trouble_name(trouble) != NULL) {
		out_string(&out, trouble_name(trouble));
	} else if (trouble != 0) {
		out_string(&out, "The lease file can't be read or written: ");
		out_string(&out, strerror(abs(trouble)));
	} else if (reason != LEASE_REASON_NONE && reason < LEASE_REASONS) {
		out_string(&out, "The node joins the cluster anew; its lease "
				 "was lost: ");
		out_string(&out, lease_reason_name((enum lease_reason)reason));
	} else {
		out_string(&out, "The node is joining the cluster");
	}
	out_char(&out, '.');
	(void)out_end(&out);
	return buf;
}
