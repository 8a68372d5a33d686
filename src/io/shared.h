/* shared - the shared storage, behind one small interface.
 *
 * Every node writes its own journal and reads everybody else's.  The directory
 * (io/shared_dir.h) is the engine that carries it; the simulator has another,
 * a database may be a third.  All calls are synchronous; 0 or a count, or a
 * negative errno.  A segment is a file of fixed growth, filled with zeros
 * ahead of what is written, so that a sync moves data only.
 */
#ifndef HOLDFAST_IO_SHARED_H
#define HOLDFAST_IO_SHARED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SHARED_SEGMENTS_MAX 1024 /* segments of one journal at a time */

struct shared;

struct shared_ops {
	/* Numbers of NODE's segments in rising order; how many there are.
	 * -E2BIG beyond CAP. */
	int (*segments)(struct shared *shared, const char *node,
			uint32_t *numbers, size_t cap);
	/* Reads at OFFSET; short at the end of the segment, 0 past it. */
	ssize_t (*read)(struct shared *shared, const char *node,
			uint32_t number, uint64_t offset, void *buf,
			size_t len);
	/* From now on reads show at least what was synced anywhere before
	 * this call.  NULL where they always do. */
	void (*refresh)(struct shared *shared);
	/* Creates own segment NUMBER exclusively, BYTES of zeros, all of it
	 * and its name synced; later calls of grow, write and sync are about
	 * it.  -EEXIST: take a higher number.  On failure nothing of it is
	 * left and the segment before stays the current one. */
	int (*begin)(struct shared *shared, uint32_t number, uint64_t bytes);
	/* Fills up with zeros to BYTES and syncs. -ENOSPC leaves it usable
	 * at its old size. */
	int (*grow)(struct shared *shared, uint64_t bytes);
	/* All of LEN bytes at OFFSET, within the size; not durable yet. */
	int (*write)(struct shared *shared, uint64_t offset, const void *buf,
		     size_t len);
	/* All writes so far are durable.  A failure is final: what was
	 * written since the last success may or may not be there, for ever;
	 * go on in a new segment. */
	int (*sync)(struct shared *shared);
	/* Removes own segment NUMBER, for good when it returns 0: a crash
	 * must not bring it back after a younger one is gone. */
	int (*remove)(struct shared *shared, uint32_t number);
	/* Takes own segment NUMBER out of the journal, as for good, but keeps
	 * its bytes for a person to look at. */
	int (*set_aside)(struct shared *shared, uint32_t number);
	/* Removes the journal of NODE, which is gone for good, but for what
	 * was set aside.  NULL where that can't be. */
	int (*forget)(struct shared *shared, const char *node);
};

struct shared {
	const struct shared_ops *ops;
};

#endif
