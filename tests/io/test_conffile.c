#define _GNU_SOURCE
#include "io/conffile.h"

#include <errno.h>
#include <signal.h>

#include "io/log.h"
#include "tests/io/config_dir.h"

#define JOB(REST) "jobs = { j = { command = [ \"/bin/true\" ]; " REST " }; };"

static const struct unit *job(void)
{
	return config_unit(config, UNIT_JOB, "j", 1);
}

/* The example of the manual, which has every group. */
static char *example(size_t *len)
{
	const char *srcdir = getenv("SRCDIR");
	char path[512];
	char *text = malloc(16384);
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/io/example.conf",
		 srcdir != NULL ? srcdir : ".");
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	*len = fread(text, 1, 16383, file);
	text[*len] = '\0';
	fclose(file);
	return text;
}

START_TEST(an_empty_file_is_a_node_with_every_default)
{
	ck_assert_int_eq(load(""), 0);
	ck_assert_uint_eq(config->units_count, 0);
	ck_assert_uint_ge(config->workers, 1);
	ck_assert_uint_gt(strlen(config->node), 0);
	ck_assert_int_eq(config->shared[0], '/');
	ck_assert_int_eq(config->state[0], '/');
	ck_assert_str_ne(config->shared, config->state);
	ck_assert_ptr_null(config->user);
	ck_assert(!config->cluster.present);
	ck_assert_uint_eq(config->http.listen.count, 1);
	ck_assert_str_eq(config->http.listen.at[0], "127.0.0.1:8080");
	ck_assert_ptr_null(config->http.listen.at[1]);
	ck_assert_uint_eq(config->http.processes, 2);
	ck_assert_uint_eq(config->http.max_body, 65536);
	ck_assert_str_eq(config->http.base, "/");
	ck_assert_int_eq(config->log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(config->log_format, LOG_TEXT);
	clean();
}
END_TEST

START_TEST(a_job_of_one_line_has_every_default)
{
	ck_assert_int_eq(load(JOB("")), 0);
	ck_assert_uint_eq(job()->attempts, 1);
	ck_assert_int_eq(job()->keep_ms, 86400000);
	ck_assert_int_eq(job()->timeout_ms, 0);
	ck_assert_int_eq(job()->stop_timeout_ms, 10000);
	ck_assert_int_eq(job()->stop_signal, SIGTERM);
	ck_assert_int_eq(job()->unique, UNIQUE_NONE);
	ck_assert_int_eq(job()->when_busy, BUSY_JOIN);
	ck_assert_uint_eq(job()->max_pending, 1000);
	ck_assert_uint_eq(job()->per_node, 0);
	ck_assert_uint_eq(job()->max_output, 1 << 30);
	ck_assert_int_eq(job()->umask, -1);
	ck_assert(job()->enabled);
	ck_assert_ptr_null(job()->output);
	ck_assert_str_eq(job()->log, "stderr");
	clean();
}
END_TEST

START_TEST(the_example_is_read_to_the_letter)
{
	size_t len;
	char *text = example(&len);
	const struct unit *unit;

	ck_assert_int_eq(load(text), 0);
	ck_assert_str_eq(config->node, "node-a");
	ck_assert_uint_eq(config->workers, 4);
	ck_assert(config->cluster.present);
	ck_assert_uint_eq(config->cluster.peers.count, 3);
	ck_assert_int_eq(config->cluster.lease_ms, 3000);
	ck_assert_str_eq(config->http.user_header, "X-Remote-User");
	unit = config_unit(config, UNIT_SERVICE, "web", 3);
	ck_assert_int_eq(unit->ready, READY_NOTIFY);
	unit = config_unit(config, UNIT_SINGLETON, "nightly", 7);
	ck_assert_str_eq(unit->cron, "15 3 * * *");
	ck_assert_int_eq(unit->missed, MISSED_RUN_ONCE);
	unit = config_unit(config, UNIT_JOB, "report", 6);
	ck_assert_uint_eq(unit->command.count, 5);
	ck_assert_str_eq(unit->command.at[2], "${param.month}");
	ck_assert_uint_eq(unit->params_count, 1);
	ck_assert(unit->params[0].required);
	ck_assert_int_eq(unit->unique, UNIQUE_USER);
	ck_assert_int_eq(unit->timeout_ms, 1800000);
	free(text);
	clean();
}
END_TEST

START_TEST(every_prefix_of_it_is_good_or_refused_in_words)
{
	size_t len;
	char *text = example(&len);

	for (size_t cut = 0; cut <= len; cut++) {
		forget();
		write_file("a.conf", text, cut);
		ck_assert(load_a() == 0 || count_errors() > 0);
	}
	free(text);
	clean();
}
END_TEST

START_TEST(what_is_written_back_is_read_as_the_same)
{
	size_t len;
	char *text = example(&len);
	char *first;
	char *second;

	setenv("PRICE", "5$ ${HOME} \"\\\n\x01\xc3\xa9", 1);
	ck_assert_int_eq(load(text), 0);
	first = dump();
	ck_assert_int_eq(load(first), 0);
	second = dump();
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	free(text);
	ck_assert_int_eq(
		load(JOB("env = { A = \"${PRICE}\"; B = \"$$x ${job.id}\"; }; "
			 "params = { p = { default = \"${PRICE}\"; }; }; "
			 "unique = \"$${job.id}${param.p:-x}\"; "
			 "ready = \"tcp:8080\"; umask = \"027\"; nice = -5; "
			 "ok-exit = [ 3, 4 ]; log = { to = \"file:/x\"; "
			 "rotate = \"1M\"; }; limits = { files = 9; };")),
		0);
	ck_assert_str_eq(job()->params[0].fallback,
			 "5$ ${HOME} \"\\\n\x01\xc3\xa9");
	first = dump();
	setenv("PRICE", "another", 1);
	ck_assert_int_eq(load(first), 0);
	ck_assert_str_eq(job()->params[0].fallback,
			 "5$ ${HOME} \"\\\n\x01\xc3\xa9");
	ck_assert_str_eq(job()->env.at[1], "B=$$x ${job.id}");
	ck_assert_str_eq(job()->unique_value, "$${job.id}${param.p:-x}");
	ck_assert_int_eq(job()->umask, 027);
	ck_assert_int_eq(job()->nice, -5);
	ck_assert_uint_eq(job()->ok_exit_count, 2);
	ck_assert_uint_eq(job()->limit_files, 9);
	ck_assert_uint_eq(job()->log_rotate, 1 << 20);
	second = dump();
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	clean();
}
END_TEST

START_TEST(later_files_add_to_groups_and_win_over_scalars)
{
	forget();
	write_text("a.conf.d/20.conf", "http = { processes = 5; };"
				       "jobs = { b = { command = [ \"b\" ]; "
				       "}; };");
	write_text("a.conf.d/10.conf", "http = { processes = 4; base = "
				       "\"/app\"; }; node = \"ten\";");
	write_text("a.conf.d/.hidden.conf", "node = 1;");
	write_text("a.conf.d/notes.txt", "node = 1;");
	ck_assert_int_eq(load("node = \"a\"; http = { connections = 7; };"
			      "jobs = { a = { command = [ \"a\" ]; }; };"),
			 0);
	ck_assert_str_eq(config->node, "ten");
	ck_assert_uint_eq(config->http.processes, 5);
	ck_assert_uint_eq(config->http.connections, 7);
	ck_assert_str_eq(config->http.base, "/app/");
	ck_assert_uint_eq(config->units_count, 2);
	clean();
}
END_TEST

START_TEST(a_unit_in_two_files_is_an_error_that_names_both)
{
	char second[320];

	forget();
	write_text("a.conf.d/10.conf", "\n" JOB(""));
	ck_assert_int_eq(load(JOB("")), -EINVAL);
	snprintf(second, sizeof(second),
		 "%s/a.conf.d/10.conf:2: error: jobs.j: there is a unit of "
		 "this name already, in %s/a.conf:1",
		 dir, dir);
	ck_assert_msg(strstr(said, second) != NULL, "%s", said);
	clean();
}
END_TEST

START_TEST(mistakes_of_all_files_are_told_at_once)
{
	forget();
	write_text("a.conf.d/10.conf", "nod = 1;");
	write_text("a.conf.d/20.conf", "node = ;");
	ck_assert_int_eq(load("workers = 0;\n"), -EINVAL);
	ck_assert_uint_eq(count_errors(), 3);
	ck_says(1, "workers: \"0\": out of range, from 1 to 1024\n"
		   "     1 | workers = 0;\n");
	ck_assert_ptr_nonnull(strstr(said, "10.conf:1: error: nod: unknown "
					   "key; did you mean \"node\"?"));
	ck_assert_ptr_nonnull(
		strstr(said, "20.conf:1: error: node: a value is missing"));
	clean();
}
END_TEST

START_TEST(ten_mistakes_give_ten_messages)
{
	ck_assert_int_eq(load("nodee = \"x\";\n"
			      "workers = \"many\";\n"
			      "http = {\n"
			      "  listen = \"localhost\";\n"
			      "  max-body = 65536;\n"
			      "  base = \"app\"; };\n"
			      "log = { level = \"inof\"; };\n"
			      "jobs = { j = {\n"
			      "  comand = [ \"/bin/true\" ];\n"
			      "  timeout = 3000;\n"
			      "  unique = \"usr\";\n"
			      "  stop-signal = \"SIGTREM\"; }; };\n"),
			 -EINVAL);
	ck_assert_uint_eq(count_errors(), 10);
	ck_says(1, "nodee: unknown key; did you mean \"node\"?\n"
		   "     1 | nodee = \"x\";\n");
	ck_says(2, "workers: \"many\": a whole number is needed");
	ck_says(4, "http.listen: \"localhost\": an address looks like");
	ck_says(5, "http.max-body: a size needs a unit: write \"64K\"");
	ck_says(6, "http.base: \"app\": a path prefix begins with '/'");
	ck_says(7, "log.level: \"inof\": write \"err\", \"warn\", \"info\" or "
		   "\"debug\"; did you mean \"info\"?");
	ck_says(9, "jobs.j.comand: unknown key; did you mean \"command\"?");
	ck_says(10, "jobs.j.timeout: a duration needs a unit: write \"3s\" if "
		    "these are milliseconds, \"3000s\" if seconds");
	ck_says(11, "jobs.j.unique: \"usr\": write \"user\", \"none\"");
	ck_says(12, "jobs.j.stop-signal: \"SIGTREM\": there is no such "
		    "signal; did you mean \"TERM\"?");
	clean();
}
END_TEST

START_TEST(a_file_that_is_none_is_refused)
{
	forget();
	ck_assert_int_eq(load_a(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(said, "No such file"));
	write_file("a.conf", "node = \"a\0b\";", 13);
	ck_assert_int_eq(load_a(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(said, "zero bytes"));
	ck_assert_int_eq(load("@include \"/etc/passwd\"\n"), -EINVAL);
	ck_says(1, "@include is not read here");
	clean();
}
END_TEST

START_TEST(numbers_that_would_wrap_around_are_refused)
{
	ck_assert_int_eq(load("\nworkers = 4294967297;"), -EINVAL);
	ck_says(2, "workers: no number is that large here");
	ck_assert_int_eq(load("workers = 0x100000001;"), -EINVAL);
	ck_assert_int_eq(load("workers = 99999999999999999999;"), -EINVAL);
	ck_assert_int_eq(load("# 4294967297\n/* 4294967297 */\n"
			      "// 4294967297\nnode = \"4294967297\";"),
			 0);
	clean();
}
END_TEST

START_TEST(the_environment_may_give_any_value)
{
	setenv("CORES", "3", 1);
	setenv("LISTEN", "[::1]:99", 1);
	unsetenv("NO");
	ck_assert_int_eq(load("workers = \"${CORES}\"; http = { listen = "
			      "\"${LISTEN}\"; max-body = \"${NO:-2K}\"; };" JOB(
				      "enabled = \"${NO:-false}\";")),
			 0);
	ck_assert_uint_eq(config->workers, 3);
	ck_assert_str_eq(config->http.listen.at[0], "[::1]:99");
	ck_assert_uint_eq(config->http.max_body, 2048);
	ck_assert(!job()->enabled);
	ck_assert_int_eq(load("node = \"${NO}\";"), -EINVAL);
	ck_says(1, "node: ${NO} is not in the environment");
	ck_assert_int_eq(load("node = \"${job.id}\";"), -EINVAL);
	ck_says(1, "node: ${job.id} means nothing here");
	clean();
}
END_TEST

TEST_MAIN("conffile", an_empty_file_is_a_node_with_every_default,
	  a_job_of_one_line_has_every_default,
	  the_example_is_read_to_the_letter,
	  every_prefix_of_it_is_good_or_refused_in_words,
	  what_is_written_back_is_read_as_the_same,
	  later_files_add_to_groups_and_win_over_scalars,
	  a_unit_in_two_files_is_an_error_that_names_both,
	  mistakes_of_all_files_are_told_at_once,
	  ten_mistakes_give_ten_messages, a_file_that_is_none_is_refused,
	  numbers_that_would_wrap_around_are_refused,
	  the_environment_may_give_any_value)
