/* board_cluster - what the roles of a node in a cluster share on the board.
 *
 * As in board.h, every field has one writing role.  Several fields that belong
 * together are a snapshot, kept twice: the writer fills the one that is not
 * shown and then turns SEQ, so that one who dies, or waits, half way holds up
 * nobody.  Use the functions below.
 *
 * How they work together:
 *
 *   promise  lease: WISH names an epoch.  journal: ends its batch, then
 *            promises that epoch with the journal's end.  lease: shows it.
 *   lead     journal: STAND.  lease: claims, passes the barrier: STANDING is
 *            LEASE_PASSED under CLAIM.  journal: reads all journals to the
 *            ends in PEERS, then LEADS = CLAIM.  lease: LEASE_LEADS.  A
 *            journal role that starts sets LEADS = 0, and with it whatever
 *            was led under an older epoch is over: it claims anew.
 *   count    an own record counts when the sync returned while
 *            cluster_holds(); another node's when it lies before the end in
 *            PEERS, or in HEARD, of that generation.
 *   kill     supervisor and guardian: when not cluster_holds() for the
 *            generation the work was started under, all leased work is killed;
 *            proven dead, DEAD = that generation.  lease: releases a
 *            generation only once it is DEAD, and joins anew.
 *   paused   a virtual machine's clocks may stand still with it, and then no
 *            clock tells that the lease is over.  journal: reads that a leader
 *            counted this generation dead, ENDED = it: holds no more.
 */
#ifndef HOLDFAST_IO_BOARD_CLUSTER_H
#define HOLDFAST_IO_BOARD_CLUSTER_H

#include <stdatomic.h>

#include "core/lease.h"
#include "core/peers.h"

/* Shown is the copy (SEQ & 1); 0 = none was ever written. */
typedef _Atomic uint32_t cluster_seq;

/* What own looks tell of one slot. */
struct cluster_peer {
	enum lease_verdict verdict;
	uint32_t flags; /* enum lease_flag of its record */
	uint64_t number;
	uint64_t generation;
	uint64_t ended; /* the highest generation known to have ended */
	uint64_t epoch;
	struct lease_end end; /* of its journal */
	uint64_t incarnation;
	int64_t changed_ms; /* clock_ms() of the look that showed a change */
	char name[LEASE_NAME_MAX + 1]; /* empty: never used */
};

/* What heartbeats tell of one node. */
struct cluster_heard {
	char name[DATAGRAM_NODE_MAX + 1]; /* empty ends the table */
	bool heard;			  /* lately */
	bool proven;	/* and hears us, in this life of ours */
	bool elsewhere; /* it renews a lease that our looks do not show */
	bool draining;
	bool leaving;
	uint64_t incarnation;
	int64_t since_ms; /* clock_ms(): heard without a break since */
	int64_t heard_ms; /* the latest */
	uint64_t missed;  /* datagrams */
	int32_t skew_ppm; /* its clock against ours, 0 = unknown */
	char address[DATAGRAM_ADDRESS_MAX + 1]; /* of its API */
	char from[64];				/* of its datagrams */
	char version[DATAGRAM_VERSION_MAX + 1];
	char tags[DATAGRAM_TAGS_MAX]; /* each terminated */
	uint32_t tags_len;
	struct datagram_place place;
	struct datagram_load load;
	uint8_t hears[PEERS_MAX / 8 + 1];   /* bit i: it hears the i-th */
	uint8_t unknown[PEERS_MAX / 8 + 1]; /* bit i: nobody knows */
};

/* Where the lease role is. */
struct cluster_lease {
	uint32_t slot;
	uint64_t file_id;
	uint64_t number;	   /* of this start of the role */
	struct lease_kept kept;	   /* generation, promised, claim, standing …;
				      generation 0: none joined yet */
	struct lease_record shown; /* its last counted write */
};

/* What the journal role has promised, and where its journal ends. */
struct cluster_promise {
	uint64_t generation;  /* for which it is made */
	uint64_t epoch;	      /* nothing older is begun, given or taken */
	struct lease_end end; /* synced, while the lease held */
};

struct board_cluster {
	/* guardian, before the first fork */
	bool present;		  /* the configuration has a cluster block */
	struct lease_terms terms; /* as configured; the file's are the same */
	/* lease: stored before each write of its slot, and after each look */
	cluster_seq lease_seq;
	struct cluster_lease lease[2];
	/* lease */
	_Atomic uint32_t phase;	  /* enum lease_phase */
	_Atomic uint32_t reason;  /* enum lease_reason, of the last loss */
	_Atomic uint64_t wish;	  /* epoch to promise, 0 = none */
	_Atomic uint64_t highest; /* epoch seen anywhere */
	_Atomic int32_t trouble;  /* 0, or errno of the last look or write */
	_Atomic uint64_t looks;	  /* that were counted */
	_Atomic uint64_t reads;	  /* of the lease file, as these: */
	_Atomic uint64_t read_bytes;
	_Atomic uint64_t writes;
	_Atomic uint64_t lost;	 /* generations, other than by release */
	_Atomic uint32_t in_use; /* slots, counted from the first */
	struct {
		cluster_seq seq;
		struct cluster_peer at[2];
	} peers[LEASE_SLOTS_MAX]; /* own slot included */
	/* journal */
	cluster_seq promise_seq;
	struct cluster_promise promise[2];
	_Atomic uint32_t stand;	   /* 1 = willing to lead */
	_Atomic uint64_t leads;	   /* the claim under which all journals were
				      read, 0 = none */
	_Atomic uint64_t saw;	   /* the highest epoch found in a journal */
	_Atomic int64_t unread_ms; /* clock_ms(): since then there is something
				      the others show that is not read, 0 =
				      nothing */
	_Atomic uint64_t ended; /* this generation of ours: the others counted
				   it dead and gave away what it held */
	/* heartbeat */
	_Atomic uint64_t beats_as; /* its incarnation, which outlives the role:
				      whom the others believe they go on to */
	_Atomic uint32_t hint;	   /* grows: lease should look now */
	_Atomic uint32_t nodes;	   /* in HEARD, the first is this node */
	_Atomic uint64_t sent;	   /* datagrams, as these: */
	_Atomic uint64_t received;
	_Atomic uint64_t refused; /* not authentic, or replayed */
	struct {
		cluster_seq seq;
		struct cluster_heard at[2];
	} heard[PEERS_MAX];
	/* supervisor, and guardian while there is none: all leased work of
	 * generations up to this one is proven dead, and none of them will
	 * start any more */
	_Atomic uint64_t dead;
	/* supervisor: leased work of this generation may be alive, 0 = none */
	_Atomic uint64_t alive;
	/* supervisor: the node stops; release as soon as DEAD says so */
	_Atomic uint32_t leaving;
};

/* Copy a snapshot out; false when there is none yet. */
bool cluster_lease(const struct board_cluster *cluster,
		   struct cluster_lease *into);
bool cluster_peer(const struct board_cluster *cluster, uint32_t slot,
		  struct cluster_peer *into);
bool cluster_promise(const struct board_cluster *cluster,
		     struct cluster_promise *into);
bool cluster_heard(const struct board_cluster *cluster, uint32_t index,
		   struct cluster_heard *into);

/* For the one writing role of each. */
void cluster_set_lease(struct board_cluster *cluster,
		       const struct cluster_lease *lease);
void cluster_set_peer(struct board_cluster *cluster, uint32_t slot,
		      const struct cluster_peer *peer);
void cluster_set_promise(struct board_cluster *cluster,
			 const struct cluster_promise *promise);
void cluster_set_heard(struct board_cluster *cluster, uint32_t index,
		       const struct cluster_heard *heard);

/* May work of GENERATION be alive, and what was synced count, at NOW?  To be
 * asked at the moment of use (T15).  On a node without a cluster: always.
 */
bool cluster_holds(const struct board_cluster *cluster, uint64_t generation,
		   const struct lease_time *now);
/* Microseconds until it no longer does, <= 0 when it does not. */
int64_t cluster_left_us(const struct board_cluster *cluster,
			uint64_t generation, const struct lease_time *now);

#endif
