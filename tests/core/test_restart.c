#include "core/restart.h"

#include <stddef.h>

#include "tests/core/test.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

struct step {
	int64_t started_ms;
	int64_t ended_ms;
	int64_t verdict;
};

static void check(const struct restart_policy *policy, const struct step *steps,
		  size_t count)
{
	struct restart restart = { 0 };

	for (size_t i = 0; i < count; i++) {
		restart_started(&restart, steps[i].started_ms);
		ck_assert_msg(
			restart_ended(&restart, policy, steps[i].ended_ms) ==
				steps[i].verdict,
			"step %zu", i);
	}
}

START_TEST(more_ends_than_allowed_in_the_time_give_up)
{
	static const struct restart_policy policy = {
		.max = 3, .within_ms = 5000, .at_once = 99, .calm_ms = 5000
	};
	static const struct step steps[] = {
		{ 0, 1000, 0 },
		{ 1000, 2000, 0 },
		{ 2000, 3000, 0 },
		{ 3000, 5999, RESTART_GIVE_UP },
	};

	check(&policy, steps, COUNT(steps));
}
END_TEST

START_TEST(ends_that_fall_out_of_the_time_are_forgotten)
{
	static const struct restart_policy policy = {
		.max = 3, .within_ms = 5000, .at_once = 99, .calm_ms = 5000
	};
	static const struct step steps[] = {
		{ 0, 1000, 0 },	   { 1000, 2000, 0 },
		{ 2000, 3000, 0 }, { 3000, 6000, 0 },
		{ 6000, 7000, 0 }, { 7000, 7001, RESTART_GIVE_UP },
	};

	check(&policy, steps, COUNT(steps));
}
END_TEST

START_TEST(the_pause_grows_by_steps_up_to_its_cap)
{
	static const struct restart_policy policy = { .at_once = 2,
						      .step_ms = 1000,
						      .pause_max_ms = 2500,
						      .calm_ms = 10000 };
	static const struct step steps[] = {
		{ 0, 1, 0 },	      { 1, 2, 0 },
		{ 2, 3, 1000 },	      { 1003, 1004, 2000 },
		{ 3004, 3005, 2500 }, { 5505, 5506, 2500 },
	};

	check(&policy, steps, COUNT(steps));
}
END_TEST

START_TEST(a_calm_time_lets_the_pause_begin_anew)
{
	static const struct restart_policy policy = { .at_once = 1,
						      .step_ms = 1000,
						      .pause_max_ms = 9000,
						      .calm_ms = 10000 };
	static const struct step steps[] = {
		{ 0, 1, 0 },
		{ 1, 2, 1000 },
		{ 1002, 11001, 2000 },
		{ 13001, 23001, 0 },
		{ 23001, 23002, 1000 },
	};

	check(&policy, steps, COUNT(steps));
}
END_TEST

START_TEST(without_a_limit_it_never_gives_up)
{
	static const struct restart_policy policy = {
		.at_once = 1, .step_ms = 1, .pause_max_ms = 5, .calm_ms = 1000
	};
	struct restart restart = { 0 };

	for (int i = 0; i < 1000; i++)
		ck_assert_int_ne(restart_ended(&restart, &policy, 0),
				 RESTART_GIVE_UP);
}
END_TEST

START_TEST(the_highest_limit_is_counted_in_full)
{
	static const struct restart_policy policy = { .max = RESTART_LIMIT_MAX,
						      .within_ms = 1000,
						      .at_once = 999,
						      .calm_ms = 1000 };
	struct restart restart = { 0 };

	for (int i = 0; i < RESTART_LIMIT_MAX; i++)
		ck_assert_int_eq(restart_ended(&restart, &policy, i), 0);
	ck_assert_int_eq(restart_ended(&restart, &policy, 999),
			 RESTART_GIVE_UP);
}
END_TEST

TEST_MAIN("restart", more_ends_than_allowed_in_the_time_give_up,
	  ends_that_fall_out_of_the_time_are_forgotten,
	  the_pause_grows_by_steps_up_to_its_cap,
	  a_calm_time_lets_the_pause_begin_anew,
	  without_a_limit_it_never_gives_up,
	  the_highest_limit_is_counted_in_full)
