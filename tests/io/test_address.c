#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "tests/core/test.h"

static struct sockaddr_storage address;
static socklen_t len;

START_TEST(an_address_is_numbers_and_a_port)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)&address;

	ck_assert_int_eq(
		address_parse(text_of("127.0.0.1:8080"), &address, &len), 0);
	ck_assert_int_eq(in4->sin_family, AF_INET);
	ck_assert_int_eq(ntohs(in4->sin_port), 8080);
	ck_assert_uint_eq(ntohl(in4->sin_addr.s_addr), 0x7f000001);
	ck_assert_int_eq(address_parse(text_of("[::1]:80"), &address, &len), 0);
	ck_assert_int_eq(address.ss_family, AF_INET6);
	ck_assert_uint_eq(len, sizeof(struct sockaddr_in6));
}
END_TEST

START_TEST(anything_else_is_none)
{
	static const char *const wrong[] = { "",
					     ":80",
					     "127.0.0.1",
					     "127.0.0.1:",
					     "127.0.0.1:0",
					     "1.2.3:80",
					     "localhost:80",
					     "127.0.0.1:65536",
					     "::1:80",
					     "[::1]",
					     "[::1",
					     "[127.0.0.1]:80",
					     "[::1]80",
					     "[]:80",
					     "127.0.0.1:80x" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(address_parse(text_of(wrong[i]), &address,
					    &len) == -EINVAL,
			      "%s", wrong[i]);
}
END_TEST

START_TEST(a_peer_has_a_port_or_not_and_a_name_behind_dns)
{
	ck_assert(address_is_peer(text_of("10.0.0.1")));
	ck_assert(address_is_peer(text_of("10.0.0.1:7400")));
	ck_assert(address_is_peer(text_of("::1")));
	ck_assert(address_is_peer(text_of("[::1]:7400")));
	ck_assert(address_is_peer(text_of("dns:nodes.example.org")));
	ck_assert(address_is_peer(text_of("dns:nodes:7400")));
	ck_assert(!address_is_peer(text_of("nodes")));
	ck_assert(!address_is_peer(text_of("dns:")));
	ck_assert(!address_is_peer(text_of("dns:a b")));
	ck_assert(!address_is_peer(text_of("10.0.0.1:x")));
	ck_assert(!address_is_peer(text_of("")));
}
END_TEST

TEST_MAIN("address", an_address_is_numbers_and_a_port, anything_else_is_none,
	  a_peer_has_a_port_or_not_and_a_name_behind_dns)
