/* place - which node a unit goes to.
 *
 * Pure.  Judges what it is given: who is alive, what a node offers and whether
 * enough nodes are there (min-nodes) is the caller's to know.  In this order:
 *
 *	1. only nodes that are eligible and have all required tags
 *	2. the one it is to be handed over to
 *	3. not the one it is to leave, unless there is no other
 *	4. not those where it failed lately, unless it did everywhere
 *	5. the first of those it prefers
 *	6. the one that holds least, then the one with the least load
 *	7. the highest hash of unit and node: highest random weight, or
 *	   rendezvous hashing (D. Thaler and C. Ravishankar, Using Name-Based
 *	   Mappings to Increase Hit Rates, IEEE/ACM Transactions on Networking
 *	   6(1), 1998), by which a node that leaves moves its own units only
 *
 * Whatever order the nodes are given in, the choice is the same.
 */
#ifndef HOLDFAST_CORE_PLACE_H
#define HOLDFAST_CORE_PLACE_H

#include "core/text.h"

/* Lists are those of core/list.h. */
struct place_node {
	struct text name;
	struct text tags;   /* a list */
	bool eligible;	    /* alive, offers the unit, does not drain */
	bool failed_lately; /* the unit did, there */
	uint32_t held;	    /* singletons it holds, without this one */
	uint32_t load;	    /* coarse, or 0 for all: any difference decides */
};

struct place_wish {
	struct text unit;
	struct text prefer;  /* a list of nodes */
	struct text require; /* a list of tags */
	struct text to;	     /* handed over to that node; empty = to none */
	struct text away;    /* it is to leave that node; empty = none */
};

/* The hash of a unit and a node. */
uint64_t place_hash(struct text unit, struct text node);

/* The index of the node, -1 if there is none for it. */
int place_choose(const struct place_wish *wish, const struct place_node *nodes,
		 size_t count);

#endif
