/* disk - shared storage in memory, which fails as real storage does.
 *
 * Implements struct shared_ops for the journal of one node.  What was written
 * and not synced survives a power failure in any subset of its sectors; what a
 * killed process wrote survives it.  A sync that fails drops what it should
 * have kept.  Every step a call takes is a point where the machine or the
 * process may end: the call then leaves by longjmp to disk->crash.
 */
#ifndef HOLDFAST_TESTS_SIM_DISK_H
#define HOLDFAST_TESTS_SIM_DISK_H

#include <setjmp.h>
#include <stddef.h>

#include "io/shared.h"
#include "tests/sim/rng.h"

#define DISK_SEGMENTS_MAX 64
#define DISK_SECTOR	  512

enum disk_plant {
	DISK_SOUND,
	DISK_LAZY_SYNC, /* sync returns at once */
	DISK_TRUST,	/* torn frames get a checksum that fits */
};

struct disk_segment {
	uint32_t number; /* 0 = no such segment */
	uint64_t born;	 /* tells two apart that had the same number */
	bool aside;
	uint64_t size; /* bytes, zeros behind USED included */
	/* The front of it, up to the last sector ever written. */
	size_t used;	  /* bytes, whole sectors */
	uint8_t *cache;	  /* what a read gives */
	uint8_t *durable; /* what a power failure leaves */
	uint8_t *dirty;	  /* of each sector: not synced yet */
};

struct disk {
	struct shared shared; /* what journal_init takes */
	struct rng rng;
	struct disk_segment segments[DISK_SEGMENTS_MAX];
	struct disk_segment *current; /* what grow, write and sync are about */
	uint64_t capacity;	      /* bytes in all; 0 = no limit */
	enum disk_plant plant;
	/* each fails once in so many calls, 0 = never */
	uint32_t begin_fails;
	uint32_t grow_fails;
	uint32_t write_fails;
	uint32_t sync_fails;
	uint32_t read_fails;
	uint32_t remove_fails;
	/* ends at the n-th step from now; 0 = not */
	uint64_t crash_in;
	jmp_buf *crash;
	/* or something else happens at each, NULL = nothing */
	void (*on_step)(void *arg);
	void *on_step_arg;
	uint64_t steps; /* taken so far */
	uint64_t syncs; /* that succeeded */
};

void disk_init(struct disk *disk, uint64_t seed);
void disk_fini(struct disk *disk);

/* The power fails: of each sector not synced, either state may be left. */
void disk_power_failure(struct disk *disk);

/* Segment NUMBER, NULL when there is none; also one set aside. */
struct disk_segment *disk_find(struct disk *disk, uint32_t number);
/* Writes LEN bytes, synced. */
void disk_put(struct disk_segment *segment, uint64_t offset, const void *bytes,
	      size_t len);
/* Turns one bit of a segment, synced. */
void disk_flip(struct disk *disk, uint32_t number, uint64_t offset, int bit);
/* Cuts a segment off at BYTES, synced. */
void disk_cut(struct disk *disk, uint32_t number, uint64_t bytes);
/* Bytes all segments take. */
uint64_t disk_used(const struct disk *disk);

#endif
