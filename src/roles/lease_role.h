/* lease_role - what the files of the lease role share among themselves.
 *
 * The role is the one process that touches the lease file.  It does what
 * core/lease tells, one read or write at a time, takes what the other roles
 * put on the board (io/board_cluster.h) before each, and shows there what has
 * become of it.  A start that is over waits until all work of its generation
 * is proven dead, gives the lease back if it may, and joins anew.
 */
#ifndef HOLDFAST_ROLES_LEASE_ROLE_H
#define HOLDFAST_ROLES_LEASE_ROLE_H

#include "io/leasefile.h"
#include "io/loop.h"
#include "roles/heritage.h"

/* What fails so often is tried for, and after, 2^5 times as long at most. */
#define LEASE_ROLE_PATIENCE 6

struct lease_role {
	struct heritage *heritage;
	struct board_cluster *cluster;
	struct loop loop;
	int timer; /* timerfd, of CLOCK_BOOTTIME */
	struct leasefile file;
	struct lease lease;
	struct cluster_lease shown; /* on the board */
	struct lease_time began;    /* this start of LEASE */
	int64_t retry_ms;	    /* when the next may begin */
	unsigned failed;	    /* starts in a row that did not come in */
	bool running;		    /* LEASE is begun and not given up */
	bool ending;		    /* and over; that was told */
	bool gave_back;		    /* or tried to */
	bool left;		    /* the node stops, and all is done */
	enum lease_reason lost_for; /* before it was in, as told last */
	int told;		    /* failure to begin that was told last */
	uint32_t hint;		    /* the board's, as last acted upon */
	uint32_t peers_shown;
	uint8_t boot_id[LEASE_BOOT_ID];
};

/* lease_begin.c */

void lease_role_find_boot(struct lease_role *role);
/* Opens the file and begins: 0, or a negative errno to try again later;
 * -EBUSY: work of an ended generation is not yet proven dead; -ESHUTDOWN: the
 * node stops, and there is nothing to give back.
 */
int lease_role_begin(struct lease_role *role);

/* lease_memory.c: what a node remembers of its lease while the machine is up,
 * in STATE/lease, so that after a restart it may take its slot back at once.
 */

/* Did this node, in this very STATE, show INCARNATION since the machine was
 * started?  Whoever holds the lock on STATE knows then that it is dead (O8).
 */
bool lease_memory_has(const struct lease_role *role, uint64_t incarnation);
/* To be called before INCARNATION is shown. */
void lease_memory_add(const struct lease_role *role, uint64_t incarnation);

/* lease_show.c */

/* What other roles ask and tell. */
void lease_role_take(struct lease_role *role);
/* What has become of the lease, rung to whom it concerns. */
void lease_role_show(struct lease_role *role);
/* The same of all slots, after a look. */
void lease_role_show_peers(struct lease_role *role);
/* A read or write, or the start, ended so. */
void lease_role_trouble(struct lease_role *role, int rc);
void lease_role_ring(const struct lease_role *role, enum role whom);

#endif
