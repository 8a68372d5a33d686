/* lease_played - the tenants of a lease world in the smallest form that can go
 * wrong: journals that carry assignments of units (assign, held, released, each
 * counted as the real ones), and the supervisor's kill at the deadline.
 *
 * After each event: no unit is alive twice, tokens rise, a leader has passed
 * the barrier.  After the last fault every unit is alive, within a bound.
 */
#ifndef HOLDFAST_TESTS_SIM_LEASE_PLAYED_H
#define HOLDFAST_TESTS_SIM_LEASE_PLAYED_H

#include "tests/sim/lease_world.h"

#define PLAYED_UNITS   2
#define PLAYED_ENTRIES 4000 /* of one journal */

enum played_event {
	EVENT_DEAD = EVENT_TENANT, /* the work that was killed is dead */
	EVENT_PROMISE,		   /* the journal has ended what was begun */
	EVENT_JOURNALS,		   /* a leader has read them */
	EVENT_APPEND,		   /* an append lands */
	EVENT_SYNCED,		   /* its sync returns */
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

struct played_journal {
	struct entry entries[PLAYED_ENTRIES];
	uint32_t count;
};

/* What a leader knows of a unit. */
struct owned {
	uint64_t token; /* 0: nobody */
	uint32_t node;
	uint64_t generation;
};

struct played_node {
	/* the journal role */
	uint64_t counted; /* entries of this generation */
	bool appending;
	uint32_t append_index;
	bool append_void; /* abandoned: a newer epoch was promised */
	bool promising;
	uint64_t reading; /* the claim whose journals are being read */
	uint64_t led;	  /* epoch whose journals were read */
	uint32_t counter;
	struct owned owned[PLAYED_UNITS];
	uint64_t accepted[PLAYED_UNITS]; /* highest token answered */
	/* the work */
	uint64_t alive[PLAYED_UNITS];	   /* token, 0 = nothing runs */
	uint64_t to_release[PLAYED_UNITS]; /* token to be told released */
	bool killing;
	bool watched;	/* a look at the deadline is due */
	uint64_t kills; /* life of the kill under way */
};

struct lease_played {
	struct lease_world world;      /* first: the tenants find theirs */
	uint64_t tokens[PLAYED_UNITS]; /* the highest that ran */
	int64_t ran_us[PLAYED_UNITS];  /* first time after heal, or 0 */
	uint64_t leads;		       /* how often somebody began to */
	uint64_t starts;	       /* of work */
	struct played_node nodes[WORLD_NODES];
	struct played_journal journals[WORLD_NODES];
};

/* Plays one seed; what was broken, or NULL. */
const char *lease_played_run(struct lease_played *played, uint64_t seed,
			     enum lease_plant plant, bool talk);

/* ---- between its files ---- */

static inline struct lease_played *played_of(struct lease_world *world)
{
	return (struct lease_played *)world; /* its first member */
}

/* Journals: lease_journal.c.  False: one is under way. */
bool played_append(struct lease_played *played, uint32_t node,
		   const struct entry *entry);
/* Does entry E of WRITER count for anybody: is it within the end shown? */
bool played_is_within(const struct lease_played *played, uint32_t node,
		      uint32_t writer, const struct entry *e);
/* May the unit be given away by the leader under EPOCH? */
bool played_is_free(const struct lease_played *played, uint32_t node,
		    const struct owned *owned, uint64_t epoch);
/* A new leader reads all journals: who was given what, last? */
void played_read_all(struct lease_played *played, uint32_t node);
/* The highest epoch that landed in any. */
uint64_t played_highest(const struct lease_played *played);

/* A turn of the journal role: lease_work.c */
void played_step(struct lease_world *world, uint32_t node);
void played_event(struct lease_world *world, const struct event *event);

/* The supervisor: lease_kill.c */
bool played_is_alive(struct lease_world *world, uint32_t node);
void played_kill(struct lease_world *world, uint32_t node);
void played_vanish(struct lease_world *world, uint32_t node);
void played_watch(struct lease_world *world, uint32_t node);
void played_look_at_deadline(struct lease_world *world, uint32_t node);

#endif
