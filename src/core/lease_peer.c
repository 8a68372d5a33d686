#include "core/lease_peer.h"

static bool is_older(const struct lease_record *a, const struct lease_record *b)
{
	return a->number < b->number ||
	       (a->number == b->number && a->sequence < b->sequence);
}

/* What was seen once is not unseen: keeps the latest record. */
static void take_record(struct lease_peer *peer, const struct lease_slot *slot)
{
	struct lease_slot *known = &peer->slot;
	bool back =
		known->has_record &&
		(!slot->has_record || is_older(&slot->record, &known->record));
	struct lease_record latest = known->record;

	*known = *slot;
	if (back) {
		known->record = latest;
		known->has_record = true;
		known->state = LEASE_SLOT_UNSURE;
	}
}

static void take_end(struct lease_peer *peer, uint64_t generation)
{
	if (generation > peer->ended)
		peer->ended = generation;
}

/* The verdict on what is shown, before silence is counted. */
static enum lease_verdict judge_bytes(struct lease_peer *peer)
{
	const struct lease_slot *slot = &peer->slot;

	if (slot->state == LEASE_SLOT_FREE)
		return LEASE_PEER_FREE;
	if (slot->state != LEASE_SLOT_SHOWN)
		return LEASE_PEER_UNSURE;
	take_end(peer, slot->record.generation - 1);
	if ((slot->record.flags & LEASE_RELEASED) != 0) {
		take_end(peer, slot->record.generation);
		return LEASE_PEER_RELEASED;
	}
	/* An ended generation never comes back to life (T3): this is a write
	 * that landed late. */
	if (slot->record.generation <= peer->ended)
		return LEASE_PEER_DEAD;
	return LEASE_PEER_ALIVE;
}

/* The time to wait: by our terms, or by those of the slot if they are longer
 * (T12: they never are, but nothing may hang on it).
 */
static int64_t observe_us(const struct lease_peer *peer,
			  const struct lease_terms *terms)
{
	struct lease_terms longer = *terms;

	if (peer->slot.has_record &&
	    peer->slot.record.lease_ms > longer.lease_ms)
		longer.lease_ms = peer->slot.record.lease_ms;
	return lease_observe_us(&longer);
}

void lease_peer_look(struct lease_peer *peer, const struct lease_slot *slot,
		     const struct lease_look *look,
		     const struct lease_terms *terms)
{
	bool first = peer->verdict == LEASE_PEER_UNKNOWN;
	bool changed = first || peer->slot.prints[0] != slot->prints[0] ||
		       peer->slot.prints[1] != slot->prints[1];

	take_record(peer, slot);
	if (changed) {
		peer->changed = look->returned;
		peer->changes += first ? 0 : 1;
		peer->verdict = judge_bytes(peer);
		return;
	}
	if ((peer->verdict == LEASE_PEER_ALIVE ||
	     peer->verdict == LEASE_PEER_UNSURE) &&
	    lease_elapsed_min(&peer->changed, &look->submitted) >=
		    observe_us(peer, terms)) {
		peer->verdict = LEASE_PEER_DEAD;
		if (peer->slot.has_record)
			take_end(peer, peer->slot.record.generation);
	}
}

bool lease_peer_is_silent(const struct lease_peer *peer,
			  const struct lease_time *now,
			  const struct lease_terms *terms)
{
	return (peer->verdict == LEASE_PEER_ALIVE ||
		peer->verdict == LEASE_PEER_UNSURE) &&
	       lease_elapsed_max(&peer->changed, now) >=
		       lease_length_us(terms) / 2;
}

bool lease_peer_is_ending(const struct lease_peer *peer,
			  const struct lease_time *now,
			  const struct lease_terms *terms)
{
	return lease_peer_is_silent(peer, now, terms) &&
	       lease_elapsed_max(&peer->changed, now) >=
		       lease_length_us(terms) - 2 * lease_poll_us(terms);
}

bool lease_peer_has_ended(const struct lease_peer *peer, uint64_t generation)
{
	return generation <= peer->ended;
}
