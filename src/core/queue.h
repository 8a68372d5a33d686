/* queue - the live jobs of a node: which wait, which are given away.
 *
 * Pure: the caller owns the memory and says what time it is.  It knows of a
 * job only what decides when it runs; the rest stays in the view.  Of the jobs
 * that wait the next is that of the user who has the fewest given away, then
 * the one that came first; save those whose retry is not due, those whose type
 * has reached its limit or is closed, and those whose unique value is that of
 * one given away.  So who asks for thousands delays nobody by more than what
 * runs.  Jobs of no user are those of one.
 */
#ifndef HOLDFAST_CORE_QUEUE_H
#define HOLDFAST_CORE_QUEUE_H

#include "core/job.h"

#define QUEUE_NONE    UINT32_MAX
#define QUEUE_BUCKETS 4096 /* a power of two */
#define QUEUE_TYPES_MAX \
	4352 /* CONFIG_UNITS_MAX, and those that only other nodes have */
#define QUEUE_NODE_NONE	  UINT16_MAX
#define QUEUE_NO_DEADLINE INT64_MAX

/* Where it stands: QUEUE_NOWHERE when it waits and is of no type; QUEUE_ASIDE
 * until its retry is due.
 */
enum queue_stand {
	QUEUE_NOWHERE,
	QUEUE_ASKED,
	QUEUE_ASIDE,
	QUEUE_IN_LINE,
	QUEUE_GIVEN,
};

struct queue_list {
	uint32_t first;
	uint32_t last;
};

/* Somebody who has jobs. */
struct queue_user {
	uint64_t hash;
	uint32_t jobs;
	uint32_t given;
	uint32_t lines; /* the first of its */
	uint32_t next;	/* in its bucket, or of free ones */
};

/* See core/queue_line.h. */
struct queue_line {
	uint32_t first; /* job */
	uint32_t last;
	uint32_t user;
	uint32_t type;
	uint32_t next; /* of its user, or of free ones */
	uint32_t left; /* of its type */
	uint32_t right;
	uint32_t given;	  /* its user was; as of when it was put there */
	uint64_t arrival; /* of its first */
};

struct queue_entry {
	char id[JOB_ID_LEN + 1];
	bool cancelling;
	bool asked;		 /* nobody has taken it yet (queue_set_asked) */
	bool assigned;		 /* its node has not accepted it yet */
	bool started;		 /* its worker said so */
	uint16_t node;		 /* it was given to, QUEUE_NODE_NONE unknown */
	bool skip;		 /* its next step skips VERSION_SKIP_STEPS */
	uint32_t type;		 /* index of the unit, QUEUE_NONE if gone */
	uint64_t unique;	 /* hash of type and unique value, 0 if none */
	uint64_t token;		 /* of its assignment, 0 while it waits */
	uint32_t slot;		 /* of its holding, QUEUE_NONE before it */
	uint32_t unsynced_steps; /* shown, not in the journal */
	int64_t synced_ms;	 /* when its progress last went there */
	int64_t given_ms;	 /* when it was given to another node */
	int64_t told_ms;	 /* when the others last had a hint of it */
	bool untold;		 /* and a step since */
	int64_t not_before_ms;	 /* wall clock; 0 = at once (queue_set_wait) */
	int64_t wait_ms;	 /* what it was to wait when that was set */
	/* queue's own */
	uint32_t user;
	uint64_t arrival;
	enum queue_stand stand;
	uint32_t next; /* where it stands, or in the list of free ones */
	uint32_t prev;
	uint32_t next_id;     /* in the bucket of its id */
	uint32_t next_unique; /* in the bucket of its unique hash */
	bool used;
	bool waiting;
	/* Room for a user and for a line, not of this entry's job. */
	struct queue_user user_here;
	struct queue_line line_here;
};

struct queue_type {
	uint32_t limit; /* given away at once, 0 = none */
	bool closed;	/* none is picked at present; the caller's */
	uint32_t waiting;
	uint32_t given;
	uint32_t lines; /* the root of their tree */
};

/* What queue_add is to know of a job. */
struct queue_job {
	const char *id;
	uint32_t type;	 /* index of the unit, QUEUE_NONE if there is none */
	uint64_t unique; /* hash of type and unique value, 0 if none */
	uint64_t user;	 /* hash, 0 if none */
};

struct queue {
	struct queue_entry *entries; /* CAP of them, the caller's */
	uint32_t cap;
	uint32_t high;	/* entries ever used */
	uint32_t count; /* live jobs */
	uint32_t waiting;
	uint32_t given;
	struct queue_list asked_list;
	struct queue_list given_list;
	uint64_t arrivals;
	uint32_t aside; /* the first of those */
	/* Nobody's retry is due from the one time to before the other. */
	int64_t calm_from_ms;
	int64_t calm_until_ms;
	uint32_t types_high; /* types that ever had a job are below */
	uint32_t high_user;
	uint32_t high_line;
	uint32_t free;
	uint32_t free_user;
	uint32_t free_line;
	uint32_t ids[QUEUE_BUCKETS];
	uint32_t uniques[QUEUE_BUCKETS];
	uint32_t users[QUEUE_BUCKETS];
	struct queue_type types[QUEUE_TYPES_MAX];
};

void queue_init(struct queue *queue, struct queue_entry *entries, uint32_t cap);

/* Adds a job that waits (TOKEN 0) or is given away; NULL when full. */
struct queue_entry *queue_add(struct queue *queue, const struct queue_job *job,
			      uint64_t token);
void queue_remove(struct queue *queue, struct queue_entry *entry);

struct queue_entry *queue_find(struct queue *queue, const char *id);
/* The first live job with that hash after AFTER (NULL to begin), or NULL.  A
 * hash may lie: compare the values.
 */
struct queue_entry *queue_find_unique(struct queue *queue, uint64_t unique,
				      struct queue_entry *after);
/* The next in use after AFTER (NULL to begin), or NULL. */
struct queue_entry *queue_each(struct queue *queue, struct queue_entry *after);

/* Likewise of those that are given away, and of those nobody has taken; in the
 * order in which they became it.  To change such an entry, take the next first.
 */
struct queue_entry *queue_each_given(struct queue *queue,
				     struct queue_entry *after);
struct queue_entry *queue_each_asked(struct queue *queue,
				     struct queue_entry *after);

/* The job to run next at wall time NOW_MS, or NULL. */
struct queue_entry *queue_pick(struct queue *queue, int64_t now_ms);
/* When a job that waits for its retry becomes due, or a while before;
 * QUEUE_NO_DEADLINE if none does.
 */
int64_t queue_next_due(struct queue *queue, int64_t now_ms);

/* Given away under TOKEN; or waiting again (at the end of the line), for
 * WAIT_MS from NOW_MS.  A clock set back makes nobody wait longer than that.
 */
void queue_give(struct queue *queue, struct queue_entry *entry, uint64_t token);
void queue_return(struct queue *queue, struct queue_entry *entry,
		  int64_t now_ms, int64_t wait_ms);

/* Nobody has taken it yet: not to be picked. */
void queue_set_asked(struct queue *queue, struct queue_entry *entry,
		     bool asked);
/* Not to be picked before that time, should the clock not say that it is to
 * wait longer than WAIT_MS; it keeps its place.
 */
void queue_set_wait(struct queue *queue, struct queue_entry *entry,
		    int64_t not_before_ms, int64_t wait_ms);

/* The configuration changed: the job is of another type index now. */
void queue_retype(struct queue *queue, struct queue_entry *entry,
		  uint32_t type);

/* How long to wait after failure number FAILURES (from 1): FIRST_MS, doubled
 * each time, at most MAX_MS.
 */
int64_t queue_backoff(int64_t first_ms, int64_t max_ms, uint32_t failures);

#endif
