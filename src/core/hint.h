/* hint - how far an attempt of a job is, as its node tells the others before it
 * is in the journal.
 *
 * Pure.  A hint shows a step sooner that is so anyway.  It names the attempt by
 * its token and decides nothing: no state, no owner ever follows from one, and
 * each may get lost.  Hints travel as fields of a datagram (core/datagram.h)
 * and, of the same layout, between the heartbeat and journal roles of one node:
 * many in one packet of at most HINTS_PACKET_MAX bytes.  To change the layout:
 * see core/codec.h.
 */
#ifndef HOLDFAST_CORE_HINT_H
#define HOLDFAST_CORE_HINT_H

#include "core/codec.h"
#include "core/job.h"

#define HINT_BYTES_MAX	 384 /* of one, as a field */
#define HINT_TAG	 14
#define HINTS_PACKET_MAX 65536

struct hint {
	struct text id; /* of the job */
	uint64_t token;
	uint32_t step;
	int32_t percent;    /* hundredths, or JOB_PERCENT_NONE */
	uint32_t resumed;   /* what the attempt began with, as of a job */
	int64_t updated_ms; /* by the wall clock of its node */
	struct text text;   /* the line beside the bar */
};

/* Writes HINT as one field; false, and nothing is written, when that has no
 * room or a text is too long.
 */
bool hint_put(struct enc *enc, const struct hint *hint);
/* Reads one whose field was found, the texts borrowed.  0 or -EBADMSG. */
int hint_take(struct hint *hint, const struct field *field);

#endif
