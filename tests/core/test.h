/* test - what every Check program here begins with: TEST_MAIN(name, tests…) */
#ifndef HOLDFAST_TESTS_TEST_H
#define HOLDFAST_TESTS_TEST_H

#include <check.h>
#include <stdlib.h>

#define TEST_MAIN(NAME, ...)                                                  \
	int main(void)                                                        \
	{                                                                     \
		const TTest *tests[] = { __VA_ARGS__ };                       \
		TCase *tcase = tcase_create(NAME);                            \
		Suite *suite = suite_create(NAME);                            \
		SRunner *runner;                                              \
		int failed;                                                   \
                                                                              \
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) \
			tcase_add_test(tcase, tests[i]);                      \
		tcase_set_timeout(tcase, 180);                                \
		suite_add_tcase(suite, tcase);                                \
		runner = srunner_create(suite);                               \
		srunner_run_all(runner, CK_ENV);                              \
		failed = srunner_ntests_failed(runner);                       \
		srunner_free(runner);                                         \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;             \
	}

#endif
