/* lease_terms - what all nodes agree on, and the bounds that follow from it.
 *
 * Pure.  The terms lie in the header of the lease file; a node with others
 * does not join (T12).  L = lease, r = renewal, p = poll, K = the time from
 * SIGKILL to reaped, rho = how far the rates of two clocks may be apart:
 *
 *   holder    stamp            r           2r             L-K-grace   L
 *             |--- write ------|--- write -|-- ... -------|- killing -| dead
 *   observer         |-- p --| stamp                        L(1+rho)/(1-rho)
 *                    change    seen -------------------------------| dead
 *
 * The observer's stamp is later than the holder's, and its wait is longer by
 * the drift, so it never calls dead what may still run (T1, T4).
 */
#ifndef HOLDFAST_CORE_LEASE_TERMS_H
#define HOLDFAST_CORE_LEASE_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#define LEASE_MS_MIN	1000
#define LEASE_MS_MAX	60000
#define LEASE_SLOTS_MAX 256
#define LEASE_DRIFT_PPM 500   /* of CLOCK_MONOTONIC_RAW (T8) */
#define LEASE_DRIFT_MAX 50000 /* more is no clock */
#define LEASE_FAST_US	25000 /* between looks when something is up */
/* Three looks, three writes: claim, what the others show, what is read. */
#define LEASE_BALLOT_US 100000

struct lease_terms {
	uint32_t slots;
	uint32_t lease_ms;
	uint32_t kill_ms;   /* K */
	uint32_t drift_ppm; /* rho */
};

/* The two clocks of T7: BOOTTIME counts suspend, RAW is not slewed. */
struct lease_time {
	int64_t boot_us;
	int64_t raw_us;
};

/* The terms for a lease of LEASE_MS, the rest by default. */
struct lease_terms lease_terms_for(uint32_t lease_ms, uint32_t slots);

/* Is each within its limits? */
bool lease_terms_ok(const struct lease_terms *terms);

/* What differs, for a person; NULL when nothing does. */
const char *lease_terms_differ(const struct lease_terms *a,
			       const struct lease_terms *b);

int64_t lease_length_us(const struct lease_terms *terms);  /* L */
int64_t lease_renewal_us(const struct lease_terms *terms); /* r = L/6 */
/* p = L/12, at most 250 ms, so that a long lease is not told late. */
int64_t lease_poll_us(const struct lease_terms *terms);
/* What an observer waits: L(1+rho)/(1-rho), rounded up (T4). */
int64_t lease_observe_us(const struct lease_terms *terms);
/* After its stamp a holder begins to kill: L - K - grace (T2). */
int64_t lease_stop_us(const struct lease_terms *terms, int64_t grace_us);

/* From a crash of the holder's machine to a new leader, at worst, while
 * storage answers within milliseconds: L(1+2rho) + p + ballot (T10).
 */
int64_t lease_failover_us(const struct lease_terms *terms);
/* So long may storage hang before work stops: L - r - K - grace (T10). */
int64_t lease_stall_us(const struct lease_terms *terms, int64_t grace_us);

/* Holder: the larger of both differences.  Observer: the smaller (T7). */
int64_t lease_elapsed_max(const struct lease_time *from,
			  const struct lease_time *to);
int64_t lease_elapsed_min(const struct lease_time *from,
			  const struct lease_time *to);

#endif
