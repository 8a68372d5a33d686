#include "io/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/message.h"
#include "tests/core/test.h"

static char big[MESSAGE_MAX];

START_TEST(messages_arrive_whole_and_in_order)
{
	char buf[16];
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	ck_assert_int_eq(channel_send(ends[0], "one", 3), 0);
	ck_assert_int_eq(channel_send(ends[0], "second", 6), 0);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), 3);
	ck_assert(memcmp(buf, "one", 3) == 0);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), 6);
	ck_assert(memcmp(buf, "second", 6) == 0);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), -EAGAIN);
}
END_TEST

START_TEST(the_longest_message_fits)
{
	static char buf[MESSAGE_MAX];
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	big[MESSAGE_MAX - 1] = 'x';
	ck_assert_int_eq(channel_send(ends[0], big, sizeof(big)), 0);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)),
			 MESSAGE_MAX);
	ck_assert(memcmp(buf, big, sizeof(big)) == 0);
}
END_TEST

START_TEST(who_does_not_read_is_not_waited_for)
{
	char buf[16];
	int ends[2];
	int sent = 0;
	int rc;

	ck_assert_int_eq(channel_pair(ends), 0);
	while ((rc = channel_send(ends[0], "x", 1)) == 0)
		sent++;
	ck_assert_int_eq(rc, -EAGAIN);
	ck_assert_int_gt(sent, 0);
	for (int i = 0; i < sent; i++)
		ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), 1);
	ck_assert_int_eq(channel_send(ends[0], "x", 1), 0);
}
END_TEST

START_TEST(what_does_not_fit_is_dropped_whole)
{
	char buf[4];
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	ck_assert_int_eq(channel_send(ends[0], "too long", 8), 0);
	ck_assert_int_eq(channel_send(ends[0], "ok", 2), 0);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), -EMSGSIZE);
	ck_assert_int_eq(channel_receive(ends[1], buf, sizeof(buf)), 2);
}
END_TEST

START_TEST(the_end_of_the_other_side_is_told)
{
	char buf[4];
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	close(ends[1]);
	ck_assert_int_eq(channel_send(ends[0], "x", 1), -EPIPE);
	ck_assert_int_eq(channel_receive(ends[0], buf, sizeof(buf)), 0);
}
END_TEST

START_TEST(ends_do_not_survive_exec)
{
	int ends[2];

	ck_assert_int_eq(channel_pair(ends), 0);
	for (int i = 0; i < 2; i++)
		ck_assert(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
}
END_TEST

TEST_MAIN("channel", messages_arrive_whole_and_in_order,
	  the_longest_message_fits, who_does_not_read_is_not_waited_for,
	  what_does_not_fit_is_dropped_whole, the_end_of_the_other_side_is_told,
	  ends_do_not_survive_exec)
