/* runner - plays many seeds, some in each of several processes, so that what a
 * crash leaks goes with its process.
 */
#ifndef HOLDFAST_TESTS_SIM_RUNNER_H
#define HOLDFAST_TESTS_SIM_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_TALLY_MAX 256 /* bytes */

struct runner {
	uint64_t first;
	uint64_t seeds;
	unsigned jobs;	/* processes at once */
	uint64_t chunk; /* seeds of one process */
	size_t tally_size;

	/* Plays COUNT seeds from FIRST and adds what it saw to TALLY, which was
	 * zeroed; true when no promise was broken.
	 */
	bool (*play)(uint64_t first, uint64_t count, void *tally);
	/* Adds what one process saw. */
	void (*add)(void *all, const void *one);
};

/* The number NAME has in the environment, FALLBACK if none. */
uint64_t runner_setting(const char *name, uint64_t fallback);

/* Does somebody else play in full?  Then what is left out is not tried, and
 * some seeds are enough.
 */
bool runner_is_brief(void);
/* SEEDS of the environment, or FALLBACK, of which a brief run takes some. */
uint64_t runner_seeds(uint64_t fallback);

/* Plays all of them, up to the first process that found a fault.  ALL gets
 * their tallies, *SECONDS how long it took; true when no promise was broken.
 */
bool runner_play(const struct runner *runner, void *all, double *seconds);

#endif
