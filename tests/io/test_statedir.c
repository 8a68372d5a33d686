#define _GNU_SOURCE
#include "io/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/identity.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static const struct identity same = { .change = false };
static char top[TMP_DIR_MAX];
static char path[TMP_DIR_MAX + 16];

static void make_top(void)
{
	tmp_dir(top, "statedir");
	snprintf(path, sizeof(path), "%s/a/b", top);
}

static void remove_top(void)
{
	tmp_dir_remove(top);
}

START_TEST(the_directory_is_made_with_its_parents)
{
	char work[TMP_DIR_MAX + 32];
	struct stat status;
	int lock;

	make_top();
	lock = statedir_open(path, &same, 0);
	ck_assert_int_ge(lock, 0);
	snprintf(work, sizeof(work), "%s/work", path);
	ck_assert_int_eq(stat(work, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0700);
	close(lock);
	remove_top();
}
END_TEST

START_TEST(a_second_holder_is_refused_at_once)
{
	int lock;

	make_top();
	lock = statedir_open(path, &same, 0);
	ck_assert_int_ge(lock, 0);
	/* This process lives, so there is nothing to be patient about. */
	ck_assert_int_eq(statedir_open(path, &same, 3600000), -EBUSY);
	close(lock);
	lock = statedir_open(path, &same, 0);
	ck_assert_int_ge(lock, 0);
	close(lock);
	remove_top();
}
END_TEST

START_TEST(what_a_dead_holder_left_is_waited_for)
{
	int ends[2];
	int lock;
	pid_t pid;
	char c;

	make_top();
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		/* Takes the lock and dies; its child keeps it a while. */
		lock = statedir_open(path, &same, 0);
		if (lock < 0)
			_exit(1);
		if (fork() == 0) {
			close(ends[1]);
			usleep(100000);
		}
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(read(ends[0], &c, 1), 0);
	lock = statedir_open(path, &same, 30000);
	ck_assert_int_ge(lock, 0);
	close(lock);
	remove_top();
}
END_TEST

START_TEST(leftovers_in_work_are_removed)
{
	char file[TMP_DIR_MAX + 64];
	int lock;
	int fd;

	make_top();
	lock = statedir_open(path, &same, 0);
	close(lock);
	snprintf(file, sizeof(file), "%s/work/0000000100000001", path);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	lock = statedir_open(path, &same, 0);
	ck_assert_int_eq(access(file, F_OK), -1);
	close(lock);
	remove_top();
}
END_TEST

START_TEST(a_file_in_the_way_is_an_error)
{
	int fd;

	make_top();
	snprintf(path, sizeof(path), "%s/file", top);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(statedir_open(path, &same, 0), -ENOTDIR);
	remove_top();
}
END_TEST

START_TEST(network_file_systems_are_known)
{
	ck_assert_str_eq(statedir_network_name(0x6969), "NFS");
	ck_assert_str_eq(statedir_network_name(0xff534d42), "CIFS");
	ck_assert_ptr_null(statedir_network_name(0xef53));     /* ext4 */
	ck_assert_ptr_null(statedir_network_name(0x01021994)); /* tmpfs */
}
END_TEST

TEST_MAIN("statedir", the_directory_is_made_with_its_parents,
	  a_second_holder_is_refused_at_once,
	  what_a_dead_holder_left_is_waited_for, leftovers_in_work_are_removed,
	  a_file_in_the_way_is_an_error, network_file_systems_are_known)
