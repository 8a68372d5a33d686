/* offer - which units a node could run, as the leader needs to know them.
 *
 * Pure.  A register, key "offer/NODE", written by that node at each start, on
 * a reload, and when it begins or ends to drain.  The leader places units by
 * what the nodes offer and needs no definition of its own.  Written unit by
 * unit and read likewise, without allocation:
 *
 *	offer_begin(&writer, buf, cap, &offer)
 *	offer_put(&writer, &unit) …
 *	len = offer_end(&writer)
 *
 *	offer_decode(&offer, &record)
 *	each = offer_each(&offer)
 *	while (offer_next(&each, &unit)) …
 *
 * Lists are those of core/list.h.  Time zone, prefer and require are written
 * only where they differ from those of the singleton before.  To change what
 * is stored: core/codec.h.
 */
#ifndef HOLDFAST_CORE_OFFER_H
#define HOLDFAST_CORE_OFFER_H

#include "core/config.h"
#include "core/record.h"

#define OFFER_UNITS_MAX 2048
#define OFFER_MAX	(RECORD_MAX - 256) /* bytes that fit into a register */
#define OFFER_NAME_MAX	64		   /* bytes */
#define OFFER_TEXT_MAX	8192		   /* bytes of any other text */

struct offer {
	struct version version; /* of the register it was read from */
	uint64_t generation;	/* of the node, when it wrote it */
	bool draining;
	uint32_t cores;
	struct text tags; /* a list */
	/* of one that was read: */
	uint32_t count;	   /* units */
	struct text value; /* what offer_next goes over */
};

/* Of a job, only what is said to be of jobs means anything. */
struct offer_unit {
	enum unit_kind kind; /* UNIT_SINGLETON or UNIT_JOB */
	struct text name;
	uint64_t digest; /* of the definition */
	bool enabled;
	int64_t every_ms;      /* 0 = not */
	struct text cron;      /* empty = none */
	struct text time_zone; /* empty = the node's */
	enum unit_missed missed;
	int64_t backoff_ms;
	int64_t backoff_max_ms;
	enum unit_restart restart;
	bool essential;
	enum unit_rebalance rebalance;
	uint32_t min_nodes;
	struct text prefer;  /* a list of nodes, the best first */
	struct text require; /* a list of tags */
	/* of jobs, 0 = no limit: */
	uint32_t per_node;    /* at once on this node */
	uint32_t max_running; /* at once in the cluster */
};

struct offer_writer {
	struct enc enc;
	uint32_t count;
	size_t zone; /* where each was last written in enc.buf, */
	size_t prefer;
	size_t require;
	size_t zone_len; /* and its bytes */
	size_t prefer_len;
	size_t require_len;
};

struct offer_each {
	struct dec dec;
	struct text time_zone; /* of the unit before, as these */
	struct text prefer;
	struct text require;
};

/* The register of NODE, into KEY of RECORD_KEY_MAX + 1 bytes, terminated; the
 * empty text when NODE is too long.
 */
struct text offer_key(struct text node, char *key);

/* Begins the value of the register in BUF of CAP bytes; of OFFER, version,
 * count and value are not looked at.
 */
void offer_begin(struct offer_writer *writer, void *buf, size_t cap,
		 const struct offer *offer);
void offer_put(struct offer_writer *writer, const struct offer_unit *unit);
/* Bytes, at most OFFER_MAX; -ENOSPC when it is more, or more units than
 * OFFER_UNITS_MAX.
 */
int offer_end(const struct offer_writer *writer);

/* Reads the whole record, whose bytes it borrows, and looks at every unit. 0,
 * or -EBADMSG.
 */
int offer_decode(struct offer *offer, const struct record *record);

/* Goes over the units of an offer that was decoded; texts are borrowed from
 * the record.  A unit of a kind this version does not know is left out.
 */
struct offer_each offer_each(const struct offer *offer);
bool offer_next(struct offer_each *each, struct offer_unit *unit);

/* What a node offers of a configured unit; the lists go into LISTS of CAP
 * bytes (2 * OFFER_TEXT_MAX do for all that an offer can hold), all else is
 * borrowed.  0 or -ENOSPC.
 */
int offer_unit_of(struct offer_unit *into, const struct unit *unit,
		  uint64_t digest, char *lists, size_t cap);
#endif
