#include "core/lease_terms.h"

#include <stddef.h>

#define PPM	    INT64_C(1000000)
#define POLL_MAX_US 250000
#define KILL_MS_MIN 100
#define KILL_MS_MAX 500

struct lease_terms lease_terms_for(uint32_t lease_ms, uint32_t slots)
{
	uint32_t kill_ms = lease_ms / 6;

	if (kill_ms < KILL_MS_MIN)
		kill_ms = KILL_MS_MIN;
	if (kill_ms > KILL_MS_MAX)
		kill_ms = KILL_MS_MAX;
	return (struct lease_terms){ slots, lease_ms, kill_ms,
				     LEASE_DRIFT_PPM };
}

bool lease_terms_ok(const struct lease_terms *terms)
{
	return terms->slots >= 1 && terms->slots <= LEASE_SLOTS_MAX &&
	       terms->lease_ms >= LEASE_MS_MIN &&
	       terms->lease_ms <= LEASE_MS_MAX &&
	       terms->drift_ppm <= LEASE_DRIFT_MAX && terms->kill_ms >= 1 &&
	       terms->kill_ms <= terms->lease_ms / 2;
}

const char *lease_terms_differ(const struct lease_terms *a,
			       const struct lease_terms *b)
{
	if (a->lease_ms != b->lease_ms)
		return "lease";
	if (a->kill_ms != b->kill_ms)
		return "kill budget";
	if (a->drift_ppm != b->drift_ppm)
		return "drift";
	if (a->slots != b->slots)
		return "slots";
	return NULL;
}

int64_t lease_length_us(const struct lease_terms *terms)
{
	return terms->lease_ms * INT64_C(1000);
}

int64_t lease_renewal_us(const struct lease_terms *terms)
{
	return lease_length_us(terms) / 6;
}

int64_t lease_poll_us(const struct lease_terms *terms)
{
	int64_t us = lease_length_us(terms) / 12;

	return us < POLL_MAX_US ? us : POLL_MAX_US;
}

int64_t lease_observe_us(const struct lease_terms *terms)
{
	return lease_length_us(terms) * (PPM + terms->drift_ppm) /
		       (PPM - terms->drift_ppm) +
	       1;
}

int64_t lease_stop_us(const struct lease_terms *terms, int64_t grace_us)
{
	return lease_length_us(terms) - terms->kill_ms * INT64_C(1000) -
	       grace_us;
}

int64_t lease_failover_us(const struct lease_terms *terms)
{
	return lease_length_us(terms) * (PPM + 2 * terms->drift_ppm) / PPM +
	       lease_poll_us(terms) + LEASE_BALLOT_US;
}

int64_t lease_stall_us(const struct lease_terms *terms, int64_t grace_us)
{
	return lease_stop_us(terms, grace_us) - lease_renewal_us(terms);
}

int64_t lease_elapsed_max(const struct lease_time *from,
			  const struct lease_time *to)
{
	int64_t boot = to->boot_us - from->boot_us;
	int64_t raw = to->raw_us - from->raw_us;

	return boot > raw ? boot : raw;
}

int64_t lease_elapsed_min(const struct lease_time *from,
			  const struct lease_time *to)
{
	int64_t boot = to->boot_us - from->boot_us;
	int64_t raw = to->raw_us - from->raw_us;

	return boot < raw ? boot : raw;
}
