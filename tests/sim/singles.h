/* singles - the singletons of the world, and what must always hold of them.
 *
 * Never two live ones of a name.  Nothing runs that was not kept before.  Each
 * time is used once at most, and by one that runs missed ones, at last.  What
 * an operator stopped or disabled, and was told so, is not started; what one
 * was told will start does.
 *
 * In a rough world definitions are replaced, come and go, the node is drained
 * or stopped, and operators want everything of everyone.
 */
#ifndef HOLDFAST_TESTS_SIM_SINGLES_H
#define HOLDFAST_TESTS_SIM_SINGLES_H

#include "core/config.h"
#include "roles/ledger.h"

#define SINGLES_COUNT	   7
#define SINGLES_CALM	   5 /* the first ones, in a world that is not rough */
#define SINGLES_CONFIGS	   3
#define SINGLES_JOBS	   2 /* units before them in a configuration */
#define SINGLES_WISHES_MAX 64
#define SINGLES_SPECS	   64
#define SINGLES_KEYS_MAX   (4 * SINGLES_COUNT)

struct world;

struct singles_wish {
	uint64_t request;
	enum message_action action;
	bool on;
};

/* What a unit is like in a configuration. */
enum singles_choice {
	SINGLES_PLAIN,
	SINGLES_OTHER,	 /* another command */
	SINGLES_RETIMED, /* other times, some, or none */
	SINGLES_ABSENT,
	SINGLES_CHOICES
};

struct singles_config {
	struct config config;
	struct unit units[SINGLES_JOBS + SINGLES_COUNT];
	enum singles_choice choices[SINGLES_COUNT];
};

struct singles_known {
	int64_t slot_ms; /* the latest that was forked for */
	int64_t night;	 /* its local day */
	/* the latest may not hold yet */
	struct singles_wish wishes[SINGLES_WISHES_MAX];
	unsigned count;
	bool acknowledged; /* the first of them */
	/* of a rough world */
	unsigned starts;  /* asked for, or to be made up for, and not seen */
	uint64_t forked;  /* token of the latest */
	uint64_t ended;	  /* likewise */
	uint64_t held;	  /* 0 = by nobody */
	bool owed;	  /* one was promised */
	bool enabling;	  /* asked for: a used time may come again */
	bool may_again;	  /* though it is to run once */
	bool begins;	  /* there is a reason for its times to begin */
	int64_t since_ms; /* they began */
	int64_t used_ms;  /* the latest shown as used */
	uint64_t token;	  /* of the run shown */
	uint64_t digest;  /* likewise, of its definition */
	uint64_t before;  /* that of the run before, */
	enum message_how how; /* and how it ended */
};

struct singles {
	bool used;
	bool rough;
	unsigned end_in; /* events until a node that stops is gone */
	struct singles_config configs[SINGLES_CONFIGS];
	unsigned first;	 /* of them the node was started with */
	unsigned latest; /* holds now */
	unsigned loaded; /* by the journal role */
	/* of the latest specs */
	struct {
		uint64_t token;
		bool keep;
	} specs[SINGLES_SPECS];
	unsigned specs_count;
	bool week; /* time flies */
	struct singles_known known[SINGLES_COUNT];
	struct {
		char key[RECORD_KEY_MAX + 1];
		struct version version;
		uint64_t hash;
	} keys[SINGLES_KEYS_MAX];
	unsigned keys_count;
};

/* PLAIN is a configuration without any. */
void singles_open(struct world *world, const struct config *plain);
/* The configuration the journal role starts with. */
const struct config *singles_config(struct world *world);
/* Lets the journal role load what holds now. */
void singles_load(struct world *world);
/* Something may happen to a rough world. */
void singles_happen(struct world *world);
/* All that ran is dead.  Whether a run that was given away had begun is not
 * known afterwards: it counts as one that had.
 */
void singles_work_died(struct world *world);
void singles_node_died(struct world *world);
/* The spec of TOKEN was written. */
void singles_note_spec(struct world *world, uint64_t token, const void *spec,
		       size_t len);
/* Is the run of TOKEN one that is kept up? */
bool singles_keeps(const struct world *world, uint64_t token);
/* How the run in SLOT ends. */
enum message_how singles_outcome(struct world *world, unsigned slot);
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
