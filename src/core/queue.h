/* queue - the live jobs of a node: which wait, which are given away.
 *
 * Pure: the caller owns the memory and says what time it is.  It knows of a
 * job only what decides when it runs; the rest stays in the view.  Jobs that
 * wait are taken in the order of their arrival, save those whose retry is not
 * due, those whose type has reached its limit, and those whose unique value is
 * that of one given away.
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

struct queue_entry {
	char id[JOB_ID_LEN + 1];
	bool cancelling;
	bool asked;		 /* nobody has taken it yet: not to be picked */
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
	int64_t not_before_ms;	 /* wall clock; 0 = at once */
	int64_t wait_ms;	 /* what it was to wait when that was set */
	/* queue's own */
	uint32_t next; /* in the list of those that wait, or of free ones */
	uint32_t prev;
	uint32_t next_id;     /* in the bucket of its id */
	uint32_t next_unique; /* in the bucket of its unique hash */
	bool used;
	bool waiting;
};

struct queue_type {
	uint32_t limit; /* given away at once, 0 = none */
	bool closed;	/* no node has room for any */
	uint32_t waiting;
	uint32_t given;
};

struct queue {
	struct queue_entry *entries; /* CAP of them, the caller's */
	uint32_t cap;
	uint32_t high;	/* entries ever used */
	uint32_t count; /* live jobs */
	uint32_t waiting;
	uint32_t given;
	uint32_t first; /* waiting */
	uint32_t last;
	uint32_t free;
	uint32_t ids[QUEUE_BUCKETS];
	uint32_t uniques[QUEUE_BUCKETS];
	struct queue_type types[QUEUE_TYPES_MAX];
};

void queue_init(struct queue *queue, struct queue_entry *entries, uint32_t cap);

/* Adds a job that waits (TOKEN 0) or is given away; NULL when full. */
struct queue_entry *queue_add(struct queue *queue, const char *id,
			      uint32_t type, uint64_t unique, uint64_t token);
void queue_remove(struct queue *queue, struct queue_entry *entry);

struct queue_entry *queue_find(struct queue *queue, const char *id);
/* The first live job with that hash after AFTER (NULL to begin), or NULL.  A
 * hash may lie: compare the values.
 */
struct queue_entry *queue_find_unique(struct queue *queue, uint64_t unique,
				      struct queue_entry *after);
/* The next in use after AFTER (NULL to begin), or NULL. */
struct queue_entry *queue_each(struct queue *queue, struct queue_entry *after);

/* The job to run next at wall time NOW_MS, or NULL. */
struct queue_entry *queue_pick(struct queue *queue, int64_t now_ms);
/* When a job that waits for its retry becomes due, QUEUE_NO_DEADLINE if none
 * does.
 */
int64_t queue_next_due(const struct queue *queue, int64_t now_ms);

/* Given away under TOKEN; or waiting again (at the end of the line), for
 * WAIT_MS from NOW_MS.  A clock set back makes nobody wait longer than that.
 */
void queue_give(struct queue *queue, struct queue_entry *entry, uint64_t token);
void queue_return(struct queue *queue, struct queue_entry *entry,
		  int64_t now_ms, int64_t wait_ms);

/* The configuration changed: the job is of another type index now. */
void queue_retype(struct queue *queue, struct queue_entry *entry,
		  uint32_t type);

/* How long to wait after failure number FAILURES (from 1): FIRST_MS, doubled
 * each time, at most MAX_MS.
 */
int64_t queue_backoff(int64_t first_ms, int64_t max_ms, uint32_t failures);

#endif
