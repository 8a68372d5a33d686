#define _GNU_SOURCE
#include "io/asker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static struct asker_rules rules;
static struct cookie cookie;
static struct asker asker;
static struct sockaddr_in v4;
static struct sockaddr_in6 v6;
static char token_file[TMP_DIR_MAX];

static void setup(void)
{
	static char proxy_a[] = "127.0.0.1";
	static char proxy_b[] = "10.8.0.0/14";
	static char proxy_c[] = "fd00::/8";
	static char *proxies[] = { proxy_a, proxy_b, proxy_c, NULL };
	struct config_http config = {
		.trusted_proxies = { proxies, 3 },
		.token_file = token_file,
	};
	uint8_t secret[SECRET_BYTES] = { 0 };
	int fd = tmp_file(token_file, "asker");

	ck_assert_int_eq(write(fd, "s3cret\n", 7), 7);
	close(fd);
	cookie_init(&cookie, secret);
	asker_rules_load(&rules, &config);
	unlink(token_file);
}

static const struct sockaddr *address_v4(const char *host)
{
	v4.sin_family = AF_INET;
	ck_assert_int_eq(inet_pton(AF_INET, host, &v4.sin_addr), 1);
	return (const struct sockaddr *)&v4;
}

static const struct sockaddr *address_v6(const char *host)
{
	v6.sin6_family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, host, &v6.sin6_addr), 1);
	return (const struct sockaddr *)&v6;
}

static int judge(const struct asker_facts *facts)
{
	return asker_judge(&rules, &cookie, facts, &asker);
}

START_TEST(peers_of_the_node_s_user_and_root_are_operators)
{
	struct asker_facts facts = { .over_unix = true };

	setup();
	rules.own_uid = 1000;
	ck_assert_int_eq(judge(&facts), 0);
	ck_assert(asker.is_operator);
	facts.peer_uid = 1000;
	judge(&facts);
	ck_assert(asker.is_operator);
	facts.peer_uid = 1001;
	judge(&facts);
	ck_assert(!asker.is_operator);
	ck_assert_str_eq(asker.user, "uid:1001");
}
END_TEST

START_TEST(only_the_very_token_makes_an_operator)
{
	struct asker_facts facts = { .address = address_v4("192.0.2.1") };

	setup();
	facts.authorization = text_of("Bearer s3cret");
	ck_assert_int_eq(judge(&facts), 0);
	ck_assert(asker.is_operator);
	facts.authorization = text_of("Bearer s3cre");
	ck_assert_int_eq(judge(&facts), -EACCES);
	ck_assert(!asker.is_operator);
	facts.authorization = text_of("Bearer ");
	ck_assert_int_eq(judge(&facts), -EACCES);
	rules.token_len = 0;
	ck_assert_int_eq(judge(&facts), -EACCES);
}
END_TEST

START_TEST(the_user_header_is_believed_only_from_a_proxy)
{
	struct asker_facts facts = { .user_header = text_of("ann") };

	setup();
	facts.address = address_v4("127.0.0.1");
	judge(&facts);
	ck_assert_str_eq(asker.user, "ann");
	facts.address = address_v4("10.11.255.255");
	judge(&facts);
	ck_assert_str_eq(asker.user, "ann");
	facts.address = address_v4("10.12.0.0");
	judge(&facts);
	ck_assert_str_eq(asker.user, "");
	facts.address = address_v6("::ffff:127.0.0.1");
	judge(&facts);
	ck_assert_str_eq(asker.user, "ann");
	facts.address = address_v6("fdff::1");
	judge(&facts);
	ck_assert_str_eq(asker.user, "ann");
	facts.address = address_v6("fe00::1");
	judge(&facts);
	ck_assert_int_eq(asker.means, ASKER_UNKNOWN);
}
END_TEST

START_TEST(a_proxy_cannot_name_a_user_of_a_cookie)
{
	struct asker_facts facts = { .address = address_v4("127.0.0.1") };

	setup();
	facts.user_header = text_of("~AAAAAAAAAAAAAAAAAAAAAA");
	ck_assert_int_eq(judge(&facts), -EINVAL);
	facts.user_header = text_of("a\nb");
	ck_assert_int_eq(judge(&facts), -EINVAL);
	facts.user_header = text_of("\xff");
	ck_assert_int_eq(judge(&facts), -EINVAL);
}
END_TEST

START_TEST(the_request_s_id_is_believed_only_from_a_proxy_and_if_long)
{
	struct asker_facts facts = {
		.request_header = text_of("0123456789abcdef0123456789abcdef")
	};

	setup();
	facts.address = address_v4("127.0.0.1");
	judge(&facts);
	ck_assert(text_equal(asker.request, facts.request_header));
	facts.address = address_v4("127.0.0.2");
	judge(&facts);
	ck_assert_uint_eq(asker.request.len, 0);
	facts.address = address_v4("127.0.0.1");
	facts.request_header = text_of("17");
	judge(&facts);
	ck_assert_uint_eq(asker.request.len, 0);
}
END_TEST

START_TEST(pages_of_other_sites_are_refused)
{
	struct asker_facts facts = { .address = address_v4("192.0.2.1"),
				     .host = text_of("node:8080") };

	setup();
	judge(&facts);
	ck_assert(asker_is_same_site(&rules, &asker, &facts));
	facts.origin = text_of("http://node:8080");
	ck_assert(asker_is_same_site(&rules, &asker, &facts));
	facts.origin = text_of("http://evil");
	ck_assert(!asker_is_same_site(&rules, &asker, &facts));
	facts.origin = text_of("null");
	ck_assert(!asker_is_same_site(&rules, &asker, &facts));
	facts.fetch_site = text_of("same-origin");
	ck_assert(asker_is_same_site(&rules, &asker, &facts));
	facts.fetch_site = text_of("same-site");
	ck_assert(!asker_is_same_site(&rules, &asker, &facts));
	facts.fetch_site = text_of("cross-site");
	ck_assert(!asker_is_same_site(&rules, &asker, &facts));
	facts.authorization = text_of("Bearer s3cret");
	judge(&facts);
	ck_assert(asker_is_same_site(&rules, &asker, &facts));
}
END_TEST

START_TEST(a_proxy_may_say_under_which_name_it_was_asked)
{
	struct asker_facts facts = { .host = text_of("127.0.0.1:8080"),
				     .origin = text_of("https://jobs.example"),
				     .forwarded_proto = text_of("https"),
				     .forwarded_host =
					     text_of("jobs.example") };

	setup();
	facts.address = address_v4("127.0.0.1");
	judge(&facts);
	ck_assert(asker.secure);
	ck_assert(asker_is_same_site(&rules, &asker, &facts));
	facts.address = address_v4("192.0.2.1");
	judge(&facts);
	ck_assert(!asker.secure);
	ck_assert(!asker_is_same_site(&rules, &asker, &facts));
}
END_TEST

TEST_MAIN("asker", peers_of_the_node_s_user_and_root_are_operators,
	  only_the_very_token_makes_an_operator,
	  the_user_header_is_believed_only_from_a_proxy,
	  the_request_s_id_is_believed_only_from_a_proxy_and_if_long,
	  a_proxy_cannot_name_a_user_of_a_cookie,
	  pages_of_other_sites_are_refused,
	  a_proxy_may_say_under_which_name_it_was_asked)
