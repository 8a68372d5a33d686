#include "core/sweep.h"

#include "tests/core/test.h"

#define NOW  INT64_C(1000000000000)
#define HELD UINT64_C(0x300000005)

static struct sweep sweep;

static struct job ended(enum job_state state)
{
	return (struct job){ .state = state,
			     .held = HELD,
			     .version = { .token = HELD, .step = 7 },
			     .expires_ms = NOW + 1 };
}

START_TEST(what_a_live_job_left_is_for_its_next_attempt)
{
	struct job job = ended(JOB_PENDING);

	job.expires_ms = 0;
	job.attempt = 2;
	ck_assert(!sweep_judge(&job, NOW, &sweep));
	job.state = JOB_PROCESSING;
	job.attempt = 1;
	ck_assert(!sweep_judge(&job, NOW, &sweep));
}
END_TEST

START_TEST(what_an_attempt_that_runs_has_not_taken_over_goes)
{
	struct job job = ended(JOB_PROCESSING);

	job.expires_ms = 0;
	job.attempt = 2;
	ck_assert(sweep_judge(&job, NOW, &sweep));
	ck_assert_uint_eq(sweep.below, HELD);
	ck_assert_uint_eq(sweep.held, 0);
}
END_TEST

START_TEST(of_a_ready_job_the_output_and_the_log_stay)
{
	struct job job = ended(JOB_READY);

	ck_assert(sweep_judge(&job, NOW, &sweep));
	ck_assert_uint_eq(sweep.below, HELD);
	ck_assert_uint_eq(sweep.held, HELD);
	ck_assert(sweep.keeps_output);
	ck_assert_int_eq(sweep.before_ms, INT64_MAX);
}
END_TEST

START_TEST(of_a_failed_job_only_the_log_stays)
{
	struct job job = ended(JOB_ERROR);

	ck_assert(sweep_judge(&job, NOW, &sweep));
	ck_assert_uint_eq(sweep.held, HELD);
	ck_assert(!sweep.keeps_output);
}
END_TEST

START_TEST(a_job_that_never_ran_left_nothing)
{
	struct job job = ended(JOB_CANCELLED);

	job.held = 0;
	ck_assert(!sweep_judge(&job, NOW, &sweep));
}
END_TEST

START_TEST(of_an_expired_or_forgotten_job_all_goes_but_what_came_later)
{
	struct job job = ended(JOB_READY);

	job.version.token = HELD + 3; /* forgotten under it */
	job.forgotten = true;
	ck_assert(sweep_judge(&job, NOW, &sweep));
	ck_assert_uint_eq(sweep.below, HELD + 4);
	ck_assert_uint_eq(sweep.held, 0);
	job = ended(JOB_READY);
	ck_assert(sweep_judge(&job, job.expires_ms, &sweep));
	ck_assert_uint_eq(sweep.below, HELD + 1);
	ck_assert_uint_eq(sweep.held, 0);
}
END_TEST

START_TEST(of_an_unknown_job_all_goes_that_is_old)
{
	ck_assert(sweep_judge(NULL, NOW, &sweep));
	ck_assert_uint_eq(sweep.below, UINT64_MAX);
	ck_assert_uint_eq(sweep.held, 0);
	ck_assert_int_eq(sweep.before_ms, NOW - SWEEP_UNKNOWN_MS);
}
END_TEST

TEST_MAIN("sweep", what_a_live_job_left_is_for_its_next_attempt,
	  what_an_attempt_that_runs_has_not_taken_over_goes,
	  of_a_ready_job_the_output_and_the_log_stay,
	  of_a_failed_job_only_the_log_stays, a_job_that_never_ran_left_nothing,
	  of_an_expired_or_forgotten_job_all_goes_but_what_came_later,
	  of_an_unknown_job_all_goes_that_is_old)
