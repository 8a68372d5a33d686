#define _GNU_SOURCE
#include <errno.h>

#include "tests/io/config_dir.h"

#define NOBODY 65534u

/* NAME of the directory, into a buffer. */
static const char *at(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void drop(const char *name)
{
	ck_assert_int_eq(remove(at(name)), 0);
}

#define ck_said(WHAT) ck_assert_msg(strstr(said, WHAT) != NULL, "%s", said)

START_TEST(files_are_read_in_the_order_of_bytes)
{
	static const char *const names[] = { "10.conf", "2.conf", "B.conf",
					     "_.conf", "a.conf" };
	char name[32];

	forget();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[64];

		snprintf(name, sizeof(name), "a.conf.d/%s", names[i]);
		snprintf(text, sizeof(text), "workers = %zu;", i + 10);
		write_text(name, text);
		ck_assert_int_eq(load("workers = 1;"), 0);
		ck_assert_uint_eq(config->workers, i + 10);
		forget();
	}
	clean();
}
END_TEST

START_TEST(an_empty_or_missing_directory_is_none)
{
	ck_assert_int_eq(load("workers = 3;"), 0);
	drop("a.conf.d");
	ck_assert_int_eq(load("workers = 3;"), 0);
	ck_assert_uint_eq(config->workers, 3);
	clean();
}
END_TEST

START_TEST(other_names_are_not_read)
{
	static const char *const names[] = { "x.conf~",	   ".x.conf", "x.CONF",
					     "x.conf.bak", "conf",    ".conf" };
	char name[32];

	forget();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "a.conf.d/%s", names[i]);
		write_text(name, "nonsense");
	}
	ck_assert_int_eq(load(""), 0);
	clean();
}
END_TEST

START_TEST(a_directory_that_is_none_is_told)
{
	forget();
	drop("a.conf.d");
	write_text("a.conf.d", "workers = 3;");
	ck_assert_int_eq(load("nod = \"a\";"), -EINVAL);
	ck_said("/a.conf.d: error: is no directory: its *.conf files are read "
		"after a.conf\n");
	ck_says(1, "nod: unknown key");
	drop("a.conf.d");
	ck_assert_int_eq(symlink("nowhere", at("a.conf.d")), 0);
	ck_assert_int_eq(load(""), -EINVAL);
	ck_said("/a.conf.d: error: cannot read it: is a link to nothing");
	clean();
}
END_TEST

START_TEST(what_is_no_file_is_told_and_not_waited_for)
{
	forget();
	ck_assert_int_eq(mkfifo(at("a.conf.d/1.conf"), 0600), 0);
	ck_assert_int_eq(mkdir(at("a.conf.d/2.conf"), 0700), 0);
	ck_assert_int_eq(symlink("nowhere", at("a.conf.d/3.conf")), 0);
	ck_assert_int_eq(symlink("4.conf", at("a.conf.d/4.conf")), 0);
	ck_assert_int_eq(symlink("/dev/zero", at("a.conf.d/5.conf")), 0);
	write_text("a.conf.d/6.conf", "workers = 0;");
	ck_assert_int_eq(load("nod = \"a\";"), -EINVAL);
	ck_assert_msg(count_errors() == 7, "%s", said);
	ck_says(1, "nod: unknown key");
	ck_said("/a.conf.d/1.conf: error: cannot read it: is no regular file");
	ck_said("/a.conf.d/2.conf: error: cannot read it: is a directory");
	ck_said("/a.conf.d/3.conf: error: cannot read it: is a link to "
		"nothing; remove it, or make what it names");
	ck_said("/a.conf.d/4.conf: error: cannot read it: Too many levels of");
	ck_said("/a.conf.d/5.conf: error: cannot read it: is no regular file");
	ck_said("/a.conf.d/6.conf:1: error: workers: \"0\": out of range");
	clean();
}
END_TEST

START_TEST(a_closed_file_is_told_with_who_asks)
{
	char words[100];
	uid_t uid = geteuid();

	forget();
	write_text("a.conf", "");
	write_text("a.conf.d/1.conf", "");
	ck_assert_int_eq(chmod(at("a.conf.d/1.conf"), 0), 0);
	ck_assert_int_eq(chmod(at("a.conf.d"), 0755), 0);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	if (uid == 0)
		ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(load_a(), -EINVAL);
	ck_assert_int_eq(seteuid(uid), 0);
	snprintf(words, sizeof(words),
		 "/a.conf.d/1.conf: error: cannot read it: Permission denied; "
		 "uid %u has to be allowed to",
		 uid == 0 ? NOBODY : (unsigned)uid);
	ck_said(words);
	clean();
}
END_TEST

START_TEST(a_directory_given_as_the_file_is_told)
{
	forget();
	ck_assert_int_eq(mkdir(at("a.conf"), 0700), 0);
	ck_assert_int_eq(load_a(), -EINVAL);
	ck_said("/a.conf: error: cannot read it: is a directory; name a file");
	clean();
}
END_TEST

START_TEST(a_list_given_again_counts_as_a_whole)
{
	forget();
	write_text("a.conf.d/1.conf", "http = { trusted-proxies = [ \"::1\" ]; "
				      "};");
	ck_assert_int_eq(load("http = { trusted-proxies = [ \"127.0.0.1\", "
			      "\"10.0.0.1\" ]; base = \"/b\"; };"),
			 0);
	ck_assert_uint_eq(config->http.trusted_proxies.count, 1);
	ck_assert_str_eq(config->http.trusted_proxies.at[0], "::1");
	ck_assert_str_eq(config->http.base, "/b/");
	clean();
}
END_TEST

START_TEST(a_mistake_stays_one_though_a_later_file_wins)
{
	forget();
	write_text("a.conf.d/1.conf", "workers = 3;");
	ck_assert_int_eq(load("workers = 0;"), -EINVAL);
	ck_assert_msg(count_errors() == 1, "%s", said);
	clean();
}
END_TEST

START_TEST(too_many_files_are_told)
{
	char name[32];

	forget();
	for (int i = 0; i <= 1024; i++) {
		snprintf(name, sizeof(name), "a.conf.d/%04d.conf", i);
		write_text(name, "");
	}
	ck_assert_int_eq(load(""), -EINVAL);
	ck_said("/a.conf.d: error: has more than 1024 *.conf files");
	clean();
}
END_TEST

TEST_MAIN("conffile dir", files_are_read_in_the_order_of_bytes,
	  an_empty_or_missing_directory_is_none, other_names_are_not_read,
	  a_directory_that_is_none_is_told,
	  what_is_no_file_is_told_and_not_waited_for,
	  a_closed_file_is_told_with_who_asks,
	  a_directory_given_as_the_file_is_told,
	  a_list_given_again_counts_as_a_whole,
	  a_mistake_stays_one_though_a_later_file_wins, too_many_files_are_told)
