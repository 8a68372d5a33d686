/* leaseprobe - is a directory fit to carry a lease file?
 *
 * Writes a file of its own there, removed again, for about a second: as the
 * lease file is written and read, past the page cache, by two descriptors.
 * What only a second machine could show, it does not claim to know.
 */
#ifndef HOLDFAST_IO_LEASEPROBE_H
#define HOLDFAST_IO_LEASEPROBE_H

#include <stdbool.h>
#include <stdint.h>

struct leaseprobe_times {
	int64_t median_us;
	int64_t worst_us;
};

struct leaseprobe {
	char type[24];	/* of the file system */
	bool shared;	/* of a type that other machines can see */
	bool direct;	/* takes I/O past the page cache */
	bool coherent;	/* each read showed the write before */
	bool exclusive; /* creation and link fail for the second */
	struct leaseprobe_times write; /* of 4 KiB, durable */
	struct leaseprobe_times read;  /* of 64 slots */
	uint32_t lease_ms; /* the shortest preset it carries, 0 = none */
};

/* 0 or a negative errno: no file could be made, written or read. */
int leaseprobe(struct leaseprobe *probe, const char *dir);

/* A word on what is wrong with it, NULL if nothing is. */
const char *leaseprobe_fault(const struct leaseprobe *probe);

#endif
