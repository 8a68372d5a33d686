#include "core/problem.h"

#include <errno.h>

#include "tests/core/test.h"

static char buf[PROBLEM_JSON_MAX];

START_TEST(a_problem_says_what_and_where)
{
	struct problem problem = {
		.status = 422,
		.detail = text_of("\"month\" is required"),
		.field = text_of("month"),
	};

	ck_assert_int_gt(problem_json(&problem, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "{\"status\":422,"
			      "\"title\":\"Unprocessable Content\","
			      "\"detail\":\"\\\"month\\\" is required\","
			      "\"field\":\"month\"}");
}
END_TEST

START_TEST(a_document_that_does_not_fit_is_refused)
{
	struct problem problem = { .status = 404 };

	ck_assert_int_eq(problem_json(&problem, buf, 16), -ENOSPC);
}
END_TEST

TEST_MAIN("problem", a_problem_says_what_and_where,
	  a_document_that_does_not_fit_is_refused)
