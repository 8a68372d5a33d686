#include "core/lease.h"

#include "core/lease_inside.h"

uint64_t lease_epoch_above(uint64_t epoch, uint32_t slot, uint32_t slots)
{
	uint64_t next = (epoch / slots + 1) * slots + slot;

	return next <= UINT32_MAX ? next : 0; /* half of a token */
}

bool lease_may_start(const struct lease_terms *terms,
		     const struct lease_time *last,
		     const struct lease_time *now)
{
	return lease_elapsed_min(last, now) >= lease_observe_us(terms);
}

const char *lease_reason_name(enum lease_reason reason)
{
	static const char *const names[LEASE_REASONS] = {
		"none",
		"released",
		"no renewal in time",
		"a clock jumped",
		"could not show a newer epoch in time",
		"the slot belongs to another node",
		"the slot is being renewed by somebody else",
		"the number was used before",
		"somebody else wrote into the slot",
		"the storage forgot a write",
		"the lease file was replaced",
		"a write failed and may land later",
	};

	return names[reason];
}

void lease_init(struct lease *lease, const struct lease_setup *setup,
		const struct lease_kept *kept)
{
	memset(lease, 0, sizeof(*lease));
	lease->setup = *setup;
	if (kept != NULL && kept->in && !kept->over) {
		lease->kept = *kept;
		lease->go_on = true;
		lease->has_stamp = true;
		/* The ends of the journals that the barrier's look showed are
		 * gone with it: so it is to be passed again. */
		if (lease->kept.standing == LEASE_PASSED)
			lease->kept.standing = LEASE_CLAIMS;
		lease->standing = lease->kept.standing;
		lease->highest = kept->promised > kept->claim ? kept->promised
							      : kept->claim;
		return;
	}
	lease->kept.generation = setup->number;
	lease->kept.incarnation = setup->incarnation;
}

void lease_lose(struct lease *lease, enum lease_reason reason)
{
	if (lease->phase == LEASE_PHASE_OUT &&
	    lease->reason != LEASE_REASON_NONE)
		return;
	lease->phase = LEASE_PHASE_OUT;
	lease->reason = reason;
	lease->standing = LEASE_FOLLOWS;
	lease->kept.standing = LEASE_FOLLOWS;
	lease->kept.over = true;
}

void lease_replaced(struct lease *lease)
{
	lease_lose(lease, LEASE_REASON_REPLACED);
}

void lease_doubt(struct lease *lease)
{
	lease->phase = LEASE_PHASE_OUT;
	lease->reason = LEASE_REASON_DOUBT;
}

static void set_standing(struct lease *lease, enum lease_standing standing)
{
	lease->standing = standing;
	lease->kept.standing = standing;
}

void lease_raise(struct lease *lease, uint64_t epoch,
		 const struct lease_time *now)
{
	if (epoch > lease->highest)
		lease->highest = epoch;
	if (lease->highest > lease->kept.claim &&
	    lease->standing != LEASE_FOLLOWS)
		set_standing(lease, LEASE_FOLLOWS);
	if (lease->highest > lease->shown.epoch && !lease->behind) {
		lease->behind = true;
		lease->behind_since = *now;
	}
}

void lease_hint(struct lease *lease)
{
	lease->hint = true;
}

void lease_saw_epoch(struct lease *lease, uint64_t epoch)
{
	lease_raise(lease, epoch, &lease->now);
}

uint64_t lease_wish(const struct lease *lease)
{
	if (lease->phase != LEASE_PHASE_IN &&
	    !(lease->phase == LEASE_PHASE_JOINING && lease->joined_look))
		return 0;
	return lease->highest > lease->kept.promised ? lease->highest : 0;
}

void lease_promise(struct lease *lease, uint64_t epoch,
		   const struct lease_end *end)
{
	if (epoch < lease->kept.promised)
		return;
	lease->kept.promised = epoch;
	lease->kept.end = *end;
	lease_raise(lease, epoch, &lease->now);
	lease_settle(lease);
}

void lease_tell_end(struct lease *lease, const struct lease_end *end)
{
	lease->kept.end = *end;
}

void lease_stand(struct lease *lease, bool willing)
{
	lease->stands = willing;
	if (!willing)
		lease_resign(lease);
}

void lease_lead(struct lease *lease)
{
	if (lease->standing == LEASE_PASSED)
		set_standing(lease, LEASE_LEADS);
}

void lease_resign(struct lease *lease)
{
	set_standing(lease, LEASE_FOLLOWS);
}

/* What was lost because time ran out may be given back when storage answers
 * again; what may be somebody else's is not touched (O7).
 */
static bool may_release(const struct lease *lease)
{
	/* A late tombstone beside a late release would pass for the truth. */
	if (lease->tomb_doubt)
		return false;
	return lease->phase != LEASE_PHASE_OUT ||
	       lease->reason == LEASE_REASON_LATE ||
	       lease->reason == LEASE_REASON_GAP ||
	       lease->reason == LEASE_REASON_BEHIND ||
	       lease->reason == LEASE_REASON_DOUBT;
}

void lease_release(struct lease *lease)
{
	if (!may_release(lease) || lease->releasing)
		return;
	if (!lease->has_written && !lease->go_on) {
		lease_lose(lease, LEASE_REASON_RELEASED);
		return;
	}
	lease->releasing = true;
	lease->kept.over = true; /* the flag may land whatever becomes of us */
	lease_resign(lease);
}

bool lease_holds(const struct lease *lease, const struct lease_time *now)
{
	return lease->has_stamp && !lease->releasing && lease->kept.in &&
	       (lease->phase != LEASE_PHASE_OUT ||
		lease->reason == LEASE_REASON_DOUBT) &&
	       lease_elapsed_max(&lease->kept.stamp, now) <
		       lease_stop_us(lease_terms(lease), lease->setup.grace_us);
}

bool lease_is_leading(const struct lease *lease, const struct lease_time *now)
{
	return lease_holds(lease, now) && lease->standing == LEASE_LEADS &&
	       lease->kept.promised == lease->kept.claim &&
	       lease->highest == lease->kept.claim;
}
