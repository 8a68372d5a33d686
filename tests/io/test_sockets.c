#define _GNU_SOURCE
#include "io/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static int listen_on(const char *one, const char *two, int *fds)
{
	char first[64];
	char second[64];
	char *at[3] = { first, NULL, NULL };
	struct strings addresses = { at, 1 };

	snprintf(first, sizeof(first), "%s", one);
	if (two != NULL) {
		snprintf(second, sizeof(second), "%s", two);
		at[1] = second;
		addresses.count = 2;
	}
	return sockets_listen(&addresses, fds);
}

START_TEST(port_0_lets_the_kernel_choose)
{
	int fds[CONFIG_LISTEN_MAX];
	char name[64];

	ck_assert_int_eq(listen_on("127.0.0.1:0", NULL, fds), 0);
	sockets_name(fds[0], name, sizeof(name));
	ck_assert(strncmp(name, "127.0.0.1:", 10) == 0);
	ck_assert_int_gt(atoi(name + 10), 0);
	close(fds[0]);
}
END_TEST

START_TEST(a_port_in_use_is_refused_and_nothing_stays_open)
{
	int fds[CONFIG_LISTEN_MAX];
	int more[CONFIG_LISTEN_MAX];
	char name[64];
	int next;

	ck_assert_int_eq(listen_on("127.0.0.1:0", NULL, fds), 0);
	sockets_name(fds[0], name, sizeof(name));
	next = dup(fds[0]);
	close(next);
	ck_assert_int_eq(listen_on("127.0.0.1:0", name, more), -EADDRINUSE);
	ck_assert_int_eq(dup(fds[0]), next);
	close(next);
	close(fds[0]);
}
END_TEST

START_TEST(addresses_that_are_none_are_refused)
{
	int fds[CONFIG_LISTEN_MAX];

	ck_assert_int_eq(listen_on("8080", NULL, fds), -EINVAL);
	ck_assert_int_lt(listen_on("192.0.2.1:0", NULL, fds), 0);
	ck_assert_int_lt(listen_on("127.0.0.1:http-but-wrong", NULL, fds), 0);
}
END_TEST

START_TEST(both_protocols_may_share_a_port)
{
	int fds[CONFIG_LISTEN_MAX];
	int both[CONFIG_LISTEN_MAX];
	char version4[64];
	char version6[64];

	ck_assert_int_eq(listen_on("127.0.0.1:0", NULL, fds), 0);
	sockets_name(fds[0], version4, sizeof(version4));
	close(fds[0]);
	snprintf(version6, sizeof(version6), "[::]%s", strrchr(version4, ':'));
	if (listen_on(version6, NULL, both) == -EAFNOSUPPORT)
		return; /* a machine without IPv6 */
	close(both[0]);
	ck_assert_int_eq(listen_on(version4, version6, both), 0);
	close(both[0]);
	close(both[1]);
}
END_TEST

START_TEST(a_stale_control_socket_is_replaced)
{
	char dir[TMP_DIR_MAX];
	char path[TMP_DIR_MAX + 16];
	int first;
	int second;

	tmp_dir(dir, "sockets");
	snprintf(path, sizeof(path), "%s/control", dir);
	first = sockets_listen_unix(path, NULL);
	ck_assert_int_ge(first, 0);
	close(first);
	second = sockets_listen_unix(path, NULL);
	ck_assert_int_ge(second, 0);
	close(second);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(what_is_no_socket_is_left_alone)
{
	char dir[TMP_DIR_MAX];
	char path[TMP_DIR_MAX + 16];
	int fd;

	tmp_dir(dir, "sockets");
	snprintf(path, sizeof(path), "%s/control", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(sockets_listen_unix(path, NULL), -EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(a_path_too_long_for_a_socket_is_told)
{
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(sockets_listen_unix(path, NULL), -ENAMETOOLONG);
}
END_TEST

TEST_MAIN("sockets", port_0_lets_the_kernel_choose,
	  a_port_in_use_is_refused_and_nothing_stays_open,
	  addresses_that_are_none_are_refused, both_protocols_may_share_a_port,
	  a_stale_control_socket_is_replaced, what_is_no_socket_is_left_alone,
	  a_path_too_long_for_a_socket_is_told)
