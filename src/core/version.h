/* version - (token, step): which of two values of a register is newer.
 *
 * Pure.  token = epoch << 32 | counter, given by the leader with every
 * ownership and never reused: it is the fencing token.  Step 0 of a token is
 * the leader's, later steps only the named node's.  The highest wins.
 */
#ifndef HOLDFAST_CORE_VERSION_H
#define HOLDFAST_CORE_VERSION_H

#include "core/out.h"

/* How far a writer that lost its place skips ahead, so that steps it had
 * shown but not yet synced are never given a second meaning.
 */
#define VERSION_SKIP_STEPS (UINT32_C(1) << 16)

/* "TOKEN.STEP" and the terminator. */
#define VERSION_TEXT_MAX 32

struct version {
	uint64_t token;
	uint32_t step;
};

static inline uint64_t token_make(uint32_t epoch, uint32_t counter)
{
	return (uint64_t)epoch << 32 | counter;
}

static inline uint32_t token_epoch(uint64_t token)
{
	return (uint32_t)(token >> 32);
}

/* Negative, zero or positive as A is older than, the same as, newer than B. */
int version_compare(struct version a, struct version b);

/* Writes "TOKEN.STEP", both decimal. */
void version_out(struct out *out, struct version version);

/* Reads "TOKEN.STEP"; 0 or -EINVAL. */
int version_parse(struct text text, struct version *version);

#endif
