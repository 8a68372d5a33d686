#define _GNU_SOURCE
#include <errno.h>

#include "tests/io/config_dir.h"

/* The origins of a.conf, told. */
static char *told(void)
{
	struct conffile_origins *origins;
	char path[128];
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	forget();
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	ck_assert_int_eq(conffile_load_origins(path, &config, &origins, stderr),
			 0);
	ck_assert_int_eq(conffile_dump_origins(config, origins, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	conffile_origins_free(origins);
	return text;
}

static char *told_of(const char *conf)
{
	forget();
	write_text("a.conf", conf);
	return told();
}

/* Is there, behind VALUE and blanks, this COMMENT to the end of the line? */
static bool has(const char *text, const char *value, const char *comment)
{
	const char *line = text;

	while ((line = strstr(line, value)) != NULL) {
		const char *at = line + strlen(value);

		at += strspn(at, " ");
		if (strncmp(at, comment, strlen(comment)) == 0 &&
		    at[strlen(comment)] == '\n')
			return true;
		line++;
	}
	return false;
}

#define ck_has(VALUE, COMMENT) \
	ck_assert_msg(has(text, VALUE, COMMENT), "%s", text)

START_TEST(each_value_tells_its_file_and_line_or_that_it_is_the_default)
{
	char *text = told_of("\nnode = \"a\";\nhttp = {\n  processes = 3;\n};\n"
			     "services = {\n  web = {\n    command = [\n"
			     "      \"/bin/w\", \"x\" ];\n"
			     "    limits = { files = 9; };\n  };\n};\n");

	ck_has("node = \"a\";", "# a.conf:2");
	ck_has("  processes = 3;", "# a.conf:4");
	ck_has("  connections = 20000;", "# default");
	ck_has("  web = {", "# a.conf:7");
	ck_has("    command = [ \"/bin/w\", \"x\" ];", "# a.conf:8");
	ck_has("      files = 9;", "# a.conf:10");
	ck_has("      memory = \"none\";", "# default");
	ck_has("    max-restarts = 3;", "# default");
	free(text);
	clean();
}
END_TEST

START_TEST(what_the_machine_answered_is_told_as_such)
{
	char *text = told_of("");
	char value[300];

	snprintf(value, sizeof(value), "node = \"%s\";", config->node);
	ck_has(value, "# default: the host name");
	snprintf(value, sizeof(value), "workers = %u;", config->workers);
	ck_has(value, "# default: number of cores");
	snprintf(value, sizeof(value), "shared = \"%s\";", config->shared);
	ck_has(value, "# default");
	free(text);
	clean();
}
END_TEST

START_TEST(a_value_given_again_tells_the_file_that_won)
{
	char *text;

	forget();
	write_text("a.conf.d/20.conf", "\nhttp = { processes = 5; };");
	write_text("a.conf.d/10.conf",
		   "http = { processes = 4;\n listen = [ \"[::1]:1\",\n"
		   "\"127.0.0.1:1\" ]; };");
	text = told_of("http = { processes = 3; listen = [];\n"
		       "base = \"/b\"; };");
	ck_has("  processes = 5;", "# a.conf.d/20.conf:2");
	ck_has("  listen = [ \"[::1]:1\", \"127.0.0.1:1\" ];",
	       "# a.conf.d/10.conf:2");
	ck_has("  base = \"/b/\";", "# a.conf:2");
	free(text);
	clean();
}
END_TEST

START_TEST(units_of_other_files_tell_their_own_lines)
{
	char *text;

	forget();
	write_text("a.conf.d/10.conf",
		   "services = {\n s2 = {\n command = [ \"b\" ]; }; };");
	text = told_of("jobs = { j = { command = [ \"j\" ];\n"
		       " params = { p = {\n match = \"x\"; }; }; }; };\n"
		       "services = { s1 = { command = [ \"a\" ]; }; };");
	ck_has("  s1 = {", "# a.conf:4");
	ck_has("    command = [ \"a\" ];", "# a.conf:4");
	ck_has("  s2 = {", "# a.conf.d/10.conf:2");
	ck_has("    command = [ \"b\" ];", "# a.conf.d/10.conf:3");
	ck_has("    command = [ \"j\" ];", "# a.conf:1");
	ck_has("        match = \"x\";", "# a.conf:3");
	ck_has("        required = false;", "# default");
	free(text);
	clean();
}
END_TEST

START_TEST(a_log_without_braces_is_where_it_was_given)
{
	char *text = told_of("services = { s = { command = [ \"a\" ];\n"
			     "log = \"file:/x\"; }; };");

	ck_has("      to = \"file:/x\";", "# a.conf:2");
	ck_has("      keep = 5;", "# default");
	free(text);
	clean();
}
END_TEST

START_TEST(what_comes_from_the_environment_tells_its_name)
{
	char *text;

	setenv("NAME", "n1", 1);
	unsetenv("NO");
	text = told_of("node = \"${NAME}\"; workers = \"${NO:-2}\";\n"
		       "jobs = { j = { params = { p = {}; };\n"
		       "command = [ \"$$${NAME}\", \"${NAME}\", "
		       "\"$${NAME}\", \"${param.p}${job.id}\" ]; }; };");
	ck_has("node = \"n1\";", "# a.conf:1, ${NAME}");
	ck_has("workers = 2;", "# a.conf:1, ${NO:-2}");
	ck_has("command = [ \"$$n1\", \"n1\", \"$${NAME}\", "
	       "\"${param.p}${job.id}\" ];",
	       "# a.conf:3, ${NAME} ${NAME}");
	free(text);
	clean();
}
END_TEST

START_TEST(it_is_still_a_configuration_and_the_same_one)
{
	char *text;
	char *first;
	char *second;

	setenv("NAME", "a # \"\\\t\n", 1);
	text = told_of("services = { s = { command = [ \"${NAME}\" ]; }; };"
		       "jobs = { j = { command = [ \"a\" ]; }; };");
	first = dump();
	ck_assert_int_eq(load(text), 0);
	second = dump();
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	free(text);
	clean();
}
END_TEST

START_TEST(comments_stand_below_each_other)
{
	char *text = told_of("services = { s = { command = [ \"\xc3\xa4\" ]; "
			     "}; };");
	const char *at = strstr(text, "node = ");
	int column = -1;

	for (; *at != '\0'; at = strchr(at, '\n') + 1) {
		const char *end = strchr(at, '\n');
		const char *comment = strstr(at, "  # ");
		int here;

		if (comment == NULL || comment > end ||
		    end - at > 70 /* one of its own */)
			continue;
		here = (int)(comment - at);
		for (const char *c = at; c < comment; c++)
			here -= ((unsigned char)*c & 0xc0) == 0x80;
		ck_assert_msg(column == -1 || here == column, "%s", text);
		column = here;
	}
	ck_assert_int_ne(column, -1);
	free(text);
	clean();
}
END_TEST

START_TEST(the_files_read_are_named)
{
	char *text;
	char line[400];

	forget();
	write_text("a.conf.d/10.conf", "");
	write_text("a.conf.d/20.cfg", "");
	text = told_of("");
	snprintf(line, sizeof(line),
		 "#   %s/a.conf\n#   %s/a.conf.d/10.conf\n"
		 "#   not read, not *.conf: %s/a.conf.d/20.cfg\n",
		 dir, dir, dir);
	ck_assert_msg(strstr(text, line) != NULL, "%s", text);
	free(text);
	clean();
}
END_TEST

TEST_MAIN("conffile origin",
	  each_value_tells_its_file_and_line_or_that_it_is_the_default,
	  what_the_machine_answered_is_told_as_such,
	  a_value_given_again_tells_the_file_that_won,
	  units_of_other_files_tell_their_own_lines,
	  a_log_without_braces_is_where_it_was_given,
	  what_comes_from_the_environment_tells_its_name,
	  it_is_still_a_configuration_and_the_same_one,
	  comments_stand_below_each_other, the_files_read_are_named)
