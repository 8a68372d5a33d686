/* What a look at the slots tells: may we enter, is the slot still ours, who
 * leads, is the barrier passed.
 */
#include "core/lease.h"

#include "core/lease_inside.h"

#define MOVES_IN_USE 3 /* late writes may move a dead slot twice */
#define LOOKS_AGREED 2 /* a look is not of one instant */

static bool is_buried(const struct lease *lease)
{
	return lease->phase == LEASE_PHASE_JOINING ||
	       lease->phase == LEASE_PHASE_IN;
}

static void check_own_record(struct lease *lease,
			     const struct lease_record *record)
{
	uint64_t counted = lease->shown.sequence;

	if (record->number > lease->setup.number ||
	    (record->number == lease->setup.number &&
	     record->incarnation != lease->kept.incarnation)) {
		lease_lose(lease, LEASE_REASON_DUPLICATE);
		return;
	}
	if (counted == 0)
		return;
	if (record->number < lease->setup.number) {
		lease->mend = true; /* a predecessor's write landed late */
		return;
	}
	if (record->sequence < counted)
		lease_lose(lease, LEASE_REASON_REGRESSED);
	else if (record->sequence > lease->sequence)
		lease_lose(lease, LEASE_REASON_DUPLICATE);
}

static void check_own_block(struct lease *lease, const uint8_t *bytes)
{
	struct lease_record record;
	bool counted = lease->shown.sequence != 0;

	switch (lease_record_decode(&record, bytes, lease->setup.file_id,
				    lease->setup.slot,
				    lease_block_of(lease->setup.number))) {
	case LEASE_BLOCK_VALID:
		check_own_record(lease, &record);
		break;
	case LEASE_BLOCK_EMPTY:
		if (counted)
			lease_lose(lease, LEASE_REASON_REGRESSED);
		break;
	case LEASE_BLOCK_FOREIGN:
		if (record.file_id != lease->setup.file_id)
			lease_lose(lease, LEASE_REASON_REPLACED);
		else
			lease->mend = counted;
		break;
	case LEASE_BLOCK_NEWER:
		lease_lose(lease, LEASE_REASON_REPLACED);
		break;
	case LEASE_BLOCK_DAMAGED:
		lease->mend = counted;
		break;
	}
}

/* The block of our predecessor, where our tombstone is to be. */
static void check_other_block(struct lease *lease, const uint8_t *bytes)
{
	struct lease_record record;
	enum lease_block block = lease_record_decode(
		&record, bytes, lease->setup.file_id, lease->setup.slot,
		lease_block_of(lease->setup.number) ^ 1);

	if (block == LEASE_BLOCK_VALID &&
	    (record.number > lease->setup.number ||
	     (record.number == lease->setup.number &&
	      record.incarnation != lease->kept.incarnation))) {
		lease_lose(lease, LEASE_REASON_DUPLICATE);
		return;
	}
	if (!is_buried(lease))
		return;
	if (block == LEASE_BLOCK_EMPTY)
		lease_lose(lease, LEASE_REASON_REGRESSED);
	else if (block != LEASE_BLOCK_VALID ||
		 record.number < lease->setup.number)
		lease->phase = LEASE_PHASE_BURYING;
}

void lease_took(struct lease *lease, uint32_t number, const uint8_t *block0,
		const uint8_t *block1, const struct lease_look *look)
{
	struct lease_peer *peer = &lease->peers[number];
	bool second = lease_block_of(lease->setup.number) == 1;
	struct lease_slot slot;

	lease_slot_decode(&slot, block0, block1, lease->setup.file_id, number);
	lease_peer_look(peer, &slot, look, lease_terms(lease));
	if (slot.state != LEASE_SLOT_FREE && number >= lease->in_use)
		lease->in_use = number + 1;
	if (slot.epoch_max > lease->highest)
		lease_raise(lease, slot.epoch_max, &look->returned);
	if (number == lease->setup.slot &&
	    lease->phase != LEASE_PHASE_LOOKING) {
		check_own_block(lease, second ? block1 : block0);
		check_other_block(lease, second ? block0 : block1);
	}
}

static void enter(struct lease *lease)
{
	lease->floor = lease->highest;
	lease->phase = LEASE_PHASE_ENTERING;
}

/* With the generation of a predecessor, whose record must still be there. */
static void enter_again(struct lease *lease, const struct lease_peer *own)
{
	const struct lease_record *record = &own->slot.record;

	if (own->verdict == LEASE_PEER_FREE)
		lease_lose(lease, LEASE_REASON_REGRESSED);
	else if (own->slot.has_record &&
		 (record->incarnation != lease->kept.incarnation ||
		  record->generation != lease->kept.generation))
		lease_lose(lease, LEASE_REASON_DUPLICATE);
	else
		enter(lease);
}

/* LOOKING: is the slot ours to take? */
static void judge_entry(struct lease *lease)
{
	const struct lease_peer *own = &lease->peers[lease->setup.slot];
	const struct lease_record *record = &own->slot.record;
	bool known = own->slot.has_record;

	if (known && record->number >= lease->setup.number)
		lease_lose(lease, LEASE_REASON_NUMBER);
	else if (known && strcmp(record->name, lease->setup.name) != 0)
		lease_lose(lease, LEASE_REASON_TAKEN);
	else if (lease->go_on)
		enter_again(lease, own);
	else if (lease_peer_is_gone(own) ||
		 (lease->setup.reclaim && known &&
		  memcmp(record->boot_id, lease->setup.boot_id,
			 LEASE_BOOT_ID) == 0))
		enter(lease);
	else if (own->changes >= MOVES_IN_USE)
		lease_lose(lease, LEASE_REASON_IN_USE);
}

/* Does the owner of the highest epoch neither lead nor want to? */
static bool is_headless(struct lease *lease)
{
	uint32_t slot = (uint32_t)(lease->highest % lease->setup.terms.slots);
	const struct lease_peer *owner = &lease->peers[slot];
	const struct lease_record *record = &owner->slot.record;

	if (lease->highest == 0 || slot == lease->setup.slot ||
	    lease_peer_is_gone(owner))
		return true;
	if (owner->verdict != LEASE_PEER_ALIVE ||
	    (record->epoch == lease->highest &&
	     (record->flags & (LEASE_CLAIMING | LEASE_LEADING)) != 0)) {
		lease->headless = 0;
		return false;
	}
	return ++lease->headless >= LOOKS_AGREED;
}

static void claim(struct lease *lease)
{
	uint64_t epoch = lease_epoch_above(lease->highest, lease->setup.slot,
					   lease->setup.terms.slots);

	if (epoch == 0)
		return;
	lease->headless = 0;
	lease->kept.claim = epoch;
	lease->kept.standing = LEASE_CLAIMS;
	lease->standing = LEASE_CLAIMS;
	lease_raise(lease, epoch, &lease->now);
}

bool lease_claim_is_shown(const struct lease *lease)
{
	return lease->standing == LEASE_CLAIMS &&
	       lease->shown.epoch == lease->kept.claim &&
	       (lease->shown.flags & LEASE_CLAIMING) != 0;
}

/* Has every other slot promised our epoch, or is it gone?  There was a look at
 * all of them, submitted after the claim was shown: who enters later finds it.
 * Whom that look found is in each since.
 */
static bool is_barrier_passed(const struct lease *lease)
{
	if (!lease_claim_is_shown(lease) ||
	    lease->surveyed != lease->kept.claim ||
	    lease->highest != lease->kept.claim)
		return false;
	for (uint32_t i = 0; i < lease->setup.terms.slots; i++)
		if (i != lease->setup.slot &&
		    !lease_peer_is_gone(&lease->peers[i]) &&
		    !lease_peer_shows(&lease->peers[i], lease->kept.claim))
			return false;
	return true;
}

static void judge_standing(struct lease *lease)
{
	if (!lease_holds(lease, &lease->now))
		return;
	if (lease->standing == LEASE_CLAIMS && is_barrier_passed(lease)) {
		lease->standing = LEASE_PASSED;
		lease->kept.standing = LEASE_PASSED;
	} else if (lease->standing == LEASE_FOLLOWS && lease->stands &&
		   is_headless(lease)) {
		claim(lease);
	}
}

/* Could all slots be read, as their nodes wrote them last?  What is damaged,
 * or under a late write, may be a claim that we are to promise.
 */
static bool is_certain(const struct lease *lease)
{
	if (lease->reading < lease->setup.terms.slots)
		return false;
	for (uint32_t i = 0; i < lease->setup.terms.slots; i++)
		if (i != lease->setup.slot &&
		    lease->peers[i].verdict == LEASE_PEER_UNSURE)
			return false;
	return true;
}

static void note_all_looked(struct lease *lease)
{
	if (lease->reading < lease->setup.terms.slots)
		return;
	lease->has_all_looked = true;
	lease->all_looked = lease->looked;
	if (lease_claim_is_shown(lease))
		lease->surveyed = lease->kept.claim;
}

void lease_settle(struct lease *lease)
{
	if (lease->phase != LEASE_PHASE_JOINING || !lease->joined_look ||
	    lease->kept.promised < lease->joined_epoch)
		return;
	lease->phase = LEASE_PHASE_IN;
	lease->kept.in = true;
	lease->behind_since = lease->now;
	lease->hint = true; /* perhaps nobody leads */
}

void lease_read_done(struct lease *lease, const struct lease_look *look, int rc)
{
	lease->failed = rc != 0;
	lease_watch_clocks(lease, &look->returned);
	if (rc != 0)
		return;
	lease->checked = true;
	note_all_looked(lease);
	if (lease->phase == LEASE_PHASE_LOOKING) {
		judge_entry(lease);
		return;
	}
	if (lease->phase == LEASE_PHASE_JOINING && !lease->joined_look &&
	    is_certain(lease)) {
		lease->joined_look = true;
		lease->joined_epoch = lease->highest;
		lease->joined_since = look->returned;
	}
	lease_settle(lease);
	if (lease->phase == LEASE_PHASE_IN)
		judge_standing(lease);
}
