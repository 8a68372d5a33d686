/* lease_world - nodes that share one virtual lease file, and all that may
 * happen to them.
 *
 * Real: struct lease of every node.  Simulated: the file (slow, torn, late and
 * failing writes, slow and failing reads), clocks (rates apart, slewed,
 * suspended), crashes of a role, a node and a host at any step.  What a node
 * does besides is its tenant's: tests/sim/lease_played.h has it in the smallest
 * form that can go wrong, tests/sim/cluster_world.h the real one.
 *
 * Time is true time in microseconds; nobody in the world sees it.  After each
 * event: no two nodes lead, epochs rise.  After the last fault somebody leads,
 * within a bound.
 */
#ifndef HOLDFAST_TESTS_SIM_LEASE_WORLD_H
#define HOLDFAST_TESTS_SIM_LEASE_WORLD_H

#include "core/lease.h"
#include "tests/sim/rng.h"

#define WORLD_NODES  7
#define WORLD_SLOTS  8
#define WORLD_EVENTS 2048

/* Seeds from here on: up to seven nodes, not five; and where the tenant knows
 * that, machines that stand still, their clocks with them.
 */
#define WORLD_WIDE (UINT64_C(1) << 32)

/* From the last fault to all of it running: a first lease until what is unsure
 * is dead, a second for a claim that began too early, and the rest.
 */
#define LEASE_WORLD_BOUND(terms) (5 * lease_failover_us(terms))

enum lease_plant {
	PLANT_NONE,
	PLANT_STAMP_AFTER_WRITE,
	PLANT_CLAIM_ON_SILENCE,
	PLANT_NO_BARRIER,
	PLANT_ONE_BLOCK,
	PLANT_EPOCH_NOT_ABOVE_OWN,
	PLANT_RELEASE_BEFORE_STOP,
	PLANT_LATE_WRITE_COUNTS,
	PLANT_LATE_SYNC_COUNTS,
	PLANT_JOIN_UNREAD,
	PLANT_CLAIM_UNREAD,
	PLANT_NO_GENERATION,
	PLANT_APPENDS_IN_FLIGHT,
	PLANTS
};

enum event_kind {
	EVENT_NONE,
	EVENT_STEP,    /* a role's turn */
	EVENT_SAMPLE,  /* half of a read happens */
	EVENT_READ,    /* it returns */
	EVENT_LAND,    /* a write happens, whole or in part */
	EVENT_WRITTEN, /* it returns */
	EVENT_START,   /* a lease role starts */
	EVENT_WAKE,    /* the end of a suspend */
	EVENT_FAULT,
	EVENT_DOOM,	/* a kill in the middle of a write */
	EVENT_DEADLINE, /* the tenant's look at its clocks */
	EVENT_TENANT,	/* the first of the tenant's own */
};

struct event {
	int64_t at_us;
	uint32_t kind; /* enum event_kind, or the tenant's */
	uint32_t node;
	uint64_t life; /* of the process it belongs to: void if that died */
	uint64_t order;
	int rc;
	uint32_t half;	/* of a SAMPLE */
	uint32_t index; /* the tenant's */
	uint32_t slot;	/* of a LAND … */
	uint32_t block;
	uint32_t bytes;
	uint8_t data[LEASE_RECORD];
};

struct world_node {
	struct lease lease;
	struct lease_kept board;
	/* the machine */
	int64_t boot_us, raw_us, ticked_us;
	int64_t boot_ppm, raw_ppm; /* faster than true time */
	uint64_t boot;
	bool up, suspended;
	bool still; /* and its clocks stand, too: a virtual machine */
	uint64_t still_generation; /* it did so in this one, or 0 */
	struct lease_time woke;	   /* from that, the last time */
	uint64_t counted_dead;	   /* of its generations, by any other node */
	/* the lease role */
	bool role;
	bool busy; /* in a read or write */
	bool stopping;
	struct lease_time began;
	uint64_t life;
	struct event *step_event;
	uint64_t step;	 /* order of the step that is due, */
	int64_t step_us; /* and when */
	struct lease_look look;
	uint8_t sampled[WORLD_SLOTS][2][LEASE_RECORD];
	int64_t stall_until_us;
	int64_t lag_us;		 /* a write returns so long after it landed */
	int64_t slow_us;	 /* each read and write takes so much longer */
	bool doomed;		 /* to be killed in the middle of a write */
	int64_t paused_until_us; /* the role is stopped */
	bool fails;		 /* its storage gives errors */
	bool killed_once;
	struct lease_time role_killed;
};

struct lease_world;

/* What a node does besides. */
struct lease_tenant {
	/* The longest a role waits while there is work, 0 = as it likes. */
	int64_t wait_us;
	/* Is any work of its present generation, or could there be? */
	bool (*is_alive)(struct lease_world *world, uint32_t node);
	/* All of it is to end: the lease is over, or the node stops. */
	void (*end)(struct lease_world *world, uint32_t node);
	/* A lease role was started, with a new generation if ANEW. */
	void (*starts)(struct lease_world *world, uint32_t node, bool anew);
	/* It makes a turn, the next thing is what lease_next() says. */
	void (*step)(struct lease_world *world, uint32_t node);
	/* It is about to write, has looked, or has nothing to do. */
	void (*shows)(struct lease_world *world, uint32_t node);
	/* The role was killed, or ended. */
	void (*stops)(struct lease_world *world, uint32_t node);
	/* All processes of the node are gone at once. */
	void (*dies)(struct lease_world *world, uint32_t node, bool power);
	/* After a suspend longer than what was left all work is killed
	 * before any of it runs on. */
	void (*wakes)(struct lease_world *world, uint32_t node, bool late);
	/* Does an event of its own wait, the node being suspended? */
	bool (*is_held_up)(const struct lease_world *world,
			   const struct event *event);
	void (*event)(struct lease_world *world, const struct event *event);
	/* May be NULL: something the tenant makes go wrong; false: nothing. */
	bool (*fault)(struct lease_world *world, uint32_t node);
	void (*heal)(struct lease_world *world);
	/* What must hold after each event, and in the end. */
	void (*check)(struct lease_world *world);
	void (*check_end)(struct lease_world *world);
};

struct lease_world {
	const struct lease_tenant *tenant;
	struct rng rng;
	enum lease_plant plant;
	bool talk;
	const char *broken;
	int64_t now_us;
	int64_t heal_us; /* no fault after this */
	int64_t end_us;
	uint64_t orders;
	struct lease_terms terms;
	uint32_t nodes_count;
	uint32_t victim; /* a node that most faults befall */
	bool harsh;	 /* roles start twice within a lease */
	bool wide;	 /* see WORLD_WIDE */
	uint32_t fault_every_ms;
	uint8_t file[WORLD_SLOTS][2][LEASE_RECORD];
	uint64_t numbers[WORLD_SLOTS]; /* the last given out */
	uint64_t epochs[WORLD_SLOTS];  /* the last composed */
	int64_t led_us;		       /* first time after heal, or 0 */
	uint32_t events_high;	       /* those that may be used are below */
	struct event events[WORLD_EVENTS];
	struct world_node nodes[WORLD_NODES];
};

/* Makes a world for SEED: nodes that are about to start. */
void lease_world_begin(struct lease_world *world,
		       const struct lease_tenant *tenant, uint64_t seed,
		       enum lease_plant plant, bool talk);
/* Plays it to the end; what was broken, or NULL. */
const char *lease_world_play(struct lease_world *world);

/* ---- between the files of the world ---- */

struct event *world_post(struct lease_world *world, int64_t in_us,
			 uint32_t kind, uint32_t node);
/* In place of EVENT, should that not have happened yet: who waits for ORDER
 * waits for one alone.
 */
struct event *world_repost(struct lease_world *world, struct event *event,
			   uint64_t order, int64_t in_us, uint32_t kind,
			   uint32_t node);
int64_t world_below(struct lease_world *world, int64_t us);
struct lease_time world_clock(struct lease_world *world, uint32_t node);
void world_break(struct lease_world *world, const char *how);
void world_say(const struct lease_world *world, uint32_t node,
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Its clocks and those of the world parted while it stood still, and it may not
 * know: what the lease promises of it does not hold.  Until it renewed and was
 * counted dead by nobody, or begins anew.
 */
bool world_is_stale(const struct lease_world *world, uint32_t node);
/* NODE leads: every other living one has promised its epoch. */
void world_check_barrier(struct lease_world *world, uint32_t node);

/* Faults: lease_fault.c */
void world_fault(struct lease_world *world);
void world_heal(struct lease_world *world);
void world_kill_role(struct lease_world *world, uint32_t node);
void world_wake(struct lease_world *world, uint32_t node);
/* The machine stands still for IN_US, and does not know. */
void world_stand_still(struct lease_world *world, uint32_t node, int64_t us);
void world_set_clock(struct lease_world *world, uint32_t node);

/* What rules left out make of a look: lease_plant.c */
void plant_sample(struct lease_world *world, uint32_t node, uint32_t slot);
void plant_verdict(struct lease_world *world, uint32_t node);
void plant_standing(struct lease_world *world, uint32_t node);

/* The lease role: lease_role.c */
void role_start(struct lease_world *world, uint32_t node);
void role_kill(struct lease_world *world, uint32_t node);
void role_step(struct lease_world *world, uint32_t node);
/* Makes a turn within IN_US, should it wait. */
void role_ring(struct lease_world *world, uint32_t node, int64_t in_us);
void role_event(struct lease_world *world, const struct event *event);
/* An I/O takes so long now, for this node. */
int64_t role_io_us(struct lease_world *world, uint32_t node);

#endif
