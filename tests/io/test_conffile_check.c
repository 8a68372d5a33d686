#define _GNU_SOURCE
#include <errno.h>

#include "tests/io/config_dir.h"

/* One mistake: the settings of a job (line 1 is its head), and what is said. */
struct mistake {
	const char *settings;
	const char *what;
};

static const struct mistake mistakes[] = {
	{ "command = \"ls -l\";", "jobs.j.command: a list: " },
	{ "command = [];", "jobs.j.command: must not be empty" },
	{ "command = [ \"\" ];",
	  "jobs.j.command: the program to run must not" },
	{ "command = ( \"a\", 1 );",
	  "jobs.j.command: everything in this list is a string" },
	{ "timeout = 30;", "jobs.j.timeout: a duration needs a unit" },
	{ "timeout = \"30\";",
	  "jobs.j.timeout: \"30\": a duration needs a unit" },
	{ "timeout = \"1 parsec\";", "jobs.j.timeout: \"1 parsec\": " },
	{ "timeout = \"400d\";", "jobs.j.timeout: \"400d\": out of range, " },
	{ "timeout = true;", "jobs.j.timeout: a duration in quotes" },
	{ "keep = \"none\";", "jobs.j.keep: \"none\": a duration looks like" },
	{ "attempts = 0;", "jobs.j.attempts: \"0\": out of range" },
	{ "attempts = -1;", "jobs.j.attempts: \"-1\": out of range" },
	{ "attempts = 1.5;", "jobs.j.attempts: a whole number is needed, this "
			     "is a fraction" },
	{ "enabled = 1;", "jobs.j.enabled: true or false is needed" },
	{ "umask = 022;", "jobs.j.umask: a string in quotes" },
	{ "umask = \"089\";", "jobs.j.umask: \"089\": octal digits" },
	{ "dir = \"tmp\";", "jobs.j.dir: \"tmp\": a path begins with '/'" },
	{ "output = \"a/b\";", "jobs.j.output: \"a/b\": a file's name" },
	{ "output = \"${param.y}\";",
	  "jobs.j.output: ${param.y}: no such parameter" },
	{ "output = \"${job.token}\";",
	  "jobs.j.output: ${job.token} is not known here" },
	{ "command = [ \"a\", \"${param.mnth}\" ]; params = { month = {}; };",
	  "jobs.j.command: ${param.mnth}: no such parameter; did you mean "
	  "\"month\"?" },
	{ "command = [ \"a\", \"${job.nothing}\" ];",
	  "jobs.j.command: ${job.nothing} is not known here" },
	{ "command = [ \"${a.b}\" ];", "jobs.j.command: \"${a.b}\" is no" },
	{ "unique = \"$${param.x}\";", "jobs.j.unique: " },
	{ "type = \"pdf\";", "jobs.j.type: \"pdf\": a media type" },
	{ "type = \"a/b\\r\\nX: y\";", "jobs.j.type: " },
	{ "params = { p = { match = \"[0-9\"; }; };",
	  "jobs.j.params.p.match: \"[0-9\": no regular expression" },
	{ "params = { p = { match = \"[0-9]+\"; default = \"x\"; }; };",
	  "jobs.j.params.p: the default \"x\" has the wrong form" },
	{ "params = { a-b = {}; a_B = {}; };",
	  "jobs.j.params.a_B: too like \"a-b\"" },
	{ "params = { p = 1; };", "jobs.j.params.p: a parameter is a group" },
	{ "ok-exit = [ 256 ];", "jobs.j.ok-exit: exit codes are" },
	{ "ready = \"fd:2\";", "jobs.j.ready: \"fd:2\": write " },
	{ "ready = \"tcp:0\";", "jobs.j.ready: \"tcp:0\": write " },
	{ "ready = \"tcp:db:80\";", "jobs.j.ready: \"tcp:db:80\": write " },
	{ "max-restarts = 1001;", "jobs.j.max-restarts: " },
	{ "log = \"journal\";", "jobs.j.log: \"journal\": write \"stderr\"" },
	{ "env = [ \"A\" ];", "jobs.j.env: write \"NAME=VALUE\"" },
	{ "env = { HOLDFAST_X = \"\"; };",
	  "jobs.j.env.HOLDFAST_X: HOLDFAST_ names are" },
	{ "after = [ \"j\" ];", "jobs.j.after: a unit can't start after" },
	{ "after = [ \"x\" ];",
	  "jobs.j.after: there is no service or singleton \"x\"" },
	{ "backoff = \"2m\";", "jobs.j.backoff: is above \"backoff-max\"" },
	{ "cron = \"* * * * *\";",
	  "jobs.j.cron: unknown key; it belongs to \"singletons\"" },
	{ "limits = { memory = \"1K\"; };", "jobs.j.limits.memory: \"1K\": out "
					    "of range, from 1M to 1024T, or "
					    "\"none\"" },
};

START_TEST(a_mistake_in_a_unit_is_told_with_its_line)
{
	const struct mistake *mistake = &mistakes[_i];
	char text[512];

	snprintf(text, sizeof(text), "jobs = { j = {\n%s\n%s }; };",
		 mistake->settings,
		 strstr(mistake->settings, "command") == NULL
			 ? "command = [ \"/bin/true\" ];"
			 : "");
	ck_assert_int_eq(load(text), -EINVAL);
	ck_says(2, mistake->what);
	ck_assert_msg(count_errors() == 1, "%s", said);
	clean();
}
END_TEST

START_TEST(a_unit_without_command_is_told_at_its_head)
{
	ck_assert_int_eq(load("\njobs = { j = { }; };"), -EINVAL);
	ck_says(2, "jobs.j: has no \"command\"");
	clean();
}
END_TEST

START_TEST(names_of_units_have_an_alphabet_and_are_unique)
{
	ck_assert_int_eq(load("jobs = { Big = { command = [ \"a\" ]; }; };"),
			 -EINVAL);
	ck_says(1, "jobs.Big: a unit's name has lower-case letters");
	ck_assert_int_eq(load("jobs = { j = { command = [ \"a\" ]; }; };\n"
			      "services = { j = { command = [ \"a\" ]; }; };"),
			 -EINVAL);
	ck_says(2, "services.j: there is a unit of this name already");
	ck_assert_int_eq(load("jobs = { j = 1; };"), -EINVAL);
	ck_says(1, "jobs.j: a unit is a group");
	clean();
}
END_TEST

START_TEST(units_that_wait_for_each_other_are_told)
{
	ck_assert_int_eq(load("services = {\n"
			      "a = { command = [ \"a\" ]; after = [ \"b\" ]; "
			      "};\n"
			      "b = { command = [ \"a\" ]; after = [ \"c\" ]; "
			      "};\n"
			      "c = { command = [ \"a\" ]; after = [ \"a\" ]; "
			      "};\n"
			      "d = { command = [ \"a\" ]; };\n"
			      "e = { command = [ \"a\" ]; after = [ \"d\", "
			      "\"c\" ]; };\n"
			      "f = { command = [ \"a\" ]; after = [ \"d\",\n"
			      "\"g\" ]; };\n"
			      "g = { command = [ \"a\" ]; after = [ \"f\" ]; "
			      "}; };"),
			 -EINVAL);
	/* e is in no circle, it only waits for one. */
	ck_assert_uint_eq(count_errors(), 2);
	ck_says(2, "services.a.after: goes in a circle: a after b after c "
		   "after a; take one of these out");
	ck_says(8, "services.f.after: goes in a circle: f after g after f");
	ck_assert_int_eq(load("services = {\n"
			      "a = { command = [ \"a\" ]; after = [ \"b\" ]; "
			      "};\n"
			      "b = { command = [ \"a\" ]; }; };"),
			 0);
	clean();
}
END_TEST

START_TEST(singletons_and_services_know_nothing_of_jobs)
{
	ck_assert_int_eq(load("services = { a = { command = [ \"a\", "
			      "\"${job.id}\" ]; }; };"),
			 -EINVAL);
	ck_says(1, "services.a.command: ${job.id} is known only in a job");
	ck_assert_int_eq(load("singletons = { a = { command = [ \"a\" ];\n"
			      "every = \"1s\"; cron = \"@daily\"; }; };"),
			 -EINVAL);
	ck_says(2, "singletons.a.cron: \"every\" and \"cron\" exclude each "
		   "other");
	clean();
}
END_TEST

/* The settings of a singleton. */
static const struct mistake times[] = {
	{ "cron = \"0 24 * * *\";",
	  "singletons.s.cron: \"0 24 * * *\": hour 24 is beyond 23 (at "
	  "character 3)" },
	{ "cron = \"0 3 * *\";",
	  "singletons.s.cron: \"0 3 * *\": the weekday is missing: write" },
	{ "cron = \"0 0 31 2 *\";",
	  "singletons.s.cron: \"0 0 31 2 *\": never comes: " },
	{ "cron = \"\";", "singletons.s.cron: \"\": the minute is missing" },
	{ "cron = \"@dayly\"; missed = \"skip\"; time-zone = \"UTC\";",
	  "singletons.s.cron: \"@dayly\": @dayly is not known: write" },
	{ "cron = \"@daily\"; time-zone = \"/etc/passwd\";",
	  "singletons.s.time-zone: \"/etc/passwd\": this machine knows no "
	  "such time zone; one looks like \"Europe/Berlin\"" },
	{ "every = \"1m\"; time-zone = \"UTC\";",
	  "singletons.s.time-zone: needs \"cron\"" },
	{ "missed = \"run-once\";",
	  "singletons.s.missed: needs \"every\" or \"cron\": a singleton" },
};

START_TEST(a_mistake_in_a_time_is_told_with_its_cure)
{
	const struct mistake *mistake = &times[_i];
	char text[512];

	snprintf(text, sizeof(text),
		 "singletons = { s = { command = [ \"a\" ];\n%s }; };",
		 mistake->settings);
	ck_assert_int_eq(load(text), -EINVAL);
	ck_says(2, mistake->what);
	ck_assert_msg(count_errors() == 1, "%s", said);
	clean();
}
END_TEST

START_TEST(the_time_zone_that_was_meant_is_named)
{
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		return;
	ck_assert_int_eq(load("singletons = { s = { command = [ \"a\" ];\n"
			      "cron = \"@daily\";\n"
			      "time-zone = \"Europe/Belin\"; }; };"),
			 -EINVAL);
	ck_says(3, "singletons.s.time-zone: \"Europe/Belin\": this machine "
		   "knows no such time zone; did you mean \"Europe/Berlin\"?");
	clean();
}
END_TEST

START_TEST(good_times_are_taken)
{
	ck_assert_int_eq(load("singletons = {\n"
			      "a = { command = [ \"a\" ]; every = \"1m\"; "
			      "missed = \"skip\"; };\n"
			      "b = { command = [ \"a\" ]; cron = \"15 3 * * "
			      "mon-fri\"; time-zone = \"UTC\"; missed = "
			      "\"run-once\"; }; };"),
			 0);
	ck_assert_str_eq(config->units[1].cron, "15 3 * * mon-fri");
	ck_assert_str_eq(config->units[1].time_zone, "UTC");
	clean();
}
END_TEST

/* COUNT singletons, one a line. */
static int load_many(unsigned count)
{
	static const char form[] = " u0000 = { command = [ \"x\" ]; };\n";
	const size_t len = sizeof(form) - 1;
	char *text = malloc(32 + (count + 1) * len);
	char *at = text;
	int rc;

	ck_assert_ptr_nonnull(text);
	at += sprintf(at, "singletons = {\n");
	for (unsigned i = 0; i < count; i++)
		at += sprintf(at, " u%04u = { command = [ \"x\" ]; };\n", i);
	sprintf(at, "};\n");
	rc = load(text);
	free(text);
	return rc;
}

START_TEST(no_more_than_a_node_has_places_for)
{
	ck_assert_int_eq(load_many(CONFIG_KEPT_MAX), 0);
	ck_assert_int_eq(load_many(CONFIG_KEPT_MAX + 1), -EINVAL);
	ck_says(CONFIG_KEPT_MAX + 2,
		"singletons.u1000: more than 1000 singletons");
	clean();
}
END_TEST

START_TEST(places_of_the_node_are_checked)
{
	ck_assert_int_eq(load("shared = \"/a\"; state = \"/a\";"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(said, "must be two directories"));
	ck_assert_int_eq(load("state = \"run\";"), -EINVAL);
	ck_assert_int_eq(load("cluster = { };"), -EINVAL);
	ck_says(1, "cluster: has no \"name\"");
	ck_assert_int_eq(load("cluster = { name = \"x\"; peers = [ \"host\" ]; "
			      "};"),
			 -EINVAL);
	ck_says(1, "cluster.peers: \"host\": a peer looks like");
	ck_assert_int_eq(load("node = \"a b\";"), -EINVAL);
	ck_says(1, "node: \"a b\": a name has letters");
	ck_assert_int_eq(load("http = { trusted-proxies = [ \"x\" ]; };"),
			 -EINVAL);
	clean();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("conffile_check");
	Suite *suite = suite_create("conffile_check");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, a_mistake_in_a_unit_is_told_with_its_line, 0,
			    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tcase, a_unit_without_command_is_told_at_its_head);
	tcase_add_test(tcase, names_of_units_have_an_alphabet_and_are_unique);
	tcase_add_test(tcase, units_that_wait_for_each_other_are_told);
	tcase_add_test(tcase, singletons_and_services_know_nothing_of_jobs);
	tcase_add_loop_test(tcase, a_mistake_in_a_time_is_told_with_its_cure, 0,
			    sizeof(times) / sizeof(times[0]));
	tcase_add_test(tcase, the_time_zone_that_was_meant_is_named);
	tcase_add_test(tcase, good_times_are_taken);
	tcase_add_test(tcase, no_more_than_a_node_has_places_for);
	tcase_add_test(tcase, places_of_the_node_are_checked);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
