/* ledger - what the journal role knows of jobs and singletons, and decides
 * about them.
 *
 * Reaches the world only through the journal (io/journal.h), the view
 * (io/view.h), the board and struct ledger_ops; time is an argument.  So the
 * simulator runs the real thing.
 *
 * One turn of the role:
 *
 *   ledger_take     for each message that has come in      \ one batch: one
 *   ledger_turn     holdings, timers, assignments           | transaction of
 *   ledger_commit   journal synced, view committed, and    / the view
 *                   only then: replies, holdings, changes
 *
 * A record counts when it is synced.  Nobody is told anything before that:
 * what the view, the board or a reply shows survives a crash at any point,
 * save progress, which is shown at once and synced every few seconds.
 *
 * Who writes which step: the leader's decisions (admission, assignment,
 * return after a loss, cancel of a job that waits, forgetting) carry a new
 * token and step 0; everything else is a further step under the token of the
 * attempt.
 */
#ifndef HOLDFAST_ROLES_LEDGER_H
#define HOLDFAST_ROLES_LEDGER_H

#include "core/config.h"
#include "core/due.h"
#include "core/failures.h"
#include "core/hint.h"
#include "core/message.h"
#include "core/queue.h"
#include "core/single.h"
#include "io/board.h"
#include "io/follow.h"
#include "io/journal.h"
#include "io/view.h"
#include "roles/jobspec.h"

#define LEDGER_HOLDINGS_MAX (BOARD_HOLDINGS_MAX - BOARD_LEADER_FIRST)
#define LEDGER_LIVE_MAX	    16384 /* live jobs: no more are asked for */
/* Room for them.  Before the nodes hear of one another each may have taken
 * LEDGER_ASKERS_MAX more.
 */
#define LEDGER_QUEUE_MAX \
	(LEDGER_LIVE_MAX + (uint32_t)LEASE_SLOTS_MAX * LEDGER_ASKERS_MAX)
#define LEDGER_KEPT_MAX                                                      \
	500000			     /* jobs in the view: beyond, ended ones \
					go early, first the expired */
#define LEDGER_BATCH_MAX	512  /* messages in one batch */
#define LEDGER_CHANGES_MAX	2048 /* changed jobs in one batch */
#define LEDGER_LOSSES_MAX	16   /* attempts that may die with their node */
#define LEDGER_PROGRESS_SYNC_MS 3000 /* progress goes to the journal */
#define LEDGER_STEPS_MAX	32768 /* shown steps between two synced ones */
#define LEDGER_RETRY_MS		1000  /* storage failed: try again */
#define LEDGER_HISTORY_MS	(INT64_C(24) * 3600 * 1000) /* after expiry */
#define LEDGER_GIVEN_MAX	1024  /* given away and not yet shown */
#define LEDGER_AHEAD_MS		60000 /* clocks of two nodes differ by less */
#define LEDGER_FORGET_MS                                    \
	(INT64_C(24) * 3600 * 1000) /* after a node is gone \
				     */
#define LEDGER_ASKERS_MAX   512
#define LEDGER_FOREIGN_MAX  256	 /* types of jobs that only others have */
#define LEDGER_ASKED_MS	    2000 /* then who asked is told it will be done */
#define LEDGER_OFFERS_MS    300	 /* a new leader waits for offers so long */
#define LEDGER_SINGLES_MAX  BOARD_SINGLES_MAX
#define LEDGER_TAGS_MAX	    8192 /* bytes of a node's tags */
#define LEDGER_AFTER_MS	    100	 /* between two looks at what one waits for */
#define LEDGER_LOST_MS	    1000 /* who was lost after that did not fail */
#define LEDGER_REMOVALS_MAX 16	 /* jobs that expire in one turn */
#define LEDGER_SWEEPS_MAX   64	 /* in one batch, that are named */
#define LEDGER_BATCH_BYTES  (1u << 18) /* room made ahead of a batch */
/* Bytes a segment may hold beyond 7/4 of its live records before a new one
 * begins. */
#define LEDGER_SLACK_BYTES (1u << 20)
/* In a cluster a new one also begins after so long, twice in LEDGER_HISTORY_MS;
 * should that fail, it is tried again.
 */
#define LEDGER_SEGMENT_MS	(LEDGER_HISTORY_MS / 2)
#define LEDGER_SEGMENT_AGAIN_MS INT64_C(60000)

struct ledger_now {
	int64_t ms;	 /* clock_ms() */
	int64_t wall_ms; /* clock_wall_ms() */
};

/* What a ledger does to the world besides journal, view and board. */
struct ledger_ops {
	/* Sends REPLY to the asker at LINK; may fail silently: askers have
	 * deadlines of their own. */
	void (*reply)(void *arg, unsigned link, const struct message *reply);
	/* Leaves the spec of TOKEN for its worker; 0 or a negative errno. */
	int (*write_spec)(void *arg, uint64_t token, const void *spec,
			  size_t len);
	void (*remove_spec)(void *arg, uint64_t token);
	/* Files of job ID may go, as the view says; those of attempts with
	 * tokens smaller than BELOW when it does not know the job any more.
	 * NULL: of several jobs. */
	void (*sweep)(void *arg, const char *id, uint64_t below);
	/* The time zone NAME, NULL = the node's own; NULL when there is none
	 * such.  It stays where it is. */
	const struct zone *(*zone)(void *arg, const char *name);
	/* What operators look at has changed. */
	void (*news)(void *arg);
	/* Changes or holdings were published. */
	void (*ring)(void *arg, bool changes, bool holdings);
	/* In a cluster only: */
	/* What time it is for a lease, now. */
	struct lease_time (*clock)(void *arg);
	/* What the lease and heartbeat roles look at has changed. */
	void (*tell)(void *arg);
	/* A packet of hints (core/hint.h) for the other nodes; may fail
	 * silently. */
	void (*hint)(void *arg, const void *packet, size_t len);
};

struct ledger_world {
	struct journal *journal;
	struct view *view;
	struct board *board;
	const struct ledger_ops *ops;
	void *arg; /* of the ops */
	struct jobspec_place place;
};

struct ledger_reply {
	unsigned link;
	uint64_t request;
	char id[JOB_ID_LEN + 1];
	int32_t status;
	bool joined;
};

/* A singleton; board->singles has the same place for it. */
struct ledger_single {
	bool used;
	const struct unit *unit; /* NULL: configured no more */
	struct unit *foreign; /* what others offer, where we have no such; then
				 UNIT is this one */
	char name[BOARD_NAME_MAX + 1];
	struct single kept;
	uint32_t slot; /* of its holding here, QUEUE_NONE = it has none */
	bool skip;     /* its next step skips what may have been shown */
	/* what operators want */
	bool enabled;
	bool disabled;
	bool stopped;
	bool asked;	 /* to be assigned anew, at once */
	bool is_new;	 /* its times begin */
	bool rewind;	 /* and may be some that were used */
	bool waits;	 /* for what it starts after */
	uint64_t digest; /* of its definition */
	uint64_t times;	 /* of its times, 0 = it has none */
	/* an operator wants what has this token to go to that node, "" = any
	 * other */
	uint64_t move;
	char move_to[BOARD_NAME_MAX + 1];
	uint32_t failures; /* of assignments, in a row; without a cluster */
	struct failures failed; /* where, in one */
	int64_t given_ms;	/* clock_ms() of its last assignment by us */
	int64_t not_before_ms;	/* clock_ms() */
	/* of one with times, by the wall clock */
	struct cron cron;
	struct due due;
	int64_t judged_ms;
	int64_t look_ms; /* 0 = at once, whatever a clock does meanwhile */
	int64_t next_ms;
};

/* Somebody who asked for a job here, where nobody leads, or for one to be
 * forgotten.
 */
struct ledger_asker {
	unsigned link;
	uint64_t request;
	char id[JOB_ID_LEN + 1];
	bool joins; /* another had asked for it before */
	bool forgets;
	uint32_t round; /* of what is to be forgotten */
	int64_t until_ms;
};

/* One of the two. */
struct ledger_given {
	struct queue_entry *entry;
	struct ledger_single *single;
	uint64_t token;
	uint32_t slot;
};

/* A slot of the lease file, as the journal role knows it. */
struct ledger_node {
	char name[LEASE_NAME_MAX + 1]; /* empty: never used */
	bool self;
	bool dead;	     /* its slot did not change for a lease */
	bool member;	     /* living, and has promised what we have */
	bool leads;	     /* under what we have promised */
	uint64_t generation; /* the present, or the last */
	uint64_t ended;	     /* up to this one they have ended */
	uint64_t settled;    /* up to this one their journals were read to the
				end, and what had to be kept is */
	struct follow follow;
	int64_t changed_ms;    /* when its slot last did, for us */
	int64_t ended_ms;      /* when we counted ENDED */
	bool missed;	       /* by whoever leads, who has not counted that */
	bool forgotten;	       /* and its journal is gone */
	bool retells;	       /* what was asked of it and nobody took is
				  told again */
	bool behind;	       /* not read to the end that is shown */
	bool more;	       /* and there is more at once */
	int64_t stale_ms;      /* since when that can't be read, 0 = it can */
	struct lease_end goal; /* the end it showed then: */
	int64_t goal_ms;       /* not read up to it since, 0 = it is */
	bool caught;	       /* once, at least, all that it showed was read */
	int64_t vanished_ms;   /* since when it has no journal though it showed
				  one, 0 = it has */
	/* what it offers, as heard last */
	uint64_t offered; /* by that generation */
	bool draining;
	char tags[LEDGER_TAGS_MAX]; /* a list (core/list.h) */
	size_t tags_len;
	uint64_t *digests; /* of each of ledger->singles, 0 = not offered;
			      NULL before it offers anything */
	uint32_t held;	   /* singletons, see ledger->counted */
	uint32_t workers;  /* jobs it runs at once */
	/* of each type of jobs: how many at once, 0 = not offered */
	uint16_t *limits;
	/* and what it was given, when jobs are given away */
	uint16_t *running;
	uint64_t differs[BOARD_DIFFERS_WORDS]; /* a bit of each: defined so */
	uint32_t given;			       /* in all */
	int64_t declined_ms; /* when it last did not accept one, 0 = never */
};

/* Files of a job may go. */
struct ledger_sweep {
	char id[JOB_ID_LEN + 1];
	uint64_t below;
};

/* What the others were told that this node offers. */
enum ledger_told { LEDGER_TOLD_NOTHING, LEDGER_TOLD, LEDGER_TOLD_LEAVES };

struct ledger {
	struct ledger_world world;
	const struct config *config;
	struct queue *queue;
	uint32_t epoch;	  /* it gives tokens under, or promised last */
	uint32_t counter; /* of the latest token */
	/* without a cluster it always leads, and the rest is unused */
	bool leads;
	bool in_cluster;
	bool in;	     /* it has made its first promise */
	uint64_t generation; /* of the lease */
	uint64_t spent; /* claims up to this one are led no more: tokens were,
			   or may have been, given under them */
	uint32_t own;	/* slot in the lease file */
	struct ledger_node *nodes; /* of each slot */
	uint32_t nodes_count;	   /* slots in use */
	uint8_t *follow_buf;	   /* SEGMENT_BUFFER bytes */
	uint64_t saw;		   /* the highest epoch of any record */
	uint64_t decided;	   /* the highest that a leader decided under */
	uint32_t heard;		   /* the epoch whose leader's word was read */
	int64_t held_ms; /* since when others wait to be read for that, or 0 */
	bool waits;	 /* and messages as well */
	enum ledger_told told; /* what we offer */
	bool counted;	       /* what each node holds */
	bool unheard;	       /* a slot was seen whose offer may be known */
	int64_t led_ms;	       /* when it began to lead */
	bool orphans; /* it leads, and heard of what an ended generation has */
	int64_t calm_ms; /* since when somebody leads, 0 = nobody */
	bool early;	 /* members are about to say what they offer */
	struct ledger_asker askers[LEDGER_ASKERS_MAX];
	unsigned askers_count;
	bool asks;	       /* the leader may have jobs to take */
	bool assigned;	       /* this node may have jobs to accept */
	uint32_t told_workers; /* in what we offer */
	bool wishes;	       /* some for jobs are kept */
	bool wishes_due;       /* and are to be looked at */
	bool joined;	       /* a node offers that did not */
	int64_t failing_ms;    /* since when storage fails, 0 = it works */
	int64_t passed_ms;     /* since when it might lead and does not, or 0 */
	int64_t aside_ms;      /* until then it lets others lead */
	bool open;	       /* replayed; the view shows the truth */
	bool broken;	       /* the view failed: the role must end */
	bool drops;	       /* the segments before the current one are to go,
				  once the slot shows that one's end; also those
				  of our generations up to: */
	uint64_t drops_to;
	bool fresh;	       /* the current segment begins with a snapshot and
				  takes appends */
	bool in_batch;	       /* a transaction of the view is open */
	bool full;	       /* no room for new jobs in shared storage */
	bool news;	       /* a singleton shows something else */
	bool dirty;	       /* the journal has something to sync */
	int storage;	       /* 0, or what shared storage last answered */
	int64_t retry_ms;      /* not before then */
	int64_t begun_ms;      /* when the segment was, by the wall clock */
	uint64_t live_bytes;   /* of the records a snapshot would hold */
	uint64_t kept;	       /* jobs in the view */
	uint64_t kept_max;     /* LEDGER_KEPT_MAX */
	uint32_t slots_high;   /* holdings in use are below */
	int64_t next_due_ms;   /* wall clock: nothing expires before */
	int64_t haste_told_ms; /* not again before, that results go early */
	unsigned running;      /* jobs whose worker said that they run */
	unsigned unsynced;     /* jobs whose progress is not in the journal */
	/* types of jobs that only others have; of index CONFIG_UNITS_MAX up */
	unsigned foreign_count;
	char foreign[LEDGER_FOREIGN_MAX][JOB_NAME_MAX + 1];
	bool retype;	  /* there is a new one */
	bool untold;	  /* jobs that run here have steps not told of */
	int64_t syncs_ms; /* when progress last went into the journal */
	int64_t hints_ms; /* the next packet of hints goes no sooner */
	struct enc hints; /* the packet, for when the batch is durable */
	/* of each unit: about how long its jobs took lately, 0 = unknown */
	int64_t took_ms[CONFIG_UNITS_MAX];
	/* the batch: what is published once it is durable */
	struct ledger_reply replies[LEDGER_BATCH_MAX];
	unsigned replies_count;
	uint64_t changes[LEDGER_CHANGES_MAX]; /* board_hash of the ids */
	unsigned changes_count;
	struct ledger_sweep sweeps[LEDGER_SWEEPS_MAX];
	unsigned sweeps_count; /* more than these: several others, too */
	struct ledger_given settled[BOARD_HOLDINGS_MAX]; /* ends in it */
	unsigned settled_count;
	/* given away, not on the board yet; outlives a batch when a spec
	 * could not be written */
	struct ledger_given given[LEDGER_GIVEN_MAX];
	unsigned given_count;
	/* of each holding: its job, NULL if none */
	struct queue_entry *slots[BOARD_HOLDINGS_MAX];
	unsigned singles_high; /* those in use are below */
	struct ledger_single singles[LEDGER_SINGLES_MAX];
	/* what a job read from the view borrows from, and room to encode */
	uint8_t loaded[RECORD_MAX];
	uint8_t record[RECORD_MAX];
	uint8_t value[RECORD_MAX];
	char json[JOB_JSON_MAX];
	char words[SPEC_MAX];
	uint8_t spec[SPEC_MAX];
	uint8_t hints_buf[HINTS_PACKET_MAX];
};

/* Allocates what it needs, once; 0 or -ENOMEM. */
int ledger_init(struct ledger *ledger, const struct ledger_world *world,
		const struct config *config);
void ledger_fini(struct ledger *ledger);

/* Reads the journal into the view, claims a new epoch, begins a segment, and
 * takes back what died.  0, or a negative errno: call again later, nothing is
 * half done.
 *
 * In a cluster it reads what this generation wrote, and begins a segment; to
 * promise, to follow the others and to lead is for the turns that come
 * (roles/ledger_cluster.h).  -EAGAIN while the lease role has no generation.
 */
int ledger_open(struct ledger *ledger, struct ledger_now now);

/* May another message be taken into this batch? */
bool ledger_has_room(const struct ledger *ledger);
/* MESSAGE came from the asker at LINK, or from a worker. */
void ledger_take(struct ledger *ledger, unsigned link,
		 const struct message *message, struct ledger_now now);
/* PACKET of hints came from other nodes. */
void ledger_hear_hints(struct ledger *ledger, const void *packet, size_t len);
void ledger_turn(struct ledger *ledger, struct ledger_now now);
/* 0, or a negative errno: nothing of the batch was published; if the storage
 * failed the batch is kept and the next commit tries again, if the view failed
 * the role must end and be started anew.  The latter is told by ledger->open
 * being false.
 */
int ledger_commit(struct ledger *ledger, struct ledger_now now);
/* When ledger_turn has something to do without being asked, on the clock of
 * NOW.ms.
 */
int64_t ledger_deadline(struct ledger *ledger, struct ledger_now now);
/* The configuration was replaced.  Should ledger->open be false afterwards, the
 * view failed and the role must end and be started anew.
 */
void ledger_reload(struct ledger *ledger, const struct config *config);

#endif
