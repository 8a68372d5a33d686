/* What the datagrams of others make this node look at. */
#define _GNU_SOURCE
#include "io/clock.h"
#include "io/events.h"
#include "roles/heartbeat.h"

enum { RING_LEASE = 1, RING_JOURNAL = 2 };

/* A look comes in several rounds, so that one of them arrives. */
static bool is_new(struct heartbeat *heartbeat, size_t index,
		   const struct datagram *datagram,
		   const struct datagram_look *look)
{
	struct heartbeat_look *seen = &heartbeat->looks[index][look->kind];

	if (seen->incarnation == datagram->incarnation &&
	    seen->slot == look->slot && seen->number == look->number)
		return false;
	*seen = (struct heartbeat_look){ datagram->incarnation, look->number,
					 look->slot };
	return true;
}

static unsigned take_looks(struct heartbeat *heartbeat, size_t index,
			   const struct datagram *datagram)
{
	unsigned ring = 0;

	for (size_t i = 0; i < datagram->looks_count; i++) {
		const struct datagram_look *look = &datagram->looks[i];

		if (look->kind == 0 || look->kind >= HEARTBEAT_LOOKS ||
		    !is_new(heartbeat, index, datagram, look))
			continue;
		ring |= look->kind == LOOK_JOURNAL ? RING_JOURNAL : RING_LEASE;
	}
	return ring;
}

static bool is_beyond(uint64_t segment, uint64_t offset,
		      const struct lease_end *known)
{
	return segment > known->segment ||
	       (segment == known->segment && offset > known->offset);
}

/* What it says of its slot against what our own looks told, BEFORE being what
 * it said last.
 */
static unsigned take_place(const struct heartbeat *heartbeat,
			   const struct peer *peer,
			   const struct datagram_place *before)
{
	const struct datagram_place *place = &peer->place;
	bool leads = (peer->flags & DATAGRAM_LEADING) != 0;
	struct cluster_peer known = { 0 };
	unsigned ring = 0;

	if (!place->present)
		return 0;
	(void)cluster_peer(heartbeat->cluster, place->slot, &known);
	if (place->generation > known.generation ||
	    (place->generation == known.generation &&
	     (place->epoch > known.epoch ||
	      leads != ((known.flags & LEASE_LEADING) != 0))))
		ring |= RING_LEASE;
	if (before->present && before->generation == place->generation &&
	    !is_beyond(place->segment, place->offset,
		       &(struct lease_end){ before->segment, before->offset }))
		return ring;
	if (place->generation != known.generation ||
	    is_beyond(place->segment, place->offset, &known.end))
		ring |= RING_JOURNAL;
	return ring;
}

void heartbeat_heard(void *arg, const struct datagram *datagram,
		     const struct peer *peer)
{
	struct heartbeat *heartbeat = arg;
	size_t index = (size_t)(peer - heartbeat->beat.peers.at);
	struct cluster_heard before = { 0 };
	unsigned ring = 0;

	(void)cluster_heard(heartbeat->cluster, (uint32_t)index, &before);
	if (before.incarnation != peer->replay.incarnation)
		before.place.present = false;
	if (peer->proven) {
		ring |= take_looks(heartbeat, index, datagram);
		ring |= take_place(heartbeat, peer, &before.place);
		heartbeat_keep_hints(heartbeat, datagram);
	}
	if (before.draining != ((peer->flags & DATAGRAM_DRAINING) != 0))
		heartbeat->has_news = true;
	heartbeat_compare(heartbeat, index, clock_ms());
	/* First shown, then rung. */
	heartbeat_show(heartbeat, index, clock_ms());
	if ((ring & RING_LEASE) != 0) {
		atomic_fetch_add(&heartbeat->cluster->hint, 1);
		bell_ring(heartbeat->heritage->bells[ROLE_LEASE]);
	}
	if ((ring & RING_JOURNAL) != 0)
		bell_ring(heartbeat->heritage->bells[ROLE_JOURNAL]);
}

void heartbeat_news(void *arg, enum beat_news news, const char *about,
		    const char *words)
{
	static const enum event_kind kinds[] = {
		[BEAT_HEARS] = EVENT_NODE_HEARD,
		[BEAT_LOST] = EVENT_NODE_LOST,
		[BEAT_LEFT] = EVENT_NODE_LEFT,
		[BEAT_DEAF] = EVENT_NODE_ONE_WAY,
		[BEAT_REFUSED] = EVENT_DATAGRAM_REFUSED,
		[BEAT_TWIN] = EVENT_NODE_TWIN,
	};
	struct heartbeat *heartbeat = arg;

	heartbeat->has_news = true;
	heartbeat->refresh_ms = 0;
	if (rate_take(&heartbeat->events, 1, clock_ms() / 60))
		events_add(heartbeat->heritage->board, kinds[news], about, "%s",
			   words);
}
