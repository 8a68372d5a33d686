#define _GNU_SOURCE
#include "io/udp.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/core/test.h"

static struct udp one;
static struct udp two;
static char bytes[2000];
static struct endpoint from;

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	ck_assert_int_eq(udp_endpoint(text_of(text), 7400, &endpoint), 0);
	return endpoint;
}

/* The same address with a port the kernel chooses. */
static struct endpoint any_port(const char *text)
{
	struct endpoint endpoint = at(text);

	endpoint.port = 0;
	return endpoint;
}

static void open_on(struct udp *udp, const char *listen)
{
	struct endpoint endpoint = any_port(listen);

	ck_assert_int_eq(udp_open(udp, &endpoint, NULL), 0);
	ck_assert_uint_ne(udp->bound.port, 0);
}

/* The address with that port. */
static struct endpoint with_port(const char *text, uint16_t port)
{
	struct endpoint endpoint = at(text);

	endpoint.port = port;
	return endpoint;
}

/* What comes in on FD within a second; 0 when nothing does. */
static int take(struct udp *udp, int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	if (poll(&ready, 1, 1000) != 1)
		return 0;
	return udp_receive(udp, fd, bytes, sizeof(bytes), &from);
}

START_TEST(addresses_read_as_they_are_written)
{
	static const char *const good[][2] = {
		{ "10.0.7.11", "10.0.7.11:7400" },
		{ "10.0.7.11:99", "10.0.7.11:99" },
		{ "::1", "[::1]:7400" },
		{ "[::1]", "[::1]:7400" },
		{ "[fe80::1]:99", "[fe80::1]:99" },
	};
	static const char *const bad[] = { "",	    "x",	  "10.0.0.1:",
					   "1.2.3", "10.0.0.1:0", "[::1",
					   "dns:a", "::1:99999" };
	char name[UDP_NAME_MAX];
	struct endpoint endpoint;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		endpoint = at(good[i][0]);
		udp_name(&endpoint, name);
		ck_assert_str_eq(name, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(udp_endpoint(text_of(bad[i]), 1, &endpoint),
				 -EINVAL);
}
END_TEST

START_TEST(a_datagram_arrives_and_tells_where_it_came_from)
{
	open_on(&one, "127.0.0.1");
	open_on(&two, "127.0.0.1");
	ck_assert_int_eq(udp_receive(&two, two.fd, bytes, sizeof(bytes), &from),
			 -EAGAIN);
	ck_assert_int_eq(udp_send(&one, &two.bound, "hello", 5), 0);
	ck_assert_int_eq(take(&two, two.fd), 5);
	ck_assert_mem_eq(bytes, "hello", 5);
	ck_assert(endpoint_equal(&from, &one.bound));
	udp_close(&one);
	udp_close(&two);
	ck_assert_int_eq(two.fd, -1);
}
END_TEST

START_TEST(a_socket_of_ipv6_speaks_ipv4_too)
{
	struct endpoint there = any_port("[::]");

	if (udp_open(&one, &there, NULL) == -EAFNOSUPPORT)
		return; /* the system has none */
	open_on(&two, "127.0.0.1");
	ck_assert_int_eq(udp_send(&one, &two.bound, "hello", 5), 0);
	ck_assert_int_eq(take(&two, two.fd), 5);
	ck_assert_uint_eq(from.port, one.bound.port);
	there = with_port("127.0.0.1", one.bound.port);
	ck_assert_int_eq(udp_send(&two, &there, "back", 4), 0);
	ck_assert_int_eq(take(&one, one.fd), 4);
	ck_assert(endpoint_equal(&from, &two.bound));
}
END_TEST

START_TEST(what_is_too_long_is_told_and_gone)
{
	open_on(&one, "127.0.0.1");
	open_on(&two, "127.0.0.1");
	udp_send(&one, &two.bound, bytes, sizeof(bytes));
	udp_send(&one, &two.bound, "next", 4);
	ck_assert_int_eq(take(&two, two.fd), sizeof(bytes));
	udp_send(&one, &two.bound, bytes, sizeof(bytes));
	ck_assert_int_eq(take(&two, two.fd), 4);
	ck_assert_int_eq(udp_receive(&two, two.fd, bytes, 100, &from),
			 -EMSGSIZE);
}
END_TEST

START_TEST(what_cannot_be_sent_is_counted_and_stops_nobody)
{
	struct endpoint six = at("[::1]:9");
	struct endpoint nobody;

	open_on(&one, "127.0.0.1");
	open_on(&two, "127.0.0.1");
	nobody = two.bound;
	udp_close(&two);
	ck_assert_int_eq(udp_send(&one, &six, "x", 1), -EAFNOSUPPORT);
	ck_assert_uint_eq(one.unsent, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(udp_send(&one, &nobody, "x", 1), 0);
	ck_assert_int_eq(udp_receive(&one, one.fd, bytes, 9, &from), -EAGAIN);
}
END_TEST

START_TEST(a_port_that_is_taken_is_refused)
{
	open_on(&one, "127.0.0.1");
	ck_assert_int_eq(udp_open(&two, &one.bound, NULL), -EADDRINUSE);
	ck_assert_int_eq(two.fd, -1);
}
END_TEST

/* Two nodes of one machine in one group: both hear what one says. */
static void speak_to_group(const char *listen, const char *group_text)
{
	/* others on this machine may run this test, too */
	uint16_t port = (uint16_t)(20000 + getpid() % 10000);
	struct endpoint group = with_port(group_text, port);
	struct endpoint endpoint = any_port(listen);
	int fd;

	ck_assert_int_eq(udp_open(&one, &endpoint, &group), 0);
	ck_assert_int_eq(udp_open(&two, &endpoint, &group), 0);
	ck_assert(one.joined && two.joined);
	ck_assert_int_eq(udp_send(&one, &group, "all", 3), 0);
	fd = two.group_fd != -1 ? two.group_fd : two.fd;
	ck_assert_int_eq(take(&two, fd), 3);
	ck_assert_uint_eq(from.port, one.bound.port);
	ck_assert_int_eq(take(&one, one.group_fd), 3);
	/* and for each alone it has a socket of its own */
	ck_assert_int_eq(udp_send(&one, &two.bound, "you", 3), 0);
	ck_assert_int_eq(take(&two, two.fd), 3);
	udp_close(&one);
	udp_close(&two);
}

START_TEST(all_of_a_multicast_group_hear)
{
	speak_to_group("127.0.0.1", "239.255.74.0");
}
END_TEST

START_TEST(all_of_a_broadcast_address_hear)
{
	speak_to_group("127.0.0.1", "127.255.255.255");
}
END_TEST

START_TEST(a_group_of_ipv6_needs_a_socket_of_ipv6)
{
	struct endpoint group = at("[ff15::7400]:7435");
	struct endpoint endpoint = any_port("127.0.0.1");

	ck_assert_int_eq(udp_open(&one, &endpoint, &group), 0);
	ck_assert(!one.has_group);
	udp_close(&one);
	endpoint = any_port("[::1]");
	if (udp_open(&one, &endpoint, &group) == 0)
		ck_assert(one.has_group);
}
END_TEST

static int set_flags(const char *name, short flags)
{
	struct ifreq request = { .ifr_flags = flags };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	strcpy(request.ifr_name, name);
	rc = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return rc;
}

START_TEST(a_group_is_joined_once_the_network_is_up)
{
	struct endpoint group = at("239.255.74.0:7436");
	struct endpoint listen = at("0.0.0.0:7436");

	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return; /* not allowed here */
	ck_assert_int_eq(udp_open(&one, &listen, &group), 0);
	ck_assert(one.has_group);
	ck_assert_int_eq(one.group_fd, -1);
	ck_assert(!one.joined); /* no route leads there */
	ck_assert_int_lt(udp_join(&one), 0);
	udp_close(&one);
	ck_assert_int_eq(set_flags("lo", IFF_UP), 0);
	listen = at("127.0.0.1:7437");
	ck_assert_int_eq(udp_open(&one, &listen, &group), 0);
	ck_assert(one.joined);
}
END_TEST

TEST_MAIN("udp", addresses_read_as_they_are_written,
	  a_datagram_arrives_and_tells_where_it_came_from,
	  a_socket_of_ipv6_speaks_ipv4_too, what_is_too_long_is_told_and_gone,
	  what_cannot_be_sent_is_counted_and_stops_nobody,
	  a_port_that_is_taken_is_refused, all_of_a_multicast_group_hear,
	  all_of_a_broadcast_address_hear,
	  a_group_of_ipv6_needs_a_socket_of_ipv6,
	  a_group_is_joined_once_the_network_is_up)
