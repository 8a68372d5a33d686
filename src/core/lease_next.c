/* What to do next: looks, renewals, and when to give up. */
#include "core/lease.h"

#include "core/lease_inside.h"

#define DUE INT64_MAX /* since something that never was */

static int64_t since(const struct lease *lease, bool ever,
		     const struct lease_time *from)
{
	return ever ? lease_elapsed_max(from, &lease->now) : DUE;
}

/* A clock that runs away from the other: the machine slept, or was paused,
 * and nothing of what we know about time holds (S26).
 */
static bool is_gap(const struct lease *lease, const struct lease_time *now)
{
	int64_t boot = now->boot_us - lease->now.boot_us;
	int64_t raw = now->raw_us - lease->now.raw_us;
	int64_t apart = boot > raw ? boot - raw : raw - boot;

	return lease->has_now && apart > lease_renewal_us(lease_terms(lease));
}

/* Must a newer epoch be shown that is not, and for how long already? */
static bool is_behind(const struct lease *lease, const struct lease_time *now)
{
	int64_t length_us = lease_length_us(lease_terms(lease));
	uint32_t patience = lease->setup.patience;

	if (lease->phase == LEASE_PHASE_JOINING)
		return lease->joined_look &&
		       lease_elapsed_max(&lease->joined_since, now) >=
			       length_us * (patience != 0 ? patience : 1);
	return lease->phase == LEASE_PHASE_IN && lease->behind &&
	       lease_elapsed_max(&lease->behind_since, now) >= length_us;
}

void lease_watch_clocks(struct lease *lease, const struct lease_time *now)
{
	if (lease->phase != LEASE_PHASE_OUT && lease->has_written &&
	    is_gap(lease, now))
		lease_lose(lease, LEASE_REASON_GAP);
	lease->now = *now;
	lease->has_now = true;
	if (lease->phase == LEASE_PHASE_OUT)
		return;
	if (lease->has_stamp &&
	    lease_elapsed_max(&lease->kept.stamp, now) >=
		    lease_stop_us(lease_terms(lease), lease->setup.grace_us))
		lease_lose(lease, LEASE_REASON_LATE);
	else if (is_behind(lease, now))
		lease_lose(lease, LEASE_REASON_BEHIND);
}

static bool is_burying(const struct lease *lease)
{
	return lease->phase == LEASE_PHASE_BURYING && !lease->releasing;
}

/* What the next write is to show. */
static void wanted(const struct lease *lease, struct lease_record *record)
{
	const struct lease_kept *kept = &lease->kept;

	record->epoch = kept->promised;
	if (!kept->in && lease->floor > kept->promised)
		record->epoch =
			lease->floor; /* never falls, promises nothing */
	record->end = kept->end;
	record->flags = 0;
	if (lease->releasing) {
		record->flags = LEASE_RELEASED;
		return;
	}
	if (!kept->in)
		record->flags = LEASE_JOINING;
	else if (lease->standing == LEASE_LEADS)
		record->flags = LEASE_LEADING;
	else if (lease->standing != LEASE_FOLLOWS)
		record->flags = LEASE_CLAIMING;
}

void lease_compose(struct lease *lease, const struct lease_time *now,
		   uint8_t *bytes)
{
	struct lease_record record = lease->shown;
	bool tomb = is_burying(lease);

	if (tomb) {
		record.flags |= LEASE_TOMB;
		lease_record_encode(&record, bytes);
		lease->wrote = *now;
		return;
	}
	wanted(lease, &record);
	record.file_id = lease->setup.file_id;
	record.slot = lease->setup.slot;
	record.number = lease->setup.number;
	record.generation = lease->kept.generation;
	record.incarnation = lease->kept.incarnation;
	/* A release that is tried again says the same, to the byte: what it
	 * leaves half done is no sign of life. */
	if (!lease->releasing || (lease->written.flags & LEASE_RELEASED) == 0)
		lease->sequence++;
	record.sequence = lease->sequence;
	record.lease_ms = lease->setup.terms.lease_ms;
	memcpy(record.boot_id, lease->setup.boot_id, LEASE_BOOT_ID);
	memcpy(record.name, lease->setup.name, sizeof(record.name));
	lease_record_encode(&record, bytes);
	lease->written = record;
	lease->wrote = *now;
	/* From the first try on others may count us alive, then dead: the
	 * generation must be in within a lease of it. */
	if (!lease->has_stamp) {
		lease->has_stamp = true;
		lease->kept.stamp = *now;
	}
	lease->has_written = true;
}

static void count_write(struct lease *lease)
{
	lease->kept.stamp = lease->wrote;
	lease->shown = lease->written;
	lease->mend = false;
	if (lease->shown.epoch >= lease->highest)
		lease->behind = false;
	if (lease->phase == LEASE_PHASE_ENTERING)
		lease->phase = LEASE_PHASE_BURYING;
}

void lease_written(struct lease *lease, const struct lease_time *returned,
		   int rc)
{
	bool tomb = is_burying(lease);

	lease->checked = false;
	lease->failed = rc != 0;
	lease_watch_clocks(lease, returned);
	if (rc != 0) {
		lease->tomb_doubt = lease->tomb_doubt || tomb;
		if (!lease->releasing && lease->phase != LEASE_PHASE_OUT)
			lease_doubt(lease);
		return;
	}
	if (lease->releasing && (lease->written.flags & LEASE_RELEASED) != 0 &&
	    !tomb) {
		lease->phase = LEASE_PHASE_OUT;
		lease->reason = LEASE_REASON_RELEASED;
		lease->releasing = false;
		return;
	}
	if (lease->phase == LEASE_PHASE_OUT)
		return; /* void: it returned too late (T3) */
	if (tomb)
		lease->phase =
			lease->kept.in ? LEASE_PHASE_IN : LEASE_PHASE_JOINING;
	else
		count_write(lease);
}

static bool is_new(const struct lease *lease)
{
	struct lease_record record = lease->shown;

	wanted(lease, &record);
	return record.epoch != lease->shown.epoch ||
	       record.flags != lease->shown.flags;
}

static bool has_grown(const struct lease *lease)
{
	return lease->kept.end.segment != lease->shown.end.segment ||
	       lease->kept.end.offset != lease->shown.end.offset;
}

/* How long until the next write, 0 = now. */
static int64_t write_in(const struct lease *lease)
{
	int64_t past = since(lease, lease->has_written, &lease->wrote);
	int64_t pause = lease_renewal_us(lease_terms(lease));

	if (lease->failed || has_grown(lease))
		pause = LEASE_FAST_US;
	if ((is_new(lease) || lease->mend) && !lease->failed)
		return 0;
	return past >= pause ? 0 : pause - past;
}

/* Is there something that should be seen as soon as it is there? */
static bool is_in_a_hurry(const struct lease *lease)
{
	const struct lease_peer *owner =
		&lease->peers[lease->highest % lease->setup.terms.slots];

	if (lease->phase == LEASE_PHASE_JOINING ||
	    lease->standing == LEASE_CLAIMS || lease->behind)
		return true;
	if (owner->verdict == LEASE_PEER_ALIVE &&
	    (owner->slot.record.flags & LEASE_CLAIMING) != 0)
		return true;
	/* Nobody leads, or so it seemed: a second look tells. */
	if (lease->stands && lease->headless > 0)
		return true;
	for (uint32_t i = 0; i < lease->in_use; i++)
		if (i != lease->setup.slot &&
		    lease_peer_is_ending(&lease->peers[i], &lease->now,
					 lease_terms(lease)))
			return true;
	return false;
}

static bool is_own_silent(const struct lease *lease)
{
	return lease->phase == LEASE_PHASE_LOOKING &&
	       lease_peer_is_ending(&lease->peers[lease->setup.slot],
				    &lease->now, lease_terms(lease));
}

/* How long until the next look, 0 = now. */
static int64_t look_in(const struct lease *lease)
{
	int64_t past = since(lease, lease->has_looked, &lease->looked);
	int64_t pause = lease_poll_us(lease_terms(lease));

	if (lease->hint || past == DUE)
		return 0;
	if ((lease->failed || is_in_a_hurry(lease) || is_own_silent(lease)) &&
	    pause > LEASE_FAST_US)
		pause = LEASE_FAST_US;
	return past >= pause ? 0 : pause - past;
}

/* Is it time to look at all slots?  At once where a missed one could do harm:
 * to promise the highest epoch, and once a claim is shown; else now and then,
 * for who came since.
 */
static bool wants_all(const struct lease *lease)
{
	const struct lease_terms *terms = lease_terms(lease);
	int64_t past = since(lease, lease->has_all_looked, &lease->all_looked);

	switch (lease->phase) {
	case LEASE_PHASE_ENTERING:
	case LEASE_PHASE_BURYING:
	case LEASE_PHASE_JOINING:
		return true;
	case LEASE_PHASE_LOOKING:
		return past >= lease_poll_us(terms);
	default:
		return (lease_claim_is_shown(lease) &&
			lease->surveyed != lease->kept.claim) ||
		       past >= lease_length_us(terms);
	}
}

/* Those in use, our own, that of the highest epoch, and where the next one is
 * to come.
 */
static uint32_t window(const struct lease *lease)
{
	uint32_t slots = lease->setup.terms.slots;
	uint32_t owner = (uint32_t)(lease->highest % slots);
	uint32_t last = lease->in_use;

	if (last < lease->setup.slot)
		last = lease->setup.slot;
	if (last < owner)
		last = owner;
	return last + 1 < slots ? last + 1 : slots;
}

static struct lease_act read_act(struct lease *lease)
{
	uint32_t slots =
		wants_all(lease) ? lease->setup.terms.slots : window(lease);

	lease->reading = slots;
	lease->looked = lease->now;
	lease->has_looked = true;
	lease->hint = false;
	return (struct lease_act){ .what = LEASE_READ, .slots = slots };
}

/* What was looked at before a wait may have changed since. */
static struct lease_act wait_act(struct lease *lease, int64_t us)
{
	lease->checked = false;
	return (struct lease_act){ .what = LEASE_WAIT, .wait_us = us };
}

/* Own slot is looked at right before each write (O9). */
static struct lease_act write_or_check(struct lease *lease)
{
	if (lease->checked)
		return (struct lease_act){ .what = LEASE_WRITE };
	if (lease->failed && look_in(lease) > 0)
		return wait_act(lease, look_in(lease));
	return read_act(lease);
}

struct lease_act lease_next(struct lease *lease, const struct lease_time *now)
{
	int64_t write_us;
	int64_t look_us;

	lease_watch_clocks(lease, now);
	if (lease->phase == LEASE_PHASE_OUT && !lease->releasing)
		return (struct lease_act){ .what = LEASE_STOP };
	if (is_burying(lease))
		return (struct lease_act){ .what = LEASE_BURY };
	look_us = look_in(lease);
	if (lease->phase == LEASE_PHASE_LOOKING)
		return look_us == 0 ? read_act(lease)
				    : wait_act(lease, look_us);
	write_us = write_in(lease);
	if (write_us == 0)
		return write_or_check(lease);
	if (look_us == 0)
		return read_act(lease);
	return wait_act(lease, write_us < look_us ? write_us : look_us);
}
