/* frame - how records lie in a segment of the journal.
 *
 * Pure.  A segment is a file of zeros that is filled from the front:
 *
 *	0	header, then zeros to the end of the sector
 *	512	the same once more, so that one bad sector loses nothing
 *	1024	frames, each at a multiple of 8, each behind the other
 *
 *	header	"hfsegmnt", format (4 bytes), number (4), salt (8), length
 *		of the rest (4), the rest, CRC32C of all that (4)
 *	rest	generation (8), the node's name; in format 1 the name alone
 *	frame	magic (4), bytes of payload (4), CRC32C (4), where its batch
 *		began, in units of 8 bytes (4), payload, zeros to 8 bytes
 *
 * All little endian.  The CRC of a frame covers salt and offset too, so bytes
 * of another segment, another place, or of a payload made to look like a frame
 * never pass.  A batch is what lies between two syncs: every byte before the
 * beginning of a batch was synced before the batch was written.  Hence bytes
 * that are wrong are damage when a later batch exists, and otherwise no more
 * than the unfinished end that a power failure leaves.
 *
 * Assumes that a sector of FRAME_SECTOR bytes is written whole or not at all.
 * To change the layout: raise FRAME_FORMAT, keep reading the one before, add
 * golden bytes for both.  A header keeps its first 28 bytes and the place of
 * its CRC, so that one of a later format is known as such.
 */
#ifndef HOLDFAST_CORE_FRAME_H
#define HOLDFAST_CORE_FRAME_H

#include "core/text.h"

#define FRAME_FORMAT   2
#define FRAME_ALIGN    8
#define FRAME_HEADER   16 /* bytes before the payload */
#define FRAME_SECTOR   512
#define FRAME_FIRST    (2 * FRAME_SECTOR) /* offset of the first frame */
#define FRAME_NODE_MAX 64		  /* bytes of a node's name */
#define FRAME_END_MAX  (UINT64_C(8) * UINT32_MAX) /* bytes in a segment */

struct frame_segment {
	uint32_t number;
	uint64_t salt;
	uint64_t generation; /* it was written under; 0 = of no cluster */
	char node[FRAME_NODE_MAX + 1];
};

/* Where a frame lies. */
struct frame_place {
	uint64_t salt;	 /* of the segment */
	uint64_t offset; /* in the segment */
	uint64_t batch;	 /* offset where its batch began */
};

struct frame {
	struct text payload;
	size_t bytes; /* header and padding included */
	uint64_t batch;
};

enum frame_verdict {
	FRAME_VALID,
	FRAME_ZERO,  /* nothing was written here */
	FRAME_SHORT, /* goes on behind the bytes given */
	FRAME_BAD,
};

/* Writes both headers into BUF of FRAME_FIRST bytes. */
void frame_segment_encode(const struct frame_segment *segment, uint8_t *buf);
/* Reads whichever header of BUF (LEN bytes) is whole.  0; -ENODATA when both
 * were never written; -EBADMSG; -EPROTONOSUPPORT when a later version of the
 * program wrote it.
 */
int frame_segment_decode(struct frame_segment *segment, const uint8_t *buf,
			 size_t len);

/* Bytes a frame of LEN bytes of payload takes. */
static inline size_t frame_bytes(size_t len)
{
	return (FRAME_HEADER + len + FRAME_ALIGN - 1) & ~(size_t)7;
}

/* Makes a frame of the LEN bytes of payload that lie at AT + FRAME_HEADER;
 * returns frame_bytes(LEN), all of which must be there.
 */
size_t frame_seal(uint8_t *at, size_t len, const struct frame_place *place);

/* Looks at the LEN bytes at AT, which lie at OFFSET of the segment with SALT.
 * FRAME is filled in when the verdict is FRAME_VALID, and borrows from AT.
 */
enum frame_verdict frame_look(struct frame *frame, const void *at, size_t len,
			      uint64_t salt, uint64_t offset);

/* Of bytes that were not FRAME_VALID: could a write that a crash cut short
 * have left them?  If not, they are damaged.
 */
bool frame_is_torn(const void *at, size_t len, uint64_t offset);

#endif
