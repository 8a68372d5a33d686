#include "core/rate.h"

#include "tests/core/test.h"

START_TEST(a_burst_passes_and_then_so_many_a_second)
{
	struct rate rate = rate_init(10, 3, 1000);

	ck_assert(rate_take(&rate, 2, 1000));
	ck_assert(rate_take(&rate, 1, 1000));
	ck_assert(!rate_take(&rate, 1, 1000));
	ck_assert(!rate_take(&rate, 1, 1099));
	ck_assert(rate_take(&rate, 1, 1100));
	ck_assert(!rate_take(&rate, 1, 1150));
}
END_TEST

START_TEST(a_long_calm_fills_it_no_higher_than_the_burst)
{
	struct rate rate = rate_init(10, 3, 0);

	ck_assert(rate_take(&rate, 3, 0));
	ck_assert(!rate_take(&rate, 4, INT64_C(1) << 60));
	ck_assert(rate_take(&rate, 3, INT64_C(1) << 60));
	/* A clock that stands still or goes back gives nothing. */
	ck_assert(!rate_take(&rate, 1, 5));
}
END_TEST

TEST_MAIN("rate", a_burst_passes_and_then_so_many_a_second,
	  a_long_calm_fills_it_no_higher_than_the_burst)
