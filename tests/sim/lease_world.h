/* lease_world - nodes that share one virtual lease file, and all that may
 * happen to them.
 *
 * Real: struct lease of every node.  Simulated: the file (slow, torn, late and
 * failing writes, slow and failing reads), clocks (rates apart, slewed,
 * suspended), the supervisor's kill at the deadline, crashes of a role, a node
 * and a host at any step, and in the smallest form the journals that carry
 * assignments of units: assign, held, released, each counted as the real ones.
 *
 * Time is true time in microseconds; nobody in the world sees it.  After each
 * event: no unit is alive twice, no two nodes lead, tokens and epochs rise, a
 * leader has passed the barrier.  After the last fault somebody leads, and
 * every unit is alive, within a bound.
 */
#ifndef HOLDFAST_TESTS_SIM_LEASE_WORLD_H
#define HOLDFAST_TESTS_SIM_LEASE_WORLD_H

#include "core/lease.h"
#include "tests/sim/rng.h"

#define WORLD_NODES   5
#define WORLD_SLOTS   6
#define WORLD_UNITS   2
#define WORLD_EVENTS  128
#define WORLD_ENTRIES 4000 /* of one journal */

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
	PLANT_NO_GENERATION,
	PLANT_APPENDS_IN_FLIGHT,
	PLANTS
};

enum event_kind {
	EVENT_NONE,
	EVENT_STEP,	/* a role's turn */
	EVENT_SAMPLE,	/* half of a read happens */
	EVENT_READ,	/* it returns */
	EVENT_LAND,	/* a write happens, whole or in part */
	EVENT_WRITTEN,	/* it returns */
	EVENT_START,	/* a lease role starts */
	EVENT_DEADLINE, /* the supervisor looks at its clocks */
	EVENT_DEAD,	/* the work it killed is dead */
	EVENT_PROMISE,	/* the journal has ended what was begun */
	EVENT_JOURNALS, /* a leader has read them */
	EVENT_APPEND,	/* an append lands */
	EVENT_SYNCED,	/* its sync returns */
	EVENT_WAKE,	/* the end of a suspend */
	EVENT_FAULT,
	EVENT_DOOM, /* a kill in the middle of a write */
};

struct event {
	int64_t at_us;
	enum event_kind kind;
	uint32_t node;
	uint64_t life; /* of the process it belongs to: void if that died */
	uint64_t order;
	int rc;
	uint32_t half;	/* of a SAMPLE */
	uint32_t index; /* of an APPEND */
	uint32_t slot;	/* of a LAND … */
	uint32_t block;
	uint32_t bytes;
	uint8_t data[LEASE_RECORD];
};

enum entry_kind { ENTRY_ASSIGN, ENTRY_HELD, ENTRY_RELEASED };

struct entry {
	enum entry_kind kind;
	uint32_t unit;
	uint64_t token;
	uint32_t to; /* node */
	uint64_t to_generation;
	uint64_t generation; /* of the writer */
	uint64_t offset;     /* within the generation's counted ones */
	bool landed;
	bool counted;
};

struct journal {
	struct entry entries[WORLD_ENTRIES];
	uint32_t count;
};

/* What a leader knows of a unit. */
struct owned {
	uint64_t token; /* 0: nobody */
	uint32_t node;
	uint64_t generation;
};

struct world_node {
	struct lease lease;
	struct lease_kept board;
	/* the machine */
	int64_t boot_us, raw_us, ticked_us;
	int64_t boot_ppm, raw_ppm; /* faster than true time */
	uint64_t boot;
	bool up, suspended;
	/* the lease role */
	bool role;
	bool busy; /* in a read or write */
	bool stopping;
	struct lease_time began;
	uint64_t life;
	struct lease_look look;
	uint8_t sampled[WORLD_SLOTS][2][LEASE_RECORD];
	int64_t stall_until_us;
	int64_t lag_us;		 /* a write returns so long after it landed */
	int64_t slow_us;	 /* each read and write takes so much longer */
	bool doomed;		 /* to be killed in the middle of a write */
	int64_t paused_until_us; /* the role is stopped */
	bool fails;		 /* its storage gives errors */
	/* the journal role */
	uint64_t counted; /* entries of this generation */
	bool appending;
	uint32_t append_index;
	bool append_void; /* abandoned: a newer epoch was promised */
	bool promising;
	uint64_t reading; /* the claim whose journals are being read */
	uint64_t led;	  /* epoch whose journals were read */
	uint32_t counter;
	struct owned owned[WORLD_UNITS];
	uint64_t accepted[WORLD_UNITS]; /* highest token answered */
	/* the work */
	uint64_t alive[WORLD_UNITS];	  /* token, 0 = nothing runs */
	uint64_t to_release[WORLD_UNITS]; /* token to be told released */
	bool killed_once;
	struct lease_time role_killed;
	bool killing;
	bool watched;	/* a look at the deadline is due */
	uint64_t kills; /* life of the kill under way */
};

struct lease_world {
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
	uint32_t fault_every_ms;
	uint8_t file[WORLD_SLOTS][2][LEASE_RECORD];
	uint64_t numbers[WORLD_SLOTS]; /* the last given out */
	uint64_t epochs[WORLD_SLOTS];  /* the last composed */
	uint64_t tokens[WORLD_UNITS];  /* the highest that ran */
	int64_t led_us;		       /* first time after heal, or 0 */
	int64_t ran_us[WORLD_UNITS];
	uint64_t leads;	 /* how often somebody began to */
	uint64_t starts; /* of work */
	struct event events[WORLD_EVENTS];
	struct journal journals[WORLD_NODES];
	struct world_node nodes[WORLD_NODES];
};

/* Plays one seed; what was broken, or NULL. */
const char *lease_world_run(struct lease_world *world, uint64_t seed,
			    enum lease_plant plant, bool talk);

/* ---- between the files of the world ---- */

struct event *world_post(struct lease_world *world, int64_t in_us,
			 enum event_kind kind, uint32_t node);
struct lease_time world_clock(struct lease_world *world, uint32_t node);
void world_break(struct lease_world *world, const char *how);
void world_say(const struct lease_world *world, uint32_t node,
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Faults: lease_fault.c */
void world_fault(struct lease_world *world);
void world_heal(struct lease_world *world);
void world_kill_role(struct lease_world *world, uint32_t node);
void world_wake(struct lease_world *world, uint32_t node);
void world_set_clock(struct lease_world *world, uint32_t node);

/* What rules left out make of a look: lease_plant.c */
void plant_sample(struct lease_world *world, uint32_t node, uint32_t slot);
void plant_verdict(struct lease_world *world, uint32_t node);
void plant_standing(struct lease_world *world, uint32_t node);

/* The lease role: lease_role.c */
void role_start(struct lease_world *world, uint32_t node);
void role_kill(struct lease_world *world, uint32_t node);
void role_step(struct lease_world *world, uint32_t node);
void role_event(struct lease_world *world, const struct event *event);
/* An I/O takes so long now, for this node. */
int64_t role_io_us(struct lease_world *world, uint32_t node);

/* Journals: lease_journal.c.  False: one is under way. */
bool played_append(struct lease_world *world, uint32_t node,
		   const struct entry *entry);
/* Does entry E of WRITER count for anybody: is it within the end shown? */
bool played_is_within(const struct world_node *me, uint32_t node,
		      uint32_t writer, const struct entry *e);
/* May the unit be given away by the leader under EPOCH? */
bool played_is_free(const struct lease_world *world, uint32_t node,
		    const struct owned *owned, uint64_t epoch);
/* A new leader reads all journals: who was given what, last? */
void played_read_all(struct lease_world *world, uint32_t node);

/* Work: lease_work.c */
void work_step(struct lease_world *world, uint32_t node);
void work_event(struct lease_world *world, const struct event *event);
void work_kill(struct lease_world *world, uint32_t node);
void work_vanish(struct lease_world *world, uint32_t node);
bool work_is_alive(const struct world_node *node);
void work_watch(struct lease_world *world, uint32_t node);

#endif
