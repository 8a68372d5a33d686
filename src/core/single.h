/* single - who has a singleton, and which of its times have been used.
 *
 * Pure.  A register, key "single/NAME".  The leader's assignment carries a new
 * token; that the node takes it, and its release once all it started is proven
 * dead, are further steps under it.  Of one with times, the slot it is assigned
 * for is in the assignment: it is used when that is durable, whether it is run
 * or not.
 */
#ifndef HOLDFAST_CORE_SINGLE_H
#define HOLDFAST_CORE_SINGLE_H

#include "core/message.h"
#include "core/record.h"
#include "core/schema.h"

/* Times are in milliseconds since 1970, 0 = never. */
struct single {
	struct version version;
	bool held;	/* assigned and not released */
	bool accepted;	/* by the node it is assigned to: now it may run, and
			   only a release or the end of that node's generation
			   ends it */
	bool done;	/* it ended as it may: not assigned until told to */
	uint64_t token; /* of the latest assignment, 0 before it */
	char node[SCHEMA_NAME_MAX + 1];
	uint64_t generation;  /* of that node's lease, 0 without a cluster */
	uint64_t digest;      /* of the definition it was assigned with */
	uint64_t times;	      /* digest of its times, 0 = it always runs */
	int64_t slot_ms;      /* the latest of its times that was used */
	int64_t since_ms;     /* times before are none of TIMES */
	int64_t began_ms;     /* the latest assignment */
	int64_t ended_ms;     /* the latest release */
	enum message_how how; /* it ended, 0 before the first */
	int32_t exit;
};

/* The register of the singleton NAME, into KEY of RECORD_KEY_MAX + 1 bytes,
 * terminated; the empty text when NAME is too long.
 */
struct text single_key(struct text name, char *key);
/* Writes the value of the register; bytes or -ENOSPC. */
int single_encode(const struct single *single, void *buf, size_t cap);
/* Reads the whole record; 0 or -EBADMSG. */
int single_decode(struct single *single, const struct record *record);

#endif
