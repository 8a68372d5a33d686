#include "core/overdue.h"

bool overdue_is_over(const struct lease_kept *kept,
		     const struct lease_terms *terms,
		     const struct lease_time *now)
{
	return kept->over ||
	       (kept->in && lease_elapsed_max(&kept->stamp, now) >=
				    lease_stop_us(terms, 0));
}

bool overdue_is_gap(const struct lease_terms *terms,
		    const struct lease_time *before,
		    const struct lease_time *now)
{
	int64_t longer = lease_elapsed_max(before, now);
	int64_t shorter = lease_elapsed_min(before, now);

	return longer >= lease_stop_us(terms, 0) ||
	       longer - shorter > lease_renewal_us(terms);
}

static int64_t kill_us(const struct lease_terms *terms)
{
	return terms->kill_ms * INT64_C(1000);
}

static int64_t wonder_us(const struct lease_terms *terms)
{
	return lease_length_us(terms) - kill_us(terms) * 3 / 4;
}

bool overdue_look(struct overdue *overdue, const struct lease_terms *terms,
		  const struct lease_time *stamp, bool awake,
		  const struct lease_time *now)
{
	if (lease_elapsed_max(stamp, now) < wonder_us(terms)) {
		overdue->wonders = false;
		return false;
	}
	if (!overdue->wonders) {
		overdue->wonders = true;
		overdue->since = *now;
	}
	return lease_elapsed_max(&overdue->since, now) >=
	       kill_us(terms) / (awake ? 2 : 4);
}

int64_t overdue_next_us(const struct overdue *overdue,
			const struct lease_terms *terms,
			const struct lease_time *stamp,
			const struct lease_time *now)
{
	int64_t us = wonder_us(terms) - lease_elapsed_max(stamp, now);
	int64_t past_us;

	if (overdue->wonders) {
		past_us = lease_elapsed_max(&overdue->since, now);
		us = kill_us(terms) / 4 - past_us;
		if (us <= 0)
			us = kill_us(terms) / 2 - past_us;
	}
	return us > 0 ? us : 0;
}

bool overdue_may_ping(const struct lease_kept *kept, bool alive,
		      const struct lease_terms *terms, int64_t timeout_us,
		      const struct lease_time *now)
{
	if (!kept->in || overdue_is_over(kept, terms, now))
		return !alive;
	return lease_elapsed_max(&kept->stamp, now) + timeout_us <=
	       lease_length_us(terms);
}

int overdue_watchdog_s(const struct lease_terms *terms)
{
	return (int)((lease_length_us(terms) - lease_renewal_us(terms)) /
		     1000000);
}
