/* cluster_world - nodes of a cluster in one process: the real ledger, journal
 * and lease of each, on shared storage, clocks and a network that fail.
 *
 * A tenant of lease_world, which has slots, clocks and what befalls machines.
 * Real besides: the journal role's logic (roles/ledger.h), its journal and how
 * it follows the others.  Played: how a lease role and its board meet
 * (cluster_lease.c), the journal role's loop (cluster_journal.c), supervisor
 * and workers (cluster_work.c), heartbeats (cluster_net.c), operators
 * (cluster_operate.c).
 *
 * A journal role is a fiber: what it does to the storage takes time, and it
 * may be killed in the midst of it.
 *
 * After each event: no singleton is alive twice, tokens of starts rise, no
 * time of one that has times is run twice, work runs under a lease that holds.
 * After the last fault each that should run does, what operators were told
 * will be is, within a bound.
 */
#ifndef HOLDFAST_TESTS_SIM_CLUSTER_WORLD_H
#define HOLDFAST_TESTS_SIM_CLUSTER_WORLD_H

#include "roles/ledger.h"
#include "tests/sim/disk.h"
#include "tests/sim/fiber.h"
#include "tests/sim/lease_world.h"
#include "tests/sim/memview.h"

#define SIM_UNITS	   5
#define SIM_PLACES	   16 /* holdings ever looked at */
#define SIM_LATE_MAX	   16 /* writes that land some day */
#define SIM_MESSAGES	   64 /* on their way to a journal role */
#define SIM_VERSIONS	   4096
#define SIM_WISHES	   64
#define SIM_JOBS	   10
#define SIM_TOKENS	   128 /* of jobs, the latest */
#define SIM_CANCELS	   256
#define SIM_CANCEL_REQUEST (UINT64_C(1) << 41)
#define SIM_JOB_REQUEST	   (UINT64_C(1) << 40) /* requests for jobs */

#define SIM_WALL_MS INT64_C(1800000000000)

/* What is left out; the lease's own are in enum lease_plant. */
enum sim_plant {
	SIM_SOUND,
	SIM_PAST_END,	   /* reads past the end that is shown */
	SIM_STALE_SEIZE,   /* a leader reads nothing of what ended ones left */
	SIM_WITHDRAWS,	   /* gives to another what nobody took for long */
	SIM_NO_GENERATION, /* takes what another generation was given */
	SIM_IN_FLIGHT,	   /* shows an epoch while an append is under way */
	SIM_LATE_SYNC,	   /* what was synced too late counts */
	SIM_ONE_LOOK,	   /* what is wished of jobs is looked at when read */
	SIM_ANY_LIFE,	   /* takes jobs that another generation was given */
	SIM_TAKES_ALL,	   /* a new epoch ends jobs that were accepted */
	SIM_PLANTS,
};

enum sim_event {
	SIM_JOURNAL = EVENT_TENANT, /* the journal role goes on */
	SIM_IO,			    /* its call returns */
	SIM_JOURNAL_START,
	SIM_LATE,	/* a write that was given up lands */
	SIM_SUPERVISOR, /* it looks at the board and its clocks */
	SIM_WORK,	/* something comes of a holding's work */
	SIM_REVIVE,	/* the guardian starts a supervisor */
	SIM_DATAGRAM,
	SIM_HINT,
	SIM_THAW, /* a node that was frozen goes on */
	SIM_OPERATOR,
	SIM_CANCEL,
};

/* This node's sight of the shared storage; its own journal is a disk. */
struct sim_storage {
	struct shared shared; /* first: what journal_init takes */
	struct cluster *cluster;
	uint32_t node;
	uint64_t written; /* end of what is in the current segment */
	/* of each writer, as of the last refresh: */
	struct {
		uint32_t number;
		uint64_t synced;
	} seen[WORLD_NODES];
	/* of what it wrote itself: */
	uint32_t synced_number;
	uint64_t synced;
	/* a write on its way */
	struct sim_write {
		uint32_t number; /* of the segment, 0 = none */
		uint64_t born; /* the very file: one that is removed is not the
				  next of that number */
		uint64_t offset;
		size_t len;
		uint8_t *bytes;
	} flight;
};

struct sim_late {
	bool used;
	uint32_t node;
	struct sim_write write;
};

enum sim_state {
	SIM_NONE,
	SIM_FORKED,
	SIM_RUNS,
	SIM_STOPS, /* was asked to */
	SIM_DIES,  /* was killed */
	SIM_ENDED, /* proven dead; says so until it is settled */
};

struct sim_work {
	enum sim_state state;
	uint64_t token;
	uint64_t generation; /* of the lease it was started under */
	int unit;	     /* -1: a job, this one: */
	uint32_t job;
	uint64_t life; /* of its next event */
	int64_t said_us;
	enum message_how how;
	int32_t percent; /* of a job, hundredths */
};

struct sim_packet {
	struct message message;
	char name[16];
	char text[16];
};

struct sim_node {
	struct cluster *cluster;
	struct config config;
	struct board *board;
	struct disk disk;
	struct sim_storage storage;
	struct memview view;
	struct journal journal;
	struct ledger *ledger;
	struct fiber fiber;
	bool journals;	 /* the journal role lives */
	bool waits;	 /* for its bell or its deadline */
	bool rung;	 /* meanwhile */
	bool frozen;	 /* all of the node stands still */
	bool down;	 /* nothing of it lives */
	int64_t stop_us; /* it was told to stop */
	uint64_t life;	 /* of the journal role */
	struct event *alarm_event;
	uint64_t alarm; /* order of the event it waits for */
	int64_t alarm_us;
	bool supervised; /* a supervisor lives */
	struct event *look_event;
	uint64_t look; /* order of the event the supervisor waits for */
	int64_t look_us;
	int64_t wall_off_ms; /* of its wall clock */
	struct sim_work works[SIM_PLACES];
	uint64_t works_life;
	struct sim_packet packets[SIM_MESSAGES];
	uint32_t packets_count;
	struct enc hints; /* of others */
	uint8_t hints_buf[4096];
	uint64_t incarnation;	    /* of its heartbeats */
	struct lease_time turned;   /* the journal role began its turn */
	uint64_t told_hash;	    /* of what it told last */
	bool cut_from[WORLD_NODES]; /* hears nothing of these */
};

struct sim_wish {
	uint64_t request;
	uint32_t node; /* asked */
	enum message_action action;
	int64_t asked_us;
	int64_t answered_us; /* with 0 */
	bool refused;
};

/* A singleton, as those outside know it. */
struct sim_unit {
	uint64_t token;	      /* the highest that was started */
	int64_t slot_ms;      /* the latest time that was run */
	bool made_up;	      /* one for none of its own is asked for: */
	struct version asked; /* by that */
	int64_t ran_us;	      /* first time after heal, or 0 */
	struct sim_wish wishes[SIM_WISHES];
	uint32_t wishes_count;
	struct version answered[2]; /* the highest of its registers, at an
				       answer */
	uint64_t starts;
	uint32_t node; /* of the latest */
};

/* How many there are of each. */
struct sim_alive {
	uint32_t units[SIM_UNITS];
	uint32_t jobs[SIM_JOBS + 1]; /* the last: a job that is unknown */
};

/* What a version of a register was when it counted. */
struct sim_version {
	uint64_t name; /* hash of key and version, 0 = none */
	uint64_t value;
};

struct cluster {
	struct lease_world world; /* first: the tenants find theirs */
	enum sim_plant plant;
	uint32_t loss; /* of datagrams, one in so many, 0 = all arrive */
	bool no_net;
	uint32_t slow;	  /* syncs, likewise, for up to a lease and a half */
	int64_t pause_us; /* between two wishes of operators, at most */
	uint32_t stale;	  /* reads, likewise */
	uint32_t quick;	  /* so many steps of storage take no time */
	uint32_t runs;	  /* whose journal role does, now */
	int64_t ahead_ms; /* the most that a wall clock ever was */
	uint64_t requests;
	uint64_t leads; /* figures for a person */
	uint64_t starts;
	uint64_t moves;
	uint64_t job_starts;
	uint64_t stills;  /* nodes stood still, with their clocks, so often: */
	uint64_t refused; /* what they started then */
	uint64_t stale_answers; /* and answered, which may be lost */
	struct sim_job {
		bool acknowledged;
		uint32_t taken;		  /* rounds that were acknowledged */
		uint32_t cancelled;	  /* rounds whose cancel was answered */
		int64_t cancelled_ms[32]; /* when each was asked for */
		uint32_t forgotten;
		uint64_t token;	      /* the highest that was started */
		struct version stale; /* ended, for a node that stood still */
		/* the highest that users were shown, what attempt it is of, and
		 * how far that was */
		struct version version;
		uint64_t held;
		int32_t percent;
	} jobs[SIM_JOBS];
	struct sim_token {
		uint64_t token;
		uint32_t job;
	} tokens[SIM_TOKENS];
	uint32_t tokens_count;
	struct sim_cancel {
		uint32_t node;
		uint32_t job;
		uint32_t round;
	} cancels[SIM_CANCELS];
	uint64_t cancels_count;
	struct sim_late late[SIM_LATE_MAX];
	struct sim_unit known[SIM_UNITS];
	struct sim_version versions[SIM_VERSIONS];
	struct sim_node nodes[WORLD_NODES];
};

/* Plays one seed; what was broken, or NULL. */
const char *sim_run(struct cluster *cluster, uint64_t seed,
		    enum lease_plant lease_plant, enum sim_plant plant,
		    bool talk);
/* What it needs besides itself, for as many seeds as there are. */
void sim_init(struct cluster *cluster);
void sim_fini(struct cluster *cluster);

/* ---- between its files ---- */

static inline struct cluster *cluster_of(struct lease_world *world)
{
	return (struct cluster *)world; /* its first member */
}

static inline bool sim_is_calm(const struct cluster *cluster)
{
	return cluster->world.now_us >= cluster->world.heal_us;
}

struct ledger_now sim_now(struct cluster *cluster, uint32_t node);
bool sim_is_timed(int unit);
/* The unit NAME, or -1. */
int sim_unit_of(struct text name);
const char *sim_unit_name(int unit);
/* The node NAME, or WORLD_NODES. */
uint32_t sim_node_of(const char *name);
const char *sim_node_name(uint32_t node);

/* What a view of jobs becomes, before it does: cluster_jobview.c */
void sim_jobs_shown(struct cluster *cluster, const struct memview *memview);
/* The job of that id, or SIM_JOBS. */
uint32_t sim_job_of(const char *id);

/* Storage: cluster_storage.c */
void sim_storage_open(struct cluster *cluster, uint32_t node, uint64_t seed);
void sim_storage_close(struct cluster *cluster, uint32_t node);
/* The process that had it died: what was under way lands later, or never. */
void sim_storage_drop(struct cluster *cluster, uint32_t node);
void sim_storage_late(struct cluster *cluster, uint32_t index);

/* The lease role's side of the board: cluster_lease.c */
void sim_lease_starts(struct lease_world *world, uint32_t node, bool anew);
void sim_lease_step(struct lease_world *world, uint32_t node);
void sim_lease_shows(struct lease_world *world, uint32_t node);

/* The journal role: cluster_journal.c */
void sim_journal_start(struct cluster *cluster, uint32_t node);
void sim_journal_kill(struct cluster *cluster, uint32_t node);
/* Goes on, if that is what it waits for. */
void sim_journal_goes_on(struct cluster *cluster, const struct event *event);
void sim_journal_ring(struct cluster *cluster, uint32_t node);
/* Inside: a call takes so long. */
void sim_journal_spend(struct cluster *cluster, uint32_t node, int64_t us);
void sim_send(struct cluster *cluster, uint32_t node,
	      const struct message *message);

/* Supervisor and workers: cluster_work.c */
void sim_supervisor_ring(struct cluster *cluster, uint32_t node);
void sim_supervisor_looks(struct cluster *cluster, const struct event *event);
void sim_supervisor_die(struct cluster *cluster, uint32_t node);
void sim_supervisor_revive(struct cluster *cluster, uint32_t node);
void sim_work_event(struct cluster *cluster, const struct event *event);
/* All of it is gone at once. */
void sim_work_vanish(struct cluster *cluster, uint32_t node);
bool sim_work_is_alive(const struct sim_work *work);
/* Its worker died: the supervisor proves the rest dead. */
void sim_work_lose(struct cluster *cluster, uint32_t node, uint32_t place);

/* Heartbeats: cluster_net.c */
void sim_net_tell(struct cluster *cluster, uint32_t node);
void sim_net_arrives(struct cluster *cluster, const struct event *event);
void sim_net_reset(struct cluster *cluster, uint32_t node);

/* How far jobs are: cluster_hint.c.  NODE tells it; it arrives; the journal
 * role takes it.
 */
void sim_hint_tell(struct cluster *cluster, uint32_t node, const void *packet,
		   size_t len);
void sim_hint_arrives(struct cluster *cluster, const struct event *event);
void sim_hint_take(struct cluster *cluster, uint32_t node);

/* Operators: cluster_operate.c */
void sim_operate(struct cluster *cluster);
void sim_operator_reply(struct cluster *cluster, uint32_t node,
			const struct message *reply);
/* May UNIT run, must it, when nothing happens any more? */
bool sim_should_run(const struct cluster *cluster, int unit);
bool sim_must_not_run(const struct cluster *cluster, int unit);

/* What is left out: cluster_plant.c.  Before the journal role reads; before it
 * may lead; when the lease role meets its board.
 */
void sim_plant_turn(struct cluster *cluster, uint32_t node);
void sim_plant_lead(struct cluster *cluster, uint32_t node);
void sim_plant_promise(struct cluster *cluster, uint32_t node);
uint64_t sim_plant_wish(struct cluster *cluster, uint32_t node);

/* Jobs: cluster_jobs.c */
void sim_job_id(uint32_t job, char id[JOB_ID_LEN + 1]);
void sim_jobs_ask(struct cluster *cluster);
bool sim_jobs_reply(struct cluster *cluster, uint32_t node,
		    const struct message *reply);
/* A spec was left for the worker of TOKEN. */
void sim_jobs_spec(struct cluster *cluster, uint64_t token, const void *bytes,
		   size_t len);
/* The job that starts under TOKEN. */
uint32_t sim_jobs_start(struct cluster *cluster, uint32_t node, uint64_t token);
void sim_jobs_check(struct cluster *cluster, const struct sim_alive *alive);
void sim_jobs_check_end(struct cluster *cluster);

/* Jobs cancelled, and forgotten: cluster_cancel.c */
void sim_cancel_soon(struct cluster *cluster, uint32_t job);
void sim_cancel(struct cluster *cluster, const struct event *event);
bool sim_cancel_reply(struct cluster *cluster, const struct message *reply);
/* The job as NODE shows it; false when it does not. */
bool sim_job_shown(const struct cluster *cluster, uint32_t node, uint32_t job,
		   struct job *into);
/* Of the round of JOB, in a set of them. */
uint32_t sim_job_bit(const struct job *job);
/* Was that answered, of the one that NODE shows? */
bool sim_job_is_cancelled(const struct cluster *cluster, uint32_t node,
			  uint32_t job);
void sim_cancel_check_start(struct cluster *cluster, uint32_t node,
			    uint32_t job);
void sim_cancel_check_end(struct cluster *cluster);

/* What must hold: cluster_check.c */
void sim_check_start(struct cluster *cluster, uint32_t node, int unit,
		     uint64_t token);
/* NODE has answered for UNIT: what it kept of that. */
void sim_check_answer(struct cluster *cluster, uint32_t node, int unit);
/* One version means one thing, whoever shows it: NODE's view looks. */
void sim_check_view(struct cluster *cluster, uint32_t node);
/* What NODE, which stood still, starts is refused by whoever checks tokens. */
void sim_check_refused(struct cluster *cluster, uint32_t node);
void sim_check(struct lease_world *world);
void sim_check_end(struct lease_world *world);

/* Faults: cluster_fault.c */
bool sim_fault(struct lease_world *world, uint32_t node);
void sim_heal(struct lease_world *world);
void sim_thaw(struct cluster *cluster, uint32_t node);

#endif
