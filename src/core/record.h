/* record - one register in the journal: key, version, value.
 *
 * Pure.  The journal is a stream of registers; for each key the highest
 * version wins, whatever the order they are read in.  Layout: the fields KEY,
 * TOKEN and STEP (core/codec.h), then the fields of the value, whose tags
 * start at RECORD_VALUE_TAG.
 */
#ifndef HOLDFAST_CORE_RECORD_H
#define HOLDFAST_CORE_RECORD_H

#include "core/codec.h"
#include "core/version.h"

#define RECORD_KEY_MAX	 160	       /* bytes: "enabled/NODE/NAME" */
#define RECORD_MAX	 (128u * 1024) /* bytes of a whole record */
#define RECORD_VALUE_TAG 16

struct record {
	struct text key; /* "job/ID", "epoch" */
	struct version version;
	struct text value; /* fields, borrowed */
};

/* Writes RECORD into BUF; bytes written or -ENOSPC. */
int record_encode(const struct record *record, void *buf, size_t cap);

/* Reads the record of LEN bytes at BUF, which it borrows.  0, or -EBADMSG
 * when it is damaged or has no key or no token.
 */
int record_decode(struct record *record, const void *buf, size_t len);

#endif
