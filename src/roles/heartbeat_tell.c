/* What a node tells of itself by UDP. */
#define _GNU_SOURCE
#include <config.h>
#include <string.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/heartbeat.h"
#include "roles/load.h"

/* Each with its terminator; those beyond the room are left out. */
static size_t join_tags(const struct strings *tags, char *into, size_t cap)
{
	size_t len = 0;

	for (size_t i = 0; i < tags->count; i++) {
		size_t more = strlen(tags->at[i]) + 1;

		if (more > cap - len) {
			log_warn(0,
				 "heartbeat: too many tags to tell, left out "
				 "tag=%s",
				 tags->at[i]);
			continue;
		}
		memcpy(into + len, tags->at[i], more);
		len += more;
	}
	return len;
}

void heartbeat_introduce(struct heartbeat *heartbeat)
{
	const struct config *config = heartbeat->heritage->config;
	struct datagram *self = &heartbeat->beat.self;
	const struct strings *listen = &config->http.listen;

	if (listen->count > 0)
		text_copy(text_of(listen->at[0]), heartbeat->address,
			  sizeof(heartbeat->address));
	self->address = text_of(heartbeat->address);
	self->version =
		text_cut(text_of(PACKAGE_VERSION), DATAGRAM_VERSION_MAX);
	self->tags =
		(struct text){ heartbeat->tags,
			       join_tags(&config->cluster.tags, heartbeat->tags,
					 sizeof(heartbeat->tags)) };
}

static void look(struct heartbeat *heartbeat, enum datagram_look_kind kind,
		 uint32_t slot, uint64_t number, int64_t now_ms)
{
	struct datagram_look look = { kind, slot, number };

	if (heartbeat->is_open)
		beat_look(&heartbeat->beat, &look, now_ms);
}

/* Its slot shows something else than was told. */
static void tell_slot(struct heartbeat *heartbeat,
		      const struct cluster_lease *lease, int64_t now_ms)
{
	const struct lease_record *shown = &lease->shown;
	struct heartbeat_told *told = &heartbeat->told;

	if (shown->epoch != told->epoch)
		look(heartbeat, LOOK_EPOCH, lease->slot, shown->epoch, now_ms);
	if (told->number != shown->number ||
	    told->generation != shown->generation ||
	    told->flags != shown->flags) {
		if ((shown->flags & LEASE_RELEASED) != 0)
			look(heartbeat, LOOK_RELEASED, lease->slot,
			     shown->number, now_ms);
		else
			look(heartbeat, LOOK_SLOT, lease->slot, shown->sequence,
			     now_ms);
	}
	told->number = shown->number;
	told->generation = shown->generation;
	told->flags = shown->flags;
	told->epoch = shown->epoch;
}

static void tell_end(struct heartbeat *heartbeat, uint32_t slot,
		     const struct lease_end *end, int64_t now_ms)
{
	struct lease_end *told = &heartbeat->told.end;

	if (end->segment != told->segment || end->offset != told->offset)
		look(heartbeat, LOOK_JOURNAL, slot,
		     end->segment << 32 ^ end->offset, now_ms);
	*told = *end;
}

/* What the slot shows of another generation says nothing of this one. */
static struct datagram_place place_of(const struct cluster_lease *lease,
				      const struct cluster_promise *promise)
{
	uint64_t generation = lease->kept.generation;
	struct datagram_place place = { .present = true,
					.slot = lease->slot,
					.generation = generation };

	if (lease->shown.generation == generation)
		place.epoch = (uint32_t)lease->shown.epoch;
	if (promise->generation == generation) {
		place.segment = promise->end.segment;
		place.offset = promise->end.offset;
	}
	return place;
}

void heartbeat_tell(struct heartbeat *heartbeat, int64_t now_ms)
{
	const struct board *board = heartbeat->heritage->board;
	struct datagram *self = &heartbeat->beat.self;
	struct cluster_promise promise = { 0 };
	struct lease_time now = clock_lease();
	struct cluster_lease lease;
	struct lease_end end;

	self->flags = 0;
	if (atomic_load(&board->drain) != 0 ||
	    atomic_load(&board->stopping) != 0)
		self->flags |= DATAGRAM_DRAINING;
	if (now_ms >= heartbeat->refresh_ms)
		load_fill(&self->load, board);
	self->place = (struct datagram_place){ 0 };
	if (!cluster_lease(heartbeat->cluster, &lease) ||
	    lease.kept.generation == 0)
		return;
	(void)cluster_promise(heartbeat->cluster, &promise);
	if (lease.kept.standing == LEASE_LEADS)
		self->flags |= DATAGRAM_LEADING;
	if (lease.kept.in &&
	    cluster_holds(heartbeat->cluster, lease.kept.generation, &now))
		self->flags |= DATAGRAM_HOLDS;
	self->place = place_of(&lease, &promise);
	end = (struct lease_end){ self->place.segment, self->place.offset };
	tell_slot(heartbeat, &lease, now_ms);
	tell_end(heartbeat, lease.slot, &end, now_ms);
}

/* Who is looked at more often is found dead sooner. */
void heartbeat_tell_silent(struct heartbeat *heartbeat, int64_t now_ms)
{
	const struct board_cluster *cluster = heartbeat->cluster;
	int64_t half_ms = cluster->terms.lease_ms / 2;
	uint32_t in_use = atomic_load(&cluster->in_use);
	bool trouble = atomic_load(&cluster->trouble) != 0;
	struct cluster_peer peer;

	for (uint32_t slot = 0; slot < in_use && slot < LEASE_SLOTS_MAX;
	     slot++) {
		bool silent = !trouble && cluster_peer(cluster, slot, &peer) &&
			      (peer.verdict == LEASE_PEER_ALIVE ||
			       peer.verdict == LEASE_PEER_UNSURE) &&
			      now_ms - peer.changed_ms > half_ms;

		if (silent && !heartbeat->silent[slot])
			look(heartbeat, LOOK_SILENT, slot, peer.number, now_ms);
		if (silent != heartbeat->silent[slot])
			heartbeat->has_news = true;
		heartbeat->silent[slot] = silent;
	}
}
