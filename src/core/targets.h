/* targets - where a node sends its datagrams, and when.
 *
 * Pure.  Time goes in rounds of about one heartbeat, a little uneven so that
 * the nodes never fall into step.  A target that answers is sent to in every
 * round; one that does not, or a group, in every fourth, a group in each of
 * the first four as well.  Addresses that are our own turn up when a list
 * names every node, this one included; they are tried again in every 64th
 * round, since an address can move.  Who speaks to us is sent to, listed or
 * not, so it is enough that one of two nodes knows the other.
 *
 *   interval 500 ms   rounds at 0, 450..500, 900..1000 ...
 *   targets_repeat()  the next round is 10 ms after the last one, or now
 *   targets_hurry()   the next round is now, unless there were many lately
 *
 * What is many depends on how many hear it: a job takes some five rounds from
 * its request to its end, each of which the others wait for, and each of which
 * costs everybody a look.
 */
#ifndef HOLDFAST_CORE_TARGETS_H
#define HOLDFAST_CORE_TARGETS_H

#include <stddef.h>

#include "core/endpoint.h"

#define TARGETS_MAX	    512
#define TARGETS_LEARNED_MAX 256	  /* of them not listed */
#define TARGETS_HURRY_MS    10	  /* between a round and what repeats it */
#define TARGETS_PACE_MS	    2	  /* between rounds, on average at least, */
#define TARGETS_PER_MS	    8	  /* and one more for each so many targets, */
#define TARGETS_PACE_MAX_MS 10	  /* until it is this */
#define TARGETS_SPARE	    4	  /* rounds that may come sooner */
#define TARGETS_FORGET_MS   60000 /* silence after which one not listed goes */
#define TARGETS_NEVER	    INT64_MIN

enum target_origin {
	TARGET_LISTED,	/* configured, as address or by a name */
	TARGET_GROUP,	/* multicast or broadcast: many are there */
	TARGET_LEARNED, /* it spoke to us */
};

struct target {
	struct endpoint to;
	enum target_origin origin;
	uint32_t source;  /* LISTED: the entry of the list it stands for */
	bool own;	  /* what we sent there came back */
	int64_t heard_ms; /* or TARGETS_NEVER */
};

struct targets {
	struct target at[TARGETS_MAX];
	size_t count;
	int64_t interval_ms;
	int64_t next_ms;  /* when the next round is */
	int64_t last_ms;  /* when the latest was */
	int64_t spent_ms; /* had they come one after the other, it would be
			     then */
	uint64_t round;
	uint64_t random;
};

/* RANDOM makes the rounds uneven.  The first one is at NOW_MS. */
void targets_init(struct targets *targets, int64_t interval_ms, uint64_t random,
		  int64_t now_ms);

/* The entry SOURCE of the list now stands for the COUNT addresses at TO, and
 * for no others.  How many found no room.
 */
size_t targets_set(struct targets *targets, uint32_t source,
		   const struct endpoint *to, size_t count);

/* Sends to the group TO as well; false when there is no room. */
bool targets_add_group(struct targets *targets, const struct endpoint *to);

/* One whom we believe spoke to us from FROM; our own words came from there. */
void targets_heard(struct targets *targets, const struct endpoint *from,
		   int64_t now_ms);
void targets_own(struct targets *targets, const struct endpoint *from);

/* How far apart rounds are, on average, while there is always something new. */
int64_t targets_pace_ms(const struct targets *targets);

/* There is something new to say that helps others to be fast. */
void targets_hurry(struct targets *targets, int64_t now_ms);
/* It is to be said again, as it may get lost. */
void targets_repeat(struct targets *targets, int64_t now_ms);

/* Begins the next round when its time has come, and fills OUT with whom it
 * goes to.  How many; 0 as well when it is not yet time, see next_ms.
 */
size_t targets_due(struct targets *targets, int64_t now_ms,
		   struct endpoint out[TARGETS_MAX]);

#endif
