/* rng - the one source of chance in a simulation: seeded, repeatable.
 *
 * Source: splitmix64, Sebastiano Vigna, public domain.
 */
#ifndef HOLDFAST_TESTS_SIM_RNG_H
#define HOLDFAST_TESTS_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 to LIMIT - 1 */
static inline uint32_t rng_below(struct rng *rng, uint32_t limit)
{
	return (uint32_t)((rng_next(rng) >> 32) * limit >> 32);
}

/* True once in ONE_IN, never when that is 0. */
static inline bool rng_once_in(struct rng *rng, uint32_t one_in)
{
	return one_in != 0 && rng_below(rng, one_in) == 0;
}

#endif
