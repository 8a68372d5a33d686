/* world - one node around the real ledger, and what must always hold.
 *
 * The journal role's logic and the journal are the program's own; the disk,
 * the view, the clock, the askers, the supervisor and the workers are played.
 * The supervisor and the workers keep to roles/reconcile.h.
 */
#ifndef HOLDFAST_TESTS_SIM_WORLD_H
#define HOLDFAST_TESTS_SIM_WORLD_H

#include "roles/ledger.h"
#include "tests/sim/disk.h"
#include "tests/sim/memview.h"
#include "tests/sim/singles.h"

#define WORLD_JOBS_MAX	   256
#define WORLD_MESSAGES_MAX 256
#define WORLD_SLOTS	   32 /* holdings ever looked at */
#define WORLD_SERVICES	   2
#define WORLD_WISHES_MAX   64
#define WORLD_KEPT_MAX	   6 /* jobs kept where few are */
#define WORLD_TOKENS_MAX   4096

enum world_plant {
	WORLD_SOUND,
	WORLD_ACK_BEFORE_SYNC,
	WORLD_REUSE_COUNTER,
	WORLD_TRUST_TORN,
	WORLD_FORGET_TIME,
	WORLD_FORGET_HOLDER,
	WORLD_PLANTS,
};

/* A job as its askers know it. */
struct known {
	char id[JOB_ID_LEN + 1];
	char unique[8];
	bool acknowledged;
	bool may_be_gone; /* its time, and a day, are over */
	bool ended;
	bool expired;	   /* likewise */
	bool forget_asked; /* asked for again, it begins anew */
	bool there;	   /* shown at the last check */
	bool is_over;	   /* its time was, once */
	int64_t expires_ms;
	int64_t seen_ms;	/* wall clock: last shown by a living journal */
	struct version version; /* the highest shown */
	uint64_t hash;		/* of what was shown under it */
	uint32_t attempt;
};

struct packet {
	struct message message;
	unsigned link;
	char texts[4][16];
};

enum played {
	PLAYED_NONE,
	PLAYED_FORKED,
	PLAYED_RUNS,
	PLAYED_ENDED, /* dead; says so until it is settled */
};

struct played_worker {
	enum played state;
	bool single; /* runs no job */
	bool keep;   /* it is kept up */
	uint64_t token;
	char id[JOB_ID_LEN + 1];
	int64_t end_ms;
	int64_t said_ms;
	enum message_how how;
	int32_t percent;
};

/* What an operator asked for a service, and what was answered. */
struct wish {
	uint64_t request;
	bool enable;
};

struct service_known {
	struct wish wishes[WORLD_WISHES_MAX]; /* the oldest may still hold */
	unsigned count;
	bool acknowledged; /* the first of them */
};

struct world {
	struct rng rng;
	struct disk disk;
	struct memview view;
	struct board *board;
	struct journal journal;
	struct ledger *ledger;
	bool alive;   /* the journal process */
	bool quiet;   /* no more faults, nothing new is asked */
	bool forgets; /* only a few jobs are kept */
	bool verbose;
	enum world_plant plant;
	struct ledger_now now;
	jmp_buf crash;
	struct packet messages[WORLD_MESSAGES_MAX];
	unsigned messages_count;
	struct known known[WORLD_JOBS_MAX];
	unsigned known_count;
	struct played_worker workers[WORLD_SLOTS];
	struct {
		uint64_t token;
		char id[JOB_ID_LEN + 1];
	} tokens[WORLD_TOKENS_MAX]; /* leader's decisions seen */
	unsigned tokens_count;
	uint64_t requests;
	struct service_known services[WORLD_SERVICES];
	bool operated; /* operators enable and disable services */
	struct singles singles;
	unsigned submitted;
	unsigned lives;
	const char *broken; /* the first promise broken, NULL if none */
};

/* PROMISE does not hold of WHAT. */
void world_breaks(struct world *world, const char *promise, const char *what);
/* To who follows one seed step by step. */
void world_says(const struct world *world, const char *what, const char *id,
		uint64_t number);
/* MESSAGE is on its way to the journal role. */
void world_asks(struct world *world, const struct message *message);

/* Plays SEED to its end; the promise it broke, or NULL. */
const char *world_run(struct world *world, uint64_t seed,
		      enum world_plant plant, bool verbose);

#endif
