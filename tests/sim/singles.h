/* singles - the singletons of the world, and what must always hold of them.
 *
 * Never two live ones of a name.  Nothing runs that was not kept before.  Each
 * time is used once at most, and by one that runs missed ones, at last.  What
 * an operator stopped or disabled, and was told so, is not started.
 */
#ifndef HOLDFAST_TESTS_SIM_SINGLES_H
#define HOLDFAST_TESTS_SIM_SINGLES_H

#include "roles/ledger.h"

#define SINGLES_COUNT	   5
#define SINGLES_WISHES_MAX 64
#define SINGLES_KEYS_MAX   (3 * SINGLES_COUNT)

struct world;

struct singles_wish {
	uint64_t request;
	bool on;
};

struct singles_known {
	int64_t slot_ms; /* the latest that was forked for */
	int64_t night;	 /* its local day */
	/* the latest may not hold yet */
	struct singles_wish wishes[SINGLES_WISHES_MAX];
	unsigned count;
	bool acknowledged; /* the first of them */
};

struct singles {
	bool used;
	bool week; /* time flies */
	struct singles_known known[SINGLES_COUNT];
	struct {
		char key[RECORD_KEY_MAX + 1];
		struct version version;
		uint64_t hash;
	} keys[SINGLES_KEYS_MAX];
	unsigned keys_count;
};

/* All of them, for a configuration. */
extern const struct unit singles_units[SINGLES_COUNT];

/* The world's time zone: 02:30 is left out, or comes twice, every three days.
 */
const struct zone *singles_zone(void);
/* Is what SLOT holds one of them? */
bool singles_is_at(const struct world *world, unsigned slot);
/* SLOT is about to be forked under TOKEN. */
void singles_check_fork(struct world *world, unsigned slot, uint64_t token);
/* When a run in SLOT that begins now ends by itself. */
int64_t singles_end_ms(struct world *world, unsigned slot);
/* An operator may want something. */
void singles_operate(struct world *world);
/* Does REPLY answer one? */
bool singles_take_reply(struct world *world, const struct message *reply);
/* Of all that is shown. */
void singles_check(struct world *world);
/* After a turn of the journal role. */
void singles_check_turn(struct world *world);
/* Is all that should always run held by somebody? */
bool singles_are_up(const struct world *world);

#endif
