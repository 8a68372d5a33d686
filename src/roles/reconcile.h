/* reconcile - makes what runs like what should run.
 *
 * What should run are the board's holdings, what runs are the workers below
 * the supervisor.  Whatever was missed, the next step makes up for.  Never
 * allocates and never waits.
 *
 * The life of a slot:
 *
 *   holding             worker                       phase
 *   token, RUN          -> forked                    IDLE -> FORKED
 *                       starts the command           RUNNING
 *                       all it started is dead       STOPPED
 *   settled = token     -> exits 0, or rests         IDLE
 *   token = 0
 *   token, RUN          a resting one is woken       IDLE -> FORKED
 *
 *   any of these        dies otherwise: its control group and what it left
 *                       to us is killed until none is left, then LOST
 *   token = 0                                        IDLE
 *
 * On a node in a cluster the slots of the journal role are leased: such a
 * holding is started only while the lease of its generation holds, and one of
 * an ended generation that was not started is LOST.
 *
 * The journal role gives out slots from the lowest, so a look ends a little
 * beyond the highest in use.
 */
#ifndef HOLDFAST_ROLES_RECONCILE_H
#define HOLDFAST_ROLES_RECONCILE_H

#include "roles/crew.h"

struct loop;

enum worker_state {
	WORKER_NONE,
	WORKER_RUNS,
	WORKER_TOLD,   /* to stop */
	WORKER_KILLED, /* sent SIGKILL, not yet reaped */
	WORKER_ENDED,  /* reaped; what it left is not yet proven dead */
	WORKER_RESTS,  /* its outcome is kept: for a while it waits for more */
};

struct worker {
	uint64_t token;
	pid_t pid; /* 0 if NONE or ENDED */
	enum worker_state state;
	bool woken;	     /* it had rested before TOKEN */
	uint64_t generation; /* of the lease it was started under, 0 = none */
};

struct reconcile {
	struct heritage *heritage;
	struct loop *loop; /* the supervisor's, to be closed in children */
	const struct crew *crew;
	/* slots from there on were idle at the last look: of services, and of
	 * the rest */
	unsigned used[2];
	unsigned busy;	   /* workers that hold one of the node's places */
	unsigned clearing; /* slots in WORKER_ENDED */
	unsigned alive;	   /* slots with a process */
	bool strays;	   /* somebody unknown was, or may be, left to us */
	bool changed;	   /* the journal role has something to see */
	int64_t fork_ms;   /* not before, after a failed fork */
	unsigned starts;   /* in this turn */
	/* of the lease: the highest with a process, 0 = none; and up to which
	 * nothing is started any more (roles/deadline.h) */
	uint64_t leased;
	uint64_t ended;
	struct worker workers[BOARD_HOLDINGS_MAX];
};

void reconcile_init(struct reconcile *reconcile, struct heritage *heritage,
		    struct loop *loop, const struct crew *crew);

/* One turn.  With STOPPING nothing new is started. */
void reconcile_step(struct reconcile *reconcile, bool stopping, int64_t now_ms);
/* When to look again at the latest. */
int64_t reconcile_next(const struct reconcile *reconcile, int64_t now_ms);

/* A process that is not of the crew ended: a worker, or what one left. */
void reconcile_took(struct reconcile *reconcile, pid_t pid, int status);

/* Tells every worker of slots from FIRST on that still runs its command to
 * stop.
 */
void reconcile_stop_from(struct reconcile *reconcile, unsigned first);
/* Has every worker open its log files again. */
void reconcile_reopen_logs(const struct reconcile *reconcile);
/* Says in the log what still runs; how many they are. */
unsigned reconcile_name_alive(const struct reconcile *reconcile);
/* Kills every worker and its work; EVEN_STOPPED: also those that only wait
 * for their outcome to be kept.
 */
void reconcile_kill_all(struct reconcile *reconcile, bool even_stopped);
/* Kills every worker of leased work with all it started. */
void reconcile_kill_leased(struct reconcile *reconcile);
/* Is there neither a worker nor anything one left? */
bool reconcile_is_empty(const struct reconcile *reconcile);

#endif
