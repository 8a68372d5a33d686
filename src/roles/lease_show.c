/* Between the lease and the board. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <string.h>

#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "roles/lease_role.h"
#include "roles/news.h"

/* A long turn is no death: a snapshot takes its time. */
#define QUIET_LEASES 3

void lease_role_ring(const struct lease_role *role, enum role whom)
{
	bell_ring(role->heritage->bells[whom]);
}

/* ---- what others tell ---- */

static void take_promise(struct lease_role *role)
{
	struct lease *lease = &role->lease;
	struct cluster_promise promise;

	if (!cluster_promise(role->cluster, &promise) ||
	    promise.generation != lease->kept.generation)
		return;
	if (promise.epoch > lease->kept.promised)
		lease_promise(lease, promise.epoch, &promise.end);
	else if (promise.epoch == lease->kept.promised)
		lease_tell_end(lease, &promise.end);
}

/* Whoever neither lives nor moves can't lead, whatever it said before. */
static bool journal_lives(const struct lease_role *role)
{
	const struct board *board = role->heritage->board;
	int64_t beat_ms = atomic_load(&board->roles[ROLE_JOURNAL].beat_ms);

	return clock_ms() - beat_ms <
	       QUIET_LEASES * (int64_t)role->cluster->terms.lease_ms;
}

/* A journal role that was started anew leads nothing of what it led before. */
static void take_standing(struct lease_role *role, uint64_t leads)
{
	struct lease *lease = &role->lease;
	const struct board_cluster *cluster = role->cluster;

	lease_stand(lease, atomic_load(&cluster->stand) != 0 &&
				   atomic_load(&cluster->leaving) == 0 &&
				   journal_lives(role));
	if (lease->standing == LEASE_PASSED && leads == lease->kept.claim)
		lease_lead(lease);
	else if (lease->standing == LEASE_LEADS && leads != lease->kept.claim)
		lease_resign(lease);
}

/* All its work is dead, or there never was any.  A release is believed only
 * beside its tombstone, so a start that has none yet goes on until it has.
 */
static void take_end(struct lease_role *role)
{
	struct lease *lease = &role->lease;
	const struct board_cluster *cluster = role->cluster;
	bool leaving = atomic_load(&cluster->leaving) != 0;
	bool dead = atomic_load(&cluster->dead) >= lease->kept.generation;

	switch (lease->phase) {
	case LEASE_PHASE_LOOKING:
		if (leaving && !lease->go_on)
			lease_release(lease);
		break;
	case LEASE_PHASE_JOINING:
		if (leaving || dead)
			lease_release(lease);
		break;
	case LEASE_PHASE_IN:
		if (dead)
			lease_release(lease);
		break;
	default:
		break;
	}
}

void lease_role_take(struct lease_role *role)
{
	uint32_t hint = atomic_load(&role->cluster->hint);
	uint64_t saw = atomic_load(&role->cluster->saw);
	/* Before the end: that shown with LEADING holds what it leads with. */
	uint64_t leads = atomic_load(&role->cluster->leads);

	if (hint != role->hint)
		lease_hint(&role->lease);
	role->hint = hint;
	if (saw > role->lease.highest && role->lease.has_now)
		lease_saw_epoch(&role->lease, saw);
	take_promise(role);
	take_standing(role, leads);
	take_end(role);
}

/* ---- what it shows ---- */

static struct lease_record last_counted(const struct lease *lease)
{
	return lease->phase == LEASE_PHASE_OUT &&
			       lease->reason == LEASE_REASON_RELEASED &&
			       lease->has_written
		       ? lease->written
		       : lease->shown;
}

static bool same_record(const struct lease_record *a,
			const struct lease_record *b)
{
	return a->number == b->number && a->epoch == b->epoch &&
	       a->flags == b->flags && a->end.segment == b->end.segment &&
	       a->end.offset == b->end.offset;
}

static void show_shared(struct lease_role *role, bool *changed, bool *shown)
{
	const struct lease *lease = &role->lease;
	struct cluster_lease next;
	const struct lease_kept *was = &role->shown.kept;

	memset(&next, 0, sizeof(next));
	next.slot = lease->setup.slot;
	next.file_id = lease->setup.file_id;
	next.number = lease->setup.number;
	next.kept = lease->kept;
	next.shown = last_counted(lease);
	*changed = was->generation != next.kept.generation ||
		   was->standing != next.kept.standing ||
		   was->claim != next.kept.claim || was->in != next.kept.in ||
		   was->over != next.kept.over;
	*shown = !same_record(&role->shown.shown, &next.shown);
	role->shown = next;
	cluster_set_lease(role->cluster, &role->shown);
}

static void log_change(const struct lease_role *role)
{
	static const char *const standings[] = { "follows", "claims", "passed",
						 "leads" };
	const struct lease_kept *kept = &role->lease.kept;

	/* On its way in it goes through all of them within milliseconds. */
	if (role->lease.phase != LEASE_PHASE_IN)
		return;
	log_info("lease: in, %s generation=%" PRIu64 " promised=%" PRIu64
		 " claim=%" PRIu64,
		 standings[kept->standing], kept->generation, kept->promised,
		 kept->claim);
}

/* That it is in, now or again after another start of the role. */
static void tell_in(struct lease_role *role)
{
	const struct lease *lease = &role->lease;

	role->lost_for = LEASE_REASON_NONE;
	if (!lease->go_on)
		events_add(role->heritage->board, EVENT_LEASE_HELD,
			   lease->setup.name, "generation %" PRIu64,
			   lease->kept.generation);
}

void lease_role_show(struct lease_role *role)
{
	struct board_cluster *cluster = role->cluster;
	const struct lease *lease = &role->lease;
	uint64_t wish = lease_wish(lease);
	bool changed;
	bool shown;
	bool asked;

	show_shared(role, &changed, &shown);
	if (atomic_exchange(&cluster->phase, lease->phase) !=
	    (uint32_t)lease->phase) {
		changed = true;
		if (lease->phase == LEASE_PHASE_IN)
			tell_in(role);
	}
	atomic_store(&cluster->highest, lease->highest);
	atomic_store(&cluster->in_use, lease->in_use);
	asked = atomic_exchange(&cluster->wish, wish) != wish;
	if (asked || changed)
		lease_role_ring(role, ROLE_JOURNAL);
	if (shown)
		lease_role_ring(role, ROLE_HEARTBEAT);
	if (!changed)
		return;
	lease_role_ring(role, ROLE_SUPERVISOR);
	news_tell(role->heritage);
	log_change(role);
}

/* ---- what it saw ---- */

static void fill_peer(struct cluster_peer *into, const struct lease_peer *peer)
{
	const struct lease_record *record = &peer->slot.record;

	memset(into, 0, sizeof(*into));
	into->verdict = peer->verdict;
	into->ended = peer->ended;
	into->changed_ms = peer->changed.boot_us / 1000;
	if (!peer->slot.has_record)
		return;
	into->flags = record->flags;
	into->number = record->number;
	into->generation = record->generation;
	into->epoch = record->epoch;
	into->end = record->end;
	into->incarnation = record->incarnation;
	memcpy(into->name, record->name, sizeof(into->name));
}

/* Other than by a renewal? */
static bool differs(const struct cluster_peer *a, const struct cluster_peer *b)
{
	return a->verdict != b->verdict || a->flags != b->flags ||
	       a->number != b->number || a->generation != b->generation ||
	       a->ended != b->ended || a->epoch != b->epoch ||
	       a->incarnation != b->incarnation ||
	       strcmp(a->name, b->name) != 0;
}

static const char *verdict_name(enum lease_verdict verdict)
{
	static const char *const names[] = { "unknown", "free",	 "released",
					     "dead",	"alive", "unsure" };

	return names[verdict];
}

static void tell_verdict(const struct lease_role *role, uint32_t i,
			 const struct cluster_peer *peer,
			 const struct cluster_peer *was)
{
	const char *name = peer->name[0] != '\0' ? peer->name : "?";
	bool was_there = was->verdict == LEASE_PEER_ALIVE ||
			 was->verdict == LEASE_PEER_UNSURE;

	log_info("lease: node %s is %s slot=%" PRIu32 " generation=%" PRIu64,
		 name, verdict_name(peer->verdict), i, peer->generation);
	if (was_there && peer->verdict == LEASE_PEER_DEAD)
		events_add(role->heritage->board, EVENT_NODE_DEAD, name,
			   "its lease ran out, its work goes elsewhere");
	else if (was_there && peer->verdict == LEASE_PEER_RELEASED)
		events_add(role->heritage->board, EVENT_NODE_RELEASED, name,
			   "its work goes elsewhere");
}

/* Shows slot I; what changed is added to CHANGED, and whether its journal has
 * grown to GROWN.
 */
static void show_peer(struct lease_role *role, uint32_t i, bool *changed,
		      bool *grown)
{
	struct cluster_peer next;
	struct cluster_peer was;

	fill_peer(&next, &role->lease.peers[i]);
	if (!cluster_peer(role->cluster, i, &was))
		memset(&was, 0, sizeof(was));
	cluster_set_peer(role->cluster, i, &next);
	if (i == role->lease.setup.slot)
		return;
	if (was.verdict != next.verdict)
		tell_verdict(role, i, &next, &was);
	*changed |= differs(&was, &next);
	*grown |= was.end.segment != next.end.segment ||
		  was.end.offset != next.end.offset;
}

void lease_role_show_peers(struct lease_role *role)
{
	uint32_t count = role->lease.in_use;
	bool changed = false;
	bool grown = false;

	if (count < role->peers_shown)
		count = role->peers_shown;
	for (uint32_t i = 0; i < count; i++)
		show_peer(role, i, &changed, &grown);
	role->peers_shown = count;
	if (changed || grown)
		lease_role_ring(role, ROLE_JOURNAL);
	if (changed)
		news_tell(role->heritage);
}

void lease_role_trouble(struct lease_role *role, int rc)
{
	struct board *board = role->heritage->board;

	if (atomic_exchange(&role->cluster->trouble, -rc) == -rc)
		return;
	atomic_store(&board->roles[ROLE_LEASE].health, -rc);
	news_tell(role->heritage);
}
