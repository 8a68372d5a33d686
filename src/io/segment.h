/* segment - reads one segment of a journal, whatever state it is in.
 *
 * Only valid frames are ever handed on.  See core/frame.h for what is damage
 * and what is merely the unfinished end.
 */
#ifndef HOLDFAST_IO_SEGMENT_H
#define HOLDFAST_IO_SEGMENT_H

#include "core/frame.h"
#include "core/record.h"
#include "io/shared.h"

#define SEGMENT_BUFFER (256u * 1024) /* bytes; must hold the longest frame */

struct segment {
	struct shared *shared;
	const char *node;
	uint32_t number;
	uint8_t *buf; /* of SEGMENT_BUFFER bytes, the caller's */
	/* what it found */
	uint64_t end;	  /* behind the last frame handed on */
	uint64_t records; /* handed on */
	unsigned damaged; /* places */
	bool torn;	  /* an unfinished end was left out */
	/* the window: bytes of the segment in BUF */
	uint64_t salt;
	uint64_t generation; /* of its header */
	uint64_t base;
	size_t len;
	bool last;	 /* nothing is behind the window */
	uint64_t synced; /* known to have been synced up to here */
	int rc;		 /* first error of the storage */
};

/* Reads the header of segment NUMBER of NODE, with BYTES to work in.  0; as
 * frame_segment_decode; another negative errno of the storage.
 */
int segment_header(struct shared *shared, const char *node, uint32_t number,
		   uint8_t bytes[FRAME_FIRST], struct frame_segment *header);

/* Was the snapshot at its front synced?  Only if a batch that began later left
 * a frame.  1, 0, or a negative errno: of the storage; -EBADMSG when the
 * header is damaged, told in the log; -EPROTONOSUPPORT as below.
 */
int segment_is_whole(struct segment *segment);

/* Hands each record to FN until it gives anything but 0, which is returned.
 * 0, or a negative errno of the storage; -EPROTONOSUPPORT when a later version
 * wrote the segment.  Damage is not an error; it is logged and counted.
 */
int segment_scan(struct segment *segment,
		 int (*fn)(void *arg, const struct record *record), void *arg);

#endif
