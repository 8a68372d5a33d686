#define _GNU_SOURCE
#include <errno.h>

#include "tests/io/config_dir.h"

/* One mistake of form, and what is said of which line. */
struct mistake {
	const char *text;
	unsigned line;
	const char *what;
};

static const struct mistake mistakes[] = {
	/* values */
	{ "node = plant-a;", 1,
	  "node: a string stands in quotes: write \"plant-a\"" },
	{ "shared = /srv/a b # c", 1,
	  "shared: a string stands in quotes: write \"/srv/a b\"" },
	{ "http = { listen = 127.0.0.1:80; };", 1,
	  "http.listen: a string stands in quotes: write \"127.0.0.1:80\"" },
	{ "http = { max-body = 64K };", 1,
	  "http.max-body: a string stands in quotes: write \"64K\"" },
	{ "node = 'a';", 1,
	  "node: a string stands in double quotes: write \"a\"" },
	{ "services = { s = { command = [ \"x\" ]; essential = yes; }; };", 1,
	  "services.s.essential: \"yes\": write true or false" },
	{ "workers = 4 cores;", 1,
	  "workers: a ';' is missing before \"cores\", or quotes around" },
	{ "workers = 4294967297;", 1, "workers: no number is that large here" },
	{ "node = ;", 1, "node: a value is missing behind the '='" },
	{ "node =\nworkers = 3;", 1,
	  "node: a value is missing behind the '='" },
	{ "node = \"a\nworkers = 3;\n", 1,
	  "a string begins here and has no end: a '\"' is missing" },
	{ "node = \"a;\nuser = \"b\";\n", 1,
	  "a string begins here and ends in a later line: is its closing" },
	{ "node = \"a\";\n/* b\n", 2, "a comment begins here and has no end" },
	{ "node = \"a;\nuser = \"b\";\nhttp = { base = \"/\"; };\n", 1,
	  "a string begins here and ends in a later line: is its closing" },
	{ "workers = four;", 1, "workers: \"four\": a whole number is needed" },
	{ "log = { level = loud; };", 1,
	  "log.level: \"loud\": write \"err\", \"warn\", " },
	/* names */
	{ "\nnode \"a\";", 2, "node: a '=' is missing behind this name" },
	{ "http { base = \"/\"; };", 1,
	  "http: a '=' is missing behind this name" },
	{ "node\nworkers = 3;", 1,
	  "node: \"= VALUE\" is missing behind this name" },
	{ "http.base = \"/\";", 1, "\"http.base\" is no name: write it as a" },
	{ "jobs = { 9j = { command = [ \"x\" ]; }; };", 1,
	  "jobs: \"9j\" is no name: one has letters" },
	{ "\"node\" = \"a\";", 1, "a name stands without quotes" },
	{ "node = \"a\";\nnode = \"b\";", 2,
	  "node: is there already, in line 1: one of them has to go" },
	{ "= 3;", 1, "a name is missing before this" },
	{ "hello-world!", 1, "\"hello-world!\" is no setting; one looks like" },
	/* lists */
	{ "jobs = { j = { command = [ \"a\" \"b\" ]; }; };", 1,
	  "jobs.j.command: a comma is missing before this string; the two" },
	{ "jobs = { j = { command = [ \"a\",\n\"b\"\n\"c\" ]; }; };", 3,
	  "jobs.j.command: a comma is missing before this string; the two" },
	{ "jobs = { j = { command = [ \"a\", ]; }; };", 1,
	  "jobs.j.command: the comma before this ']' is one too many" },
	{ "jobs = { j = { command = [ \"a\", 1 ]; }; };", 1,
	  "jobs.j.command: what is in [ ] is of one kind: write \"1\" in" },
	{ "jobs = { j = { command = [ \"a\"; \"b\" ]; }; };", 1,
	  "jobs.j.command: a comma stands between the elements of a list" },
	{ "jobs = { j = { command = [ a, b ]; }; };", 1,
	  "jobs.j.command: a string stands in quotes: write \"a\"" },
	{ "jobs = { j = { command = [ \"a\" ); }; };", 1,
	  "jobs.j.command: the '[' of line 1 needs a ']' before this" },
	{ "jobs = { j = { command = { \"a\", \"b\" }; }; };", 1,
	  "jobs.j.command: a list of values stands in [ ], not in { }" },
	{ "jobs = { j = { command = [ \"a\" ]; env = [ A = \"b\" ]; }; };", 1,
	  "jobs.j.env: NAME = VALUE stands in { }; a list has values alone" },
	/* brackets */
	{ "\nhttp = {\n  base = \"/\";\n", 2,
	  "the '{' of this line is never closed" },
	{ "jobs = {\n  a = {\n    command = [ \"x\" ];\n  b = {\n"
	  "    command = [ \"x\" ];\n  };\n};\n",
	  2, "what opens here ends only in line 7, which is indented as the" },
	{ "http = { base = \"/\"; }; };", 1, "this '}' closes nothing" },
	{ "http = {\n  base = \"/\";\n  };\n};\n", 4,
	  "this '}' closes nothing; is the one in line 3, with its other" },
	{ "workers = 3;;", 1, "one ';' too many" },
	{ "http = {\n  processes = 3;\n# }", 1,
	  "the '{' of this line is never closed" },
	{ "services = { s = {\n command = [ \"x\"; }; };", 2,
	  "services.s.command: a comma stands between the elements of a" },
	/* what other programs read */
	{ "[http]\nbase = \"/\"\n", 1, "a group is written NAME = { ... };" },
	{ "http:\n  base: /\n", 1,
	  "a group stands in { }: write http = { ... };" },
	{ "{ \"node\": \"a\" }", 1, "NAME = is missing before the '{'" },
	{ "@include \"/etc/passwd\"\n", 1, "@include is not read here" },
	{ "node = \"a\"; @include \"/etc/passwd\"\n", 1,
	  "@include is not read here" },
};

START_TEST(a_mistake_of_form_is_told_once_with_its_line_and_cure)
{
	const struct mistake *mistake = &mistakes[_i];

	ck_assert_int_eq(load(mistake->text), -EINVAL);
	ck_assert_msg(count_errors() == 1, "%s\n%s", mistake->text, said);
	ck_assert_msg(says(mistake->line, mistake->what), "%s\n%s\nnot %s",
		      mistake->text, said, mistake->what);
	clean();
}
END_TEST

START_TEST(what_libconfig_allows_is_allowed)
{
	static const char *const good[] = {
		"node = \"a\"",
		"node: \"a\", workers: 3",
		"node = \"a\" workers = 3",
		"node = \"a\" \"b\";",
		"node = \"a\"\n  \"b\";",
		"workers = 0x10;",
		"http = { }\nlog = { level = \"info\" }",
		"services = { s = { command = ( \"a\" ); ok-exit = [ 1, 2 ]; "
		"enabled = FALSE; }; }",
		"services = { s = { command = [ \"sh\", \"-c\", \"a\nb\" ]; }; "
		"}",
		"/* { */ // {\n# {\nnode = \"{ # \\\" [\"; \n",
		"\xef\xbb\xbfworkers = 3;\r\n",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int rc = load(good[i]);

		/* "{ # ..." is no node's name, but that is all. */
		ck_assert_msg(rc == 0 || strstr(said, "a name has letters"),
			      "%s\n%s", good[i], said);
	}
	clean();
}
END_TEST

START_TEST(behind_a_mistake_of_form_the_rest_is_judged)
{
	ck_assert_int_eq(load("node = plant a;\n"
			      "workers = 0;\n"
			      "http = { base = \"/\";;\n"
			      "  max-body = 3;\n"
			      "  lissten = \"[::]:1\"; };\n"
			      "jobs = {\n"
			      "  a = { command = [ \"x\" \"y\" ];\n"
			      "        timeout = 5m; keep = 3; };\n"
			      "  b { command = x;\n"
			      "      backoff = \"2m\"; };\n"
			      "  c = { params = { p = { match = x; }; };\n"
			      "        command = [ \"${param.p}\" ]; };\n"
			      "};\n"),
			 -EINVAL);
	ck_assert_msg(count_errors() == 12, "%s", said);
	ck_says(1, "node: \"plant a\": a name has letters");
	ck_says(2, "workers: \"0\": out of range");
	ck_says(3, "http: one ';' too many");
	ck_says(4, "http.max-body: a size needs a unit");
	ck_says(5, "http.lissten: unknown key; did you mean \"listen\"?");
	ck_says(7, "jobs.a.command: a comma is missing");
	ck_says(8, "jobs.a.timeout: a string stands in quotes: write \"5m\"");
	ck_says(8, "jobs.a.keep: a duration needs a unit");
	ck_says(9, "jobs.b: a '=' is missing");
	ck_says(9, "jobs.b.command: a list: ");
	ck_says(10, "jobs.b.backoff: is above \"backoff-max\"");
	ck_says(11, "jobs.c.params.p.match: a string stands in quotes");
	clean();
}
END_TEST

START_TEST(a_unit_whose_form_is_wrong_is_not_missed_by_others)
{
	ck_assert_int_eq(load("services = { a = { command = [ \"x\" ]; "
			      "after = [ \"b\" ]; };\nb = 3 4; };"),
			 -EINVAL);
	ck_assert_msg(count_errors() == 1, "%s", said);
	forget();
	write_text("a.conf.d/10.conf", "services = {\n");
	ck_assert_int_eq(load("services = { a = { command = [ \"x\" ]; "
			      "after = [ \"b\" ]; }; };"),
			 -EINVAL);
	ck_assert_msg(count_errors() == 1, "%s", said);
	clean();
}
END_TEST

START_TEST(each_bracket_that_is_never_closed_is_told)
{
	ck_assert_int_eq(load("services = {\n s = {\n command = [ \"x\""),
			 -EINVAL);
	ck_assert_msg(count_errors() == 3, "%s", said);
	ck_says(1, "the '{' of this line is never closed");
	ck_says(2, "the '{' of this line is never closed");
	ck_says(3, "services.s.command: the '[' of this line is never closed");
	clean();
}
END_TEST

START_TEST(what_nests_deeply_is_refused)
{
	char text[4096] = "a = ";

	memset(text + 4, '(', 4000);
	ck_assert_int_eq(load(text), -EINVAL);
	ck_says(1, "groups and lists are nested too deeply here");
	clean();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("conffile syntax");
	Suite *suite = suite_create("conffile syntax");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
		tcase, a_mistake_of_form_is_told_once_with_its_line_and_cure, 0,
		sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tcase, what_libconfig_allows_is_allowed);
	tcase_add_test(tcase, behind_a_mistake_of_form_the_rest_is_judged);
	tcase_add_test(tcase,
		       a_unit_whose_form_is_wrong_is_not_missed_by_others);
	tcase_add_test(tcase, each_bracket_that_is_never_closed_is_told);
	tcase_add_test(tcase, what_nests_deeply_is_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
