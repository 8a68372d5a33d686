#include "core/envfile.h"

#include "tests/core/test.h"

/* All settings of TEXT, each followed by '|'; FILE as it is at the end. */
static const char *read_all(struct envfile *file, const char *text, size_t len)
{
	static char buf[1024];
	static char all[1024];
	const char *entry;

	memcpy(buf, text, len);
	all[0] = '\0';
	*file = envfile_init(buf, len);
	while ((entry = envfile_next(file)) != NULL) {
		strcat(all, entry);
		strcat(all, "|");
	}
	return all;
}

static void check(const char *text, const char *expected)
{
	struct envfile file;

	ck_assert_str_eq(read_all(&file, text, strlen(text)), expected);
	ck_assert_msg(file.fault == NULL, "%s: %s", text, file.fault);
}

static void check_fault(const char *text, size_t len, unsigned line)
{
	struct envfile file;

	read_all(&file, text, len);
	ck_assert_msg(file.fault != NULL, "%s", text);
	ck_assert_uint_eq(file.line, line);
	ck_assert_ptr_null(envfile_next(&file));
}

START_TEST(settings_are_lines)
{
	check("A=1\nB_2=two words\n_c=\n", "A=1|B_2=two words|_c=|");
	check("A=1", "A=1|");
	check("", "");
	check("A=b=c\r\nB=$HOME \\n\n", "A=b=c|B=$HOME \\n|");
}
END_TEST

START_TEST(comments_blanks_and_export_are_skipped)
{
	check("# one\n; two\n\n \t\n  A=1 \n export B=2\nexport   C=3\n",
	      "A=1|B=2|C=3|");
	check("A=1 # not a comment\n", "A=1 # not a comment|");
}
END_TEST

START_TEST(quotes_keep_blanks_and_are_left_out)
{
	check("A=\" one \\\"two\\\\\" \nB='a\\b \"c\"'\nC= \"\"\nD=x\"y\n",
	      "A= one \"two\\|B=a\\b \"c\"|C=|D=x\"y|");
}
END_TEST

START_TEST(what_is_no_setting_is_a_fault_with_its_line)
{
	static const char zero[] = "A=1\nB=\0\n";

	check_fault("A=1\n\nnonsense\nB=2\n", 19, 3);
	check_fault("1A=1\n", 5, 1);
	check_fault("A B=1\n", 6, 1);
	check_fault("A =1\n", 5, 1);
	check_fault("=1\n", 3, 1);
	check_fault("A=\"one\n", 7, 1);
	check_fault("A='one' two\n", 12, 1);
	check_fault("A=\"one\\\"", 8, 1);
	check_fault(zero, sizeof(zero) - 1, 2);
}
END_TEST

START_TEST(settings_before_a_fault_are_given)
{
	struct envfile file;

	ck_assert_str_eq(read_all(&file, "A=1\n?\nB=2\n", 10), "A=1|");
	ck_assert_ptr_nonnull(file.fault);
}
END_TEST

TEST_MAIN("envfile", settings_are_lines, comments_blanks_and_export_are_skipped,
	  quotes_keep_blanks_and_are_left_out,
	  what_is_no_setting_is_a_fault_with_its_line,
	  settings_before_a_fault_are_given)
