#define _GNU_SOURCE
#include "io/shared_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/journal.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static char top[TMP_DIR_MAX];
static char logged[4096];

/* A private directory; what is logged goes to a file in it. */
static void setup(void)
{
	char name[TMP_DIR_MAX + 64];
	int fd;

	tmp_dir(top, "shared_dir");
	snprintf(name, sizeof(name), "%s/log", top);
	fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static const char *what_was_logged(void)
{
	ssize_t len = pread(STDERR_FILENO, logged, sizeof(logged) - 1, 0);

	logged[len > 0 ? len : 0] = '\0';
	return logged;
}

static void teardown(void)
{
	tmp_dir_remove(top);
}

static int count(void *arg, const struct record *record)
{
	(void)record;
	++*(int *)arg;
	return 0;
}

START_TEST(a_journal_lives_in_a_directory)
{
	struct shared_dir dir;
	struct journal journal;
	struct record record = { text_of("k"), { 1, 0 }, text_of("v") };
	uint32_t numbers[4];
	int records = 0;

	setup();
	ck_assert_int_eq(shared_dir_open(&dir, top, "node-a", 0), 0);
	ck_assert_int_eq(journal_init(&journal, &dir.shared, "node-a"), 0);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(journal_append(&journal, &record), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(journal_begin(&journal, 0), 0);
	ck_assert_int_eq(journal_append(&journal, &record), 0);
	ck_assert_int_eq(journal_reserve(&journal, JOURNAL_GROWTH), 0);
	ck_assert_int_eq(journal_commit(&journal), 0);
	ck_assert_int_eq(journal_replay(&journal, count, &records), 0);
	/* The newest snapshot holds all there was. */
	ck_assert_int_eq(records, 1);
	ck_assert_int_eq(journal_drop_older(&journal), 0);
	ck_assert_int_eq(
		dir.shared.ops->segments(&dir.shared, "node-a", numbers, 4), 1);
	ck_assert_uint_eq(numbers[0], 2);
	journal_fini(&journal);
	shared_dir_close(&dir);
	teardown();
}
END_TEST

START_TEST(segments_are_listed_in_order_and_strangers_are_not)
{
	struct shared_dir dir;
	uint32_t numbers[4];
	char name[TMP_DIR_MAX + 64];

	setup();
	ck_assert_int_eq(shared_dir_open(&dir, top, "a", 0), 0);
	for (uint32_t i = 12; i >= 9; i--)
		ck_assert_int_eq(dir.shared.ops->begin(&dir.shared, i, 4096),
				 0);
	ck_assert_int_eq(dir.shared.ops->begin(&dir.shared, 10, 4096), -EEXIST);
	ck_assert_int_eq(dir.shared.ops->set_aside(&dir.shared, 11), 0);
	snprintf(name, sizeof(name), "%s/journal/a/README", top);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(dir.shared.ops->segments(&dir.shared, "a", numbers, 4),
			 3);
	ck_assert_uint_eq(numbers[0], 9);
	ck_assert_uint_eq(numbers[1], 10);
	ck_assert_uint_eq(numbers[2], 12);
	ck_assert_int_eq(dir.shared.ops->segments(&dir.shared, "a", numbers, 2),
			 -E2BIG);
	shared_dir_close(&dir);
	teardown();
}
END_TEST

START_TEST(a_missing_directory_is_told_by_name)
{
	struct shared_dir dir;
	char name[TMP_DIR_MAX + 64];

	setup();
	snprintf(name, sizeof(name), "%s/missing", top);
	ck_assert_int_eq(shared_dir_open(&dir, name, "a", 0), -ENOENT);
	ck_assert_ptr_nonnull(strstr(what_was_logged(), name));
	ck_assert_ptr_nonnull(strstr(logged, "No such file"));
	ck_assert_int_eq(shared_dir_lock(name, "a", 0), -ENOENT);
	teardown();
}
END_TEST

START_TEST(the_second_node_is_told_who_is_in)
{
	int ready[2];
	int done[2];
	int status;
	char byte;
	pid_t pid;

	setup();
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		if (shared_dir_lock(top, "node-a", 0) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		(void)!read(done[0], &byte, 1);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(shared_dir_lock(top, "node-b", 0), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(what_was_logged(), "node node-a pid"));
	ck_assert_int_eq(write(done[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_ge(shared_dir_lock(top, "node-b", 0), 0);
	teardown();
}
END_TEST

START_TEST(what_another_node_has_not_written_is_no_failure)
{
	struct shared_dir dir;
	uint32_t numbers[4];
	char byte;

	setup();
	ck_assert_int_eq(shared_dir_open(&dir, top, "node-a", 0), 0);
	ck_assert_int_eq(
		dir.shared.ops->segments(&dir.shared, "node-b", numbers, 4),
		-ENOENT);
	ck_assert_int_eq(
		dir.shared.ops->read(&dir.shared, "node-b", 1, 0, &byte, 1),
		-ENOENT);
	ck_assert_str_eq(what_was_logged(), "");
	ck_assert_int_eq(
		dir.shared.ops->read(&dir.shared, "node-a", 1, 0, &byte, 1),
		-ENOENT);
	ck_assert_ptr_nonnull(strstr(what_was_logged(), "cannot read"));
	shared_dir_close(&dir);
	teardown();
}
END_TEST

START_TEST(after_a_refresh_a_segment_is_opened_anew)
{
	struct shared_dir mine;
	struct shared_dir theirs;
	char name[160];
	char byte = 0;

	setup();
	ck_assert_int_eq(shared_dir_open(&mine, top, "node-a", 0), 0);
	ck_assert_int_eq(shared_dir_open(&theirs, top, "node-b", 0), 0);
	ck_assert_int_eq(theirs.shared.ops->begin(&theirs.shared, 1, 512), 0);
	ck_assert_int_eq(
		mine.shared.ops->read(&mine.shared, "node-b", 1, 0, &byte, 1),
		1);
	/* the name now means another file */
	snprintf(name, sizeof(name), "%s/journal/node-b/0000000001", top);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(theirs.shared.ops->begin(&theirs.shared, 1, 512), 0);
	ck_assert_int_eq(theirs.shared.ops->write(&theirs.shared, 0, "x", 1),
			 0);
	mine.shared.ops->read(&mine.shared, "node-b", 1, 0, &byte, 1);
	ck_assert_int_eq(byte, 0);
	mine.shared.ops->refresh(&mine.shared);
	mine.shared.ops->read(&mine.shared, "node-b", 1, 0, &byte, 1);
	ck_assert_int_eq(byte, 'x');
	shared_dir_close(&mine);
	shared_dir_close(&theirs);
	teardown();
}
END_TEST

TEST_MAIN("shared_dir", a_journal_lives_in_a_directory,
	  segments_are_listed_in_order_and_strangers_are_not,
	  a_missing_directory_is_told_by_name,
	  the_second_node_is_told_who_is_in,
	  what_another_node_has_not_written_is_no_failure,
	  after_a_refresh_a_segment_is_opened_anew)
