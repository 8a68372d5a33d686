/* leasefile - the lease file on shared storage: SHARED/lease, SHARED/members.
 *
 * Made once, whole and under its name at one instant; never truncated, grown
 * or made again while members/ names anybody (S4).  Read and written past the
 * page cache (S6), in multiples of 4 KiB, from memory that a fork does not
 * disturb (S7).  File systems without direct I/O are taken only where one
 * machine alone sees them, whose page cache then is the coherent view; others
 * are refused (S9, S22).  One call at a time; a call may hang as long as the
 * storage does, so deadlines are another process's matter (T13).
 *
 * All return 0 or a negative errno; those that open or make tell why in the
 * log, unless it is TOLD, the failure they told last.
 */
#ifndef HOLDFAST_IO_LEASEFILE_H
#define HOLDFAST_IO_LEASEFILE_H

#include <stddef.h>

#include "core/lease_record.h"

struct leasefile {
	int fd;
	bool direct; /* past the page cache */
	struct lease_header header;
	uint8_t *memory; /* a block to write, then all slots as read */
	size_t memory_bytes;
};

/* Makes DIR/lease with TERMS and DIR/members, unless they are there. */
int leasefile_make(const char *dir, const struct lease_terms *terms, int told);

/* Opens DIR/lease.  With TERMS not NULL they must be the file's: -EPROTO and
 * a line that says what differs (T12).
 */
int leasefile_open(struct leasefile *file, const char *dir,
		   const struct lease_terms *terms, int told);
/* Opens the file PATH for reading only. */
int leasefile_look(struct leasefile *file, const char *path);
void leasefile_close(struct leasefile *file);

/* Does DIR/lease lead to another file by now?  Only when that is certain: who
 * is on another file than the others sees nobody renew, and nobody sees him.
 * SLOT and BLOCK are where this node writes, and its last write was done.
 */
bool leasefile_is_replaced(struct leasefile *file, const char *dir,
			   uint32_t slot, unsigned block);

/* Reads the first SLOTS slots; a short read is -EIO. */
int leasefile_read(struct leasefile *file, uint32_t slots);
/* A block as it was read. */
const uint8_t *leasefile_block(const struct leasefile *file, uint32_t slot,
			       unsigned block);
/* Writes LEASE_RECORD bytes, durably.  Any failure may still land (S11). */
int leasefile_write(struct leasefile *file, uint32_t slot, unsigned block,
		    const uint8_t *bytes);

/* Who owns a slot of the file FILE_ID: members/SLOT, made by whoever came
 * first.  Finds NODE's, or takes the lowest that is free.  -ENOSPC: none is;
 * -ESTALE: members/ belongs to another lease file.
 */
int leasefile_slot(const char *dir, const struct lease_header *header,
		   const char *node, uint32_t *slot);
/* The file shows SLOT to be NODE's: members/SLOT says so again, should it have
 * been lost.
 */
int leasefile_restore(const char *dir, const struct lease_header *header,
		      const char *node, uint32_t slot);
/* Takes a number above ABOVE and all taken before: members/SLOT.NUMBER. */
int leasefile_number(const char *dir, uint32_t slot, uint64_t above,
		     uint64_t *number);

#endif
