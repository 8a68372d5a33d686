#include "core/route.h"

#include <errno.h>
#include <stdio.h>

#include "tests/core/test.h"

#define ID "0123456789abcdefghjkmnpqrs"

static enum route_name name_of(const char *path)
{
	return route_find(text_of(path)).name;
}

START_TEST(every_resource_has_its_path)
{
	ck_assert_int_eq(name_of("/"), ROUTE_ASSET);
	ck_assert_int_eq(name_of("/app.js"), ROUTE_ASSET);
	ck_assert_int_eq(name_of("/v1/jobs"), ROUTE_JOBS);
	ck_assert_int_eq(name_of("/v1/jobs/" ID), ROUTE_JOB);
	ck_assert_int_eq(name_of("/v1/jobs/" ID "/output"), ROUTE_JOB_OUTPUT);
	ck_assert_int_eq(name_of("/v1/jobs/" ID "/log"), ROUTE_JOB_LOG);
	ck_assert_int_eq(name_of("/v1/status"), ROUTE_STATUS);
	ck_assert_int_eq(name_of("/healthz"), ROUTE_HEALTHZ);
	ck_assert_int_eq(name_of("/readyz"), ROUTE_READYZ);
	ck_assert_int_eq(name_of("/version"), ROUTE_VERSION);
	ck_assert_int_eq(name_of("/metrics"), ROUTE_METRICS);
	ck_assert_int_eq(name_of("/v1/events"), ROUTE_EVENTS);
	ck_assert_int_eq(name_of("/v1/reload"), ROUTE_RELOAD);
	ck_assert_int_eq(name_of("/v1/node/drain"), ROUTE_DRAIN);
	ck_assert_int_eq(name_of("/v1/services"), ROUTE_UNITS);
	ck_assert_int_eq(name_of("/v1/services/web"), ROUTE_UNIT);
	ck_assert_int_eq(name_of("/v1/services/web/stop"), ROUTE_UNIT_ACTION);
	ck_assert_int_eq(name_of("/v1/services/web/log"), ROUTE_UNIT_LOG);
	ck_assert_int_eq(name_of("/v1/singletons"), ROUTE_UNITS);
	ck_assert_int_eq(name_of("/v1/singletons/a-b"), ROUTE_UNIT);
	ck_assert_int_eq(name_of("/v1/singletons/a-b/start"),
			 ROUTE_UNIT_ACTION);
	ck_assert_int_eq(name_of("/v1/singletons/a-b/log"), ROUTE_UNIT_LOG);
	ck_assert_int_eq(name_of("/v1/nodes"), ROUTE_NODES);
	ck_assert_int_eq(name_of("/v1/nodes/a"), ROUTE_NONE);
	ck_assert_int_eq(name_of("/v1/names"), ROUTE_NAMES);
	ck_assert_int_eq(name_of("/v1/names/a-b"), ROUTE_NAME);
}
END_TEST

START_TEST(a_unit_route_carries_the_kind)
{
	static const char *const rests[] = { "", "/a-b", "/a-b/start",
					     "/a-b/log" };
	char path[64];

	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		snprintf(path, sizeof(path), "/v1/services%s", rests[i]);
		ck_assert_int_eq(route_find(text_of(path)).kind, UNIT_SERVICE);
		snprintf(path, sizeof(path), "/v1/singletons%s", rests[i]);
		ck_assert_int_eq(route_find(text_of(path)).kind,
				 UNIT_SINGLETON);
	}
}
END_TEST

START_TEST(a_unit_route_carries_name_and_action)
{
	struct route route = route_find(text_of("/v1/services/web/stop"));

	ck_assert(text_is(route.about, "web"));
	ck_assert(text_is(route.action, "stop"));
	ck_assert_uint_eq(route.methods, METHOD_POST);
}
END_TEST

START_TEST(a_job_route_carries_the_id)
{
	struct route route = route_find(text_of("/v1/jobs/" ID "/log"));

	ck_assert(text_is(route.about, ID));
	ck_assert(text_is(route_find(text_of("/app.js")).about, "app.js"));
}
END_TEST

START_TEST(paths_that_are_not_exactly_a_route_are_none)
{
	static const char *const paths[] = {
		"",
		"v1/jobs",
		"//",
		"/v1",
		"/v1/",
		"/v1/jobs/",
		"/v1/jobs/" ID "/",
		"/v1/jobs/" ID "/output/",
		"/v1/jobs/" ID "x",
		"/v1/jobs/../jobs/" ID,
		"/v1/jobs/0123456789ABCDEFGHJKMNPQRS",
		"/v1/jobs/0123456789abcdefghjkmnpqr",
		"/v1/jobs/0123456789abcdefghjkmnpqri",
		"/v1/jobs/../../../../etc/passwd",
		"/v1/jobs/" ID "/../" ID,
		"/a/b",
		"/v1/services/",
		"/v1/services/../web",
		"/v1/services/web/",
		"/v1/services/web/stop/now",
		"/v1/services/WEB",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		enum route_name name = name_of(paths[i]);

		ck_assert_msg(name == ROUTE_NONE || name == ROUTE_ASSET, "%s",
			      paths[i]);
		ck_assert_msg(name == ROUTE_NONE ||
				      strchr(paths[i] + 1, '/') == NULL,
			      "%s", paths[i]);
	}
}
END_TEST

START_TEST(methods_not_listed_are_not_allowed)
{
	ck_assert_uint_eq(route_find(text_of("/v1/jobs/" ID)).methods,
			  METHOD_GET | METHOD_HEAD | METHOD_DELETE);
	ck_assert_str_eq(route_allow(route_find(text_of("/v1/jobs")).methods),
			 "GET, HEAD, POST");
	ck_assert_int_eq(route_method(text_of("get")), METHOD_OTHER);
	ck_assert_int_eq(route_method(text_of("DELETE")), METHOD_DELETE);
}
END_TEST

START_TEST(the_base_is_taken_off_the_path)
{
	struct text path = text_of("/hold/v1/jobs");

	ck_assert_int_eq(route_below(text_of("/hold/"), &path), 0);
	ck_assert(text_is(path, "/v1/jobs"));
	path = text_of("/hold");
	ck_assert_int_eq(route_below(text_of("/hold/"), &path), -EAGAIN);
	path = text_of("/holder");
	ck_assert_int_eq(route_below(text_of("/hold/"), &path), -ENOENT);
	path = text_of("/x");
	ck_assert_int_eq(route_below(text_of("/"), &path), 0);
	ck_assert(text_is(path, "/x"));
}
END_TEST

TEST_MAIN("route", every_resource_has_its_path, a_unit_route_carries_the_kind,
	  a_unit_route_carries_name_and_action, a_job_route_carries_the_id,
	  paths_that_are_not_exactly_a_route_are_none,
	  methods_not_listed_are_not_allowed, the_base_is_taken_off_the_path)
