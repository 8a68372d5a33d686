/* lease_peer - what one node knows of one slot, by its own looks and clock.
 *
 * Pure.  A slot is dead when for a whole lease, drift added, it did not change
 * between two looks of ours, the second submitted after that time (T4).  A
 * first look begins the time (T5).  Bytes that are damaged restart it too:
 * they may be a renewal on its way over one that we have not seen.
 */
#ifndef HOLDFAST_CORE_LEASE_PEER_H
#define HOLDFAST_CORE_LEASE_PEER_H

#include "core/lease_record.h"

enum lease_verdict {
	LEASE_PEER_UNKNOWN, /* not looked at yet */
	LEASE_PEER_FREE,
	LEASE_PEER_RELEASED,
	LEASE_PEER_DEAD,
	LEASE_PEER_ALIVE,  /* or not yet dead; its record is true */
	LEASE_PEER_UNSURE, /* not yet dead; its record may be old (S2) */
};

struct lease_peer {
	enum lease_verdict verdict;
	/* The latest of number and sequence ever seen: never goes back. */
	struct lease_slot slot;
	struct lease_time changed; /* first look that showed these bytes */
	uint64_t changes;	   /* since the first look */
	uint64_t ended; /* the highest generation known to have ended */
};

/* One look: submitted and returned at these times. */
struct lease_look {
	struct lease_time submitted;
	struct lease_time returned;
};

void lease_peer_look(struct lease_peer *peer, const struct lease_slot *slot,
		     const struct lease_look *look,
		     const struct lease_terms *terms);

/* Has it neither changed for half a lease nor been found dead? */
bool lease_peer_is_silent(const struct lease_peer *peer,
			  const struct lease_time *now,
			  const struct lease_terms *terms);

/* And soon will be: who looks at it often by then finds it dead in time, and
 * the others, whose times are a look apart, find what follows.
 */
bool lease_peer_is_ending(const struct lease_peer *peer,
			  const struct lease_time *now,
			  const struct lease_terms *terms);

/* Can nothing of what GENERATION of the slot held be alive? */
bool lease_peer_has_ended(const struct lease_peer *peer, uint64_t generation);

/* Does it hinder nobody: free, released, or dead? */
static inline bool lease_peer_is_gone(const struct lease_peer *peer)
{
	return peer->verdict == LEASE_PEER_FREE ||
	       peer->verdict == LEASE_PEER_RELEASED ||
	       peer->verdict == LEASE_PEER_DEAD;
}

/* Has it promised exactly EPOCH? */
static inline bool lease_peer_shows(const struct lease_peer *peer,
				    uint64_t epoch)
{
	return peer->verdict == LEASE_PEER_ALIVE &&
	       (peer->slot.record.flags & LEASE_JOINING) == 0 &&
	       peer->slot.record.epoch == epoch;
}

#endif
