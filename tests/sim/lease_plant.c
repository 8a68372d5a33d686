/* lease_plant - what each rule, left out, makes of a look. */
#include "tests/sim/lease_world.h"

/* What a broken reader makes of the bytes. */
void plant_sample(struct lease_world *world, uint32_t node, uint32_t slot)
{
	struct world_node *me = &world->nodes[node];
	struct lease_peer *peer = &me->lease.peers[slot];
	struct lease_record record;

	if (world->plant == PLANT_ONE_BLOCK &&
	    lease_record_decode(&record, me->sampled[slot][0], 1, slot, 0) ==
		    LEASE_BLOCK_VALID) {
		if (peer->slot.has_record &&
		    peer->slot.record.number != record.number)
			memset(peer, 0, sizeof(*peer));
		record.flags |= LEASE_TOMB; /* believed as it is */
		lease_record_encode(&record, me->sampled[slot][1]);
	}
	if (world->plant == PLANT_EPOCH_NOT_ABOVE_OWN && slot == node &&
	    me->lease.phase == LEASE_PHASE_LOOKING && !me->lease.go_on)
		for (unsigned block = 0; block < 2; block++)
			if (lease_record_decode(
				    &record, me->sampled[slot][block], 1, slot,
				    block) == LEASE_BLOCK_VALID) {
				record.epoch = 0;
				lease_record_encode(&record,
						    me->sampled[slot][block]);
			}
}

void plant_verdict(struct lease_world *world, uint32_t node)
{
	struct world_node *me = &world->nodes[node];
	struct lease *lease = &me->lease;

	for (uint32_t i = 0; i < world->terms.slots; i++)
		if (world->plant == PLANT_CLAIM_ON_SILENCE && i != node &&
		    lease_peer_is_silent(&lease->peers[i], &me->look.returned,
					 &world->terms)) {
			lease->peers[i].verdict = LEASE_PEER_DEAD;
			lease->peers[i].ended =
				lease->peers[i].slot.record.generation;
		}
	if (world->plant == PLANT_CLAIM_UNREAD)
		lease->surveyed = lease->kept.claim;
	if (world->plant == PLANT_JOIN_UNREAD &&
	    lease->phase == LEASE_PHASE_JOINING) {
		lease->joined_look = true;
		lease->joined_epoch = 0;
		lease->joined_since = lease->now;
	}
}

void plant_standing(struct lease_world *world, uint32_t node)
{
	struct lease *lease = &world->nodes[node].lease;

	if (world->plant == PLANT_NO_BARRIER &&
	    lease->standing == LEASE_CLAIMS &&
	    lease->shown.epoch == lease->kept.claim)
		lease->standing = lease->kept.standing = LEASE_PASSED;
}
