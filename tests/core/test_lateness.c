#include "core/lateness.h"

#include "tests/core/test.h"

#define LOOK_MS	 1000
#define LIMIT_MS 10000

static bool look(struct lateness *lateness, int64_t sign, int64_t now_ms)
{
	return lateness_look(lateness, sign, now_ms, LOOK_MS, LIMIT_MS);
}

START_TEST(who_shows_signs_is_never_late)
{
	struct lateness lateness;

	lateness_reset(&lateness, 0);
	for (int64_t now_ms = 0; now_ms < 100000; now_ms += LOOK_MS)
		ck_assert(!look(&lateness, now_ms, now_ms));
}
END_TEST

START_TEST(who_is_silent_is_late_at_the_limit)
{
	struct lateness lateness;

	lateness_reset(&lateness, 0);
	ck_assert(!look(&lateness, 7, 0));
	for (int64_t now_ms = LOOK_MS; now_ms < LIMIT_MS; now_ms += LOOK_MS)
		ck_assert(!look(&lateness, 7, now_ms));
	ck_assert(look(&lateness, 7, LIMIT_MS));
}
END_TEST

START_TEST(time_in_which_the_watcher_slept_does_not_count)
{
	struct lateness lateness;

	lateness_reset(&lateness, 0);
	ck_assert(!look(&lateness, 7, 0));
	ck_assert(!look(&lateness, 7, 3600000));
	ck_assert(!look(&lateness, 8, 3601000));
}
END_TEST

TEST_MAIN("lateness", who_shows_signs_is_never_late,
	  who_is_silent_is_late_at_the_limit,
	  time_in_which_the_watcher_slept_does_not_count)
