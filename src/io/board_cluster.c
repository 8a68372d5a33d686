#include "io/board_cluster.h"

#include <string.h>

/* Copies what is shown of the two at AT, LEN bytes each, to INTO.  A writer
 * that was quick enough to fill the copy we read has turned SEQ twice.
 */
static bool load(const cluster_seq *seq, const void *at, size_t len, void *into)
{
	uint32_t begun;

	do {
		begun = atomic_load(seq);
		if (begun == 0)
			return false;
		memcpy(into, (const char *)at + (begun & 1) * len, len);
		atomic_thread_fence(memory_order_seq_cst);
	} while (atomic_load(seq) != begun);
	return true;
}

static void store(cluster_seq *seq, void *at, size_t len, const void *from)
{
	uint32_t next = atomic_load(seq) + 1;

	if (next == 0)
		next = 2; /* 0 means never */
	memcpy((char *)at + (next & 1) * len, from, len);
	atomic_store(seq, next);
}

bool cluster_lease(const struct board_cluster *cluster,
		   struct cluster_lease *into)
{
	return load(&cluster->lease_seq, cluster->lease, sizeof(*into), into);
}

bool cluster_peer(const struct board_cluster *cluster, uint32_t slot,
		  struct cluster_peer *into)
{
	return slot < LEASE_SLOTS_MAX &&
	       load(&cluster->peers[slot].seq, cluster->peers[slot].at,
		    sizeof(*into), into);
}

bool cluster_promise(const struct board_cluster *cluster,
		     struct cluster_promise *into)
{
	return load(&cluster->promise_seq, cluster->promise, sizeof(*into),
		    into);
}

bool cluster_heard(const struct board_cluster *cluster, uint32_t index,
		   struct cluster_heard *into)
{
	return index < PEERS_MAX &&
	       load(&cluster->heard[index].seq, cluster->heard[index].at,
		    sizeof(*into), into);
}

void cluster_set_lease(struct board_cluster *cluster,
		       const struct cluster_lease *lease)
{
	store(&cluster->lease_seq, cluster->lease, sizeof(*lease), lease);
}

void cluster_set_peer(struct board_cluster *cluster, uint32_t slot,
		      const struct cluster_peer *peer)
{
	store(&cluster->peers[slot].seq, cluster->peers[slot].at, sizeof(*peer),
	      peer);
}

void cluster_set_promise(struct board_cluster *cluster,
			 const struct cluster_promise *promise)
{
	store(&cluster->promise_seq, cluster->promise, sizeof(*promise),
	      promise);
}

void cluster_set_heard(struct board_cluster *cluster, uint32_t index,
		       const struct cluster_heard *heard)
{
	store(&cluster->heard[index].seq, cluster->heard[index].at,
	      sizeof(*heard), heard);
}

int64_t cluster_left_us(const struct board_cluster *cluster,
			uint64_t generation, const struct lease_time *now)
{
	struct cluster_lease lease;

	if (!cluster->present)
		return INT64_MAX;
	if (generation == 0 || !cluster_lease(cluster, &lease) ||
	    lease.kept.generation != generation || !lease.kept.in ||
	    lease.kept.over || atomic_load(&cluster->dead) >= generation ||
	    atomic_load(&cluster->ended) >= generation)
		return 0;
	return lease_stop_us(&cluster->terms, 0) -
	       lease_elapsed_max(&lease.kept.stamp, now);
}

bool cluster_holds(const struct board_cluster *cluster, uint64_t generation,
		   const struct lease_time *now)
{
	return cluster_left_us(cluster, generation, now) > 0;
}
