/* nodes - the nodes of the cluster as this one sees them, for people.
 *
 * From what our own looks at the lease file told, and from what is heard by
 * UDP; only the first says who is dead.  A node without a cluster is alone.
 */
#ifndef HOLDFAST_ROLES_NODES_H
#define HOLDFAST_ROLES_NODES_H

#include "core/lease.h"
#include "roles/heritage.h"

enum node_state {
	NODE_UNKNOWN, /* not looked at yet */
	NODE_LEADS,
	NODE_IN,
	NODE_JOINING,
	NODE_SILENT, /* for half a lease: not dead yet */
	NODE_DEAD,
	NODE_RELEASED, /* it stopped in order */
	NODE_OUT,      /* this node lost its lease, and will join anew */
	NODE_STATES
};

struct node {
	char name[LEASE_NAME_MAX + 1];
	enum node_state state;
	bool self;
	bool has_slot;
	uint32_t slot;
	/* of its slot */
	uint64_t number;
	uint64_t generation;
	uint64_t epoch;
	int64_t left_ms; /* until its lease ends at the latest, or 0 */
	/* by UDP */
	int at; /* its index in the board's HEARD, -1 = never heard */
	struct cluster_heard heard;
};

struct nodes {
	struct node *at; /* by slot; those without one last */
	size_t count;
	uint32_t heard; /* entries of HEARD that were looked at */
	/* of those that are in, or have not been found dead yet */
	size_t alive;
	const char *leader; /* its name, NULL if nobody is seen to lead */
};

/* "leads", "in" … */
const char *node_state_name(enum node_state state);

/* 0 or -ENOMEM. */
int nodes_take(struct nodes *nodes, const struct heritage *heritage,
	       int64_t now_ms);
void nodes_free(struct nodes *nodes);

/* What keeps this node from being in, for people; NULL when it is in.  BUF has
 * NODES_WHY_MAX bytes.
 */
#define NODES_WHY_MAX 160
const char *nodes_why_not_in(const struct board_cluster *cluster, char *buf);

#endif
