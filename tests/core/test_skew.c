#include "core/skew.h"

#include "tests/core/test.h"

static struct skew skew;
static uint64_t random_state;

static int64_t up_to(int64_t max)
{
	random_state =
		random_state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((random_state >> 33) % (uint64_t)(max + 1));
}

/* For so many SECONDS a datagram every 500 ms, by a clock that gains PPM on
 * ours and stands at THEIRS_MS now, each up to DELAY_MS on its way.
 */
static void hear(int64_t seconds, int64_t ppm, int64_t theirs_ms,
		 int64_t delay_ms)
{
	static int64_t now;

	if (skew.window_ms == 0)
		now = 1000000;
	for (int64_t i = 0; i < seconds * 2; i++, now += 500)
		skew_add(&skew, theirs_ms + i * 500 + i * 500 * ppm / 1000000,
			 now + up_to(delay_ms));
}

START_TEST(clocks_of_one_rate_show_none)
{
	skew = (struct skew){ 0 };
	hear(1800, 0, 5, 0);
	ck_assert_int_eq(skew_ppm(&skew), 0);
	ck_assert(!skew_exceeds(&skew, 0));
}
END_TEST

START_TEST(a_network_that_dawdles_is_not_a_clock_that_does)
{
	skew = (struct skew){ 0 };
	for (random_state = 1; random_state < 20; random_state += 3) {
		skew = (struct skew){ 0 };
		hear(1800, 0, 5, 300);
		ck_assert(!skew_exceeds(&skew, 500));
	}
}
END_TEST

START_TEST(a_clock_that_is_too_fast_or_too_slow_shows)
{
	skew = (struct skew){ 0 };
	hear(120, 2000, 5, 20);
	ck_assert_int_lt(skew_ppm(&skew), -1500);
	ck_assert_int_gt(skew_ppm(&skew), -2500);
	ck_assert(skew_exceeds(&skew, 1000));
	ck_assert(!skew_exceeds(&skew, 2500));
	skew = (struct skew){ 0 };
	hear(120, -2000, 5, 20);
	ck_assert_int_gt(skew_ppm(&skew), 1500);
	ck_assert(skew_exceeds(&skew, 1000));
}
END_TEST

START_TEST(a_clock_ten_percent_off_shows_within_half_a_minute)
{
	skew = (struct skew){ 0 };
	hear(30, 100000, 5, 20);
	ck_assert(skew_exceeds(&skew, 1000));
}
END_TEST

START_TEST(a_clock_that_stood_still_shows_and_is_forgiven)
{
	skew = (struct skew){ 0 };
	hear(60, 0, 1000, 20);
	hear(60, 0, 1000 + 60000 - 5000, 20);
	ck_assert(skew_exceeds(&skew, 1000));
	hear(1300, 0, 1000 + 120000 - 5000, 20);
	ck_assert(!skew_exceeds(&skew, 1000));
}
END_TEST

START_TEST(nothing_is_shown_before_it_is_known)
{
	skew = (struct skew){ 0 };
	ck_assert_int_eq(skew_ppm(&skew), 0);
	ck_assert(!skew_exceeds(&skew, 0));
	hear(15, 100000, 5, 0);
	ck_assert(!skew_exceeds(&skew, 0));
	ck_assert_int_eq(skew_ppm(&skew), 0);
}
END_TEST

START_TEST(what_is_no_clock_does_no_harm)
{
	static const int64_t wild[] = { INT64_MIN, -1, INT64_MAX, 0,
					INT64_C(1) << 53 };

	skew = (struct skew){ 0 };
	for (int64_t i = 0; i < 5000; i++)
		skew_add(&skew, wild[up_to(4)], 1000 + i * 500);
	/* the sanitizers watch: no sum or product may overflow */
	(void)skew_exceeds(&skew, UINT32_MAX);
	ck_assert_int_ne(skew_ppm(&skew), 1);
}
END_TEST

TEST_MAIN("skew", clocks_of_one_rate_show_none,
	  a_network_that_dawdles_is_not_a_clock_that_does,
	  a_clock_that_is_too_fast_or_too_slow_shows,
	  a_clock_ten_percent_off_shows_within_half_a_minute,
	  a_clock_that_stood_still_shows_and_is_forgiven,
	  nothing_is_shown_before_it_is_known, what_is_no_clock_does_no_harm)
