/* Who renews a lease that our own looks do not show: it is on other storage, or
 * one of us is shown what was.  Two that are parted so run everything twice,
 * and no lease can tell; people are told.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <string.h>

#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "roles/heartbeat.h"

#define SURE_LEASES 2 /* so long looks and datagrams may be apart */

/* Does the slot that PEER says to be in show it alive? */
static bool is_seen(const struct heartbeat *heartbeat, const struct peer *peer)
{
	struct cluster_peer known;

	return cluster_peer(heartbeat->cluster, peer->place.slot, &known) &&
	       strcmp(known.name, peer->node) == 0 &&
	       known.generation >= peer->place.generation &&
	       (known.verdict == LEASE_PEER_ALIVE ||
		known.verdict == LEASE_PEER_UNSURE);
}

/* Do we look ourselves? */
static bool do_we_look(const struct heartbeat *heartbeat)
{
	struct lease_time now = clock_lease();
	struct cluster_lease lease;

	return cluster_lease(heartbeat->cluster, &lease) && lease.kept.in &&
	       cluster_holds(heartbeat->cluster, lease.kept.generation, &now);
}

static void tell(struct heartbeat *heartbeat, const struct peer *peer)
{
	log_err(0,
		"heartbeat: the node renews a lease that is not in our lease "
		"file; is `shared` the same storage for both, and does no "
		"mount keep what was? node=%s slot=%" PRIu32
		" generation=%" PRIu64,
		peer->node, peer->place.slot, peer->place.generation);
	events_add(heartbeat->heritage->board, EVENT_NODE_ELSEWHERE, peer->node,
		   "its lease is not in our lease file");
	heartbeat->has_news = true;
}

void heartbeat_compare(struct heartbeat *heartbeat, size_t index,
		       int64_t now_ms)
{
	const struct peer *peer = &heartbeat->beat.peers.at[index];
	struct heartbeat_elsewhere *elsewhere = &heartbeat->elsewhere[index];
	int64_t sure_ms =
		SURE_LEASES * (int64_t)heartbeat->cluster->terms.lease_ms;

	if (!peer->proven || !peer->place.present ||
	    (peer->flags & DATAGRAM_HOLDS) == 0 || !do_we_look(heartbeat) ||
	    is_seen(heartbeat, peer)) {
		elsewhere->since_ms = 0;
		if (elsewhere->told)
			heartbeat->has_news = true;
		elsewhere->told = false;
		return;
	}
	if (elsewhere->since_ms == 0)
		elsewhere->since_ms = now_ms;
	if (elsewhere->told || now_ms - elsewhere->since_ms < sure_ms)
		return;
	elsewhere->told = true;
	tell(heartbeat, peer);
}
