#define _GNU_SOURCE
#include "io/asker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/out.h"
#include "io/log.h"

#define V4_PREFIX_BITS 96

static void load_token(struct asker_rules *rules, const char *path)
{
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		log_warn(-errno, "asker: cannot open token-file=%s", path);
		return;
	}
	got = read(fd, rules->token, sizeof(rules->token));
	if (got == -1)
		log_warn(-errno, "asker: cannot read token-file=%s", path);
	close(fd);
	while (got > 0 &&
	       (rules->token[got - 1] == '\n' ||
		rules->token[got - 1] == '\r' || rules->token[got - 1] == ' '))
		got--;
	rules->token_len = got > 0 ? (size_t)got : 0;
	if (rules->token_len == 0)
		log_warn(0, "asker: empty token-file=%s", path);
}

static void map_v4(uint8_t address[16], const void *v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(address, prefix, sizeof(prefix));
	memcpy(address + sizeof(prefix), v4, 4);
}

/* "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8" */
static bool parse_proxy(const char *string, struct asker_proxy *proxy)
{
	struct text whole = text_of(string);
	const char *slash = strchr(string, '/');
	char host[INET6_ADDRSTRLEN];
	struct in_addr v4;
	uint64_t bits = 128;
	uint64_t most = 128;

	if (slash != NULL)
		whole.len = (size_t)(slash - string);
	if (whole.len >= sizeof(host))
		return false;
	text_copy(whole, host, sizeof(host));
	if (inet_pton(AF_INET, host, &v4) == 1) {
		map_v4(proxy->address, &v4);
		most = 32;
	} else if (inet_pton(AF_INET6, host, proxy->address) != 1) {
		return false;
	}
	if (slash != NULL) {
		if (!text_to_u64(text_of(slash + 1), most, &bits))
			return false;
		if (most == 32)
			bits += V4_PREFIX_BITS;
	}
	proxy->bits = (unsigned)bits;
	return true;
}

void asker_rules_load(struct asker_rules *rules,
		      const struct config_http *config)
{
	memset(rules, 0, sizeof(*rules));
	rules->own_uid = geteuid();
	if (config->token_file != NULL)
		load_token(rules, config->token_file);
	for (size_t i = 0; i < config->trusted_proxies.count; i++) {
		const char *string = config->trusted_proxies.at[i];
		struct asker_proxy *proxy =
			&rules->proxies[rules->proxies_count];

		if (rules->proxies_count == ASKER_PROXIES_MAX ||
		    !parse_proxy(string, proxy))
			log_warn(0,
				 "asker: no such address "
				 "trusted-proxies=%s",
				 string);
		else
			rules->proxies_count++;
	}
}

static bool is_within(const uint8_t address[16],
		      const struct asker_proxy *proxy)
{
	unsigned whole = proxy->bits / 8;
	unsigned rest = proxy->bits % 8;

	if (memcmp(address, proxy->address, whole) != 0)
		return false;
	return rest == 0 ||
	       (address[whole] ^ proxy->address[whole]) >> (8 - rest) == 0;
}

static bool is_proxy(const struct asker_rules *rules,
		     const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (address == NULL || rules->proxies_count == 0)
		return false;
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		map_v4(bytes, &in.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		memcpy(bytes, &in6.sin6_addr, sizeof(bytes));
	} else {
		return false;
	}
	for (size_t i = 0; i < rules->proxies_count; i++)
		if (is_within(bytes, &rules->proxies[i]))
			return true;
	return false;
}

static bool is_bearer(struct text *field)
{
	static const char scheme[] = "bearer ";

	if (field->len < sizeof(scheme) - 1)
		return false;
	for (size_t i = 0; i < sizeof(scheme) - 1; i++)
		if ((field->at[i] | 0x20) != scheme[i])
			return false;
	field->at += sizeof(scheme) - 1;
	field->len -= sizeof(scheme) - 1;
	return true;
}

static int judge_token(const struct asker_rules *rules, struct text given,
		       struct asker *asker)
{
	/* Both are hashed, so that neither length nor bytes show in the time
	 * taken. */
	uint8_t ours[32];
	uint8_t theirs[32];

	crypto_generichash(ours, sizeof(ours), (const uint8_t *)rules->token,
			   rules->token_len, NULL, 0);
	crypto_generichash(theirs, sizeof(theirs), (const uint8_t *)given.at,
			   given.len, NULL, 0);
	if (rules->token_len == 0 ||
	    sodium_memcmp(ours, theirs, sizeof(ours)) != 0)
		return -EACCES;
	asker->means = ASKER_TOKEN;
	asker->is_operator = true;
	text_copy(text_of("operator"), asker->user, sizeof(asker->user));
	return 0;
}

static void judge_peer(const struct asker_rules *rules, uid_t uid,
		       struct asker *asker)
{
	struct out out = out_init(asker->user, sizeof(asker->user));

	asker->means = ASKER_PEER;
	asker->is_operator = uid == 0 || uid == rules->own_uid;
	if (asker->is_operator) {
		out_string(&out, "operator");
	} else {
		out_string(&out, "uid:");
		out_u64(&out, uid);
	}
	out_end(&out);
}

/* Names a proxy gives may be anything but a cookie user's or unprintable. */
static bool is_user_name(struct text name)
{
	if (name.len == 0 || name.len > JOB_USER_MAX || name.at[0] == '~' ||
	    !text_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	return true;
}

int asker_judge(const struct asker_rules *rules, struct cookie *cookie,
		const struct asker_facts *facts, struct asker *asker)
{
	struct text authorization = facts->authorization;
	bool proxied;

	asker->means = ASKER_UNKNOWN;
	asker->is_operator = false;
	asker->secure = false;
	asker->user[0] = '\0';
	asker->request = (struct text){ 0 };
	if (facts->over_unix) {
		judge_peer(rules, facts->peer_uid, asker);
		return 0;
	}
	proxied = is_proxy(rules, facts->address);
	if (proxied && facts->request_header.len >= ASKER_REQUEST_MIN &&
	    facts->request_header.len <= ASKER_REQUEST_MAX)
		asker->request = facts->request_header;
	if (is_bearer(&authorization))
		return judge_token(rules, authorization, asker);
	if (proxied) {
		asker->secure = text_is(facts->forwarded_proto, "https");
		if (facts->user_header.len > 0) {
			if (!is_user_name(facts->user_header))
				return -EINVAL;
			asker->means = ASKER_PROXY;
			text_copy(facts->user_header, asker->user,
				  sizeof(asker->user));
			return 0;
		}
	}
	if (cookie_find(cookie, facts->cookie, asker->user))
		asker->means = ASKER_COOKIE;
	return 0;
}

/* "https://host:port" names HOST? */
static bool is_origin_of(struct text origin, struct text host)
{
	const char *slashes;

	if (host.len == 0)
		return false;
	slashes = memmem(origin.at, origin.len, "://", 3);
	if (slashes == NULL)
		return false;
	origin.len -= (size_t)(slashes + 3 - origin.at);
	origin.at = slashes + 3;
	return text_equal(origin, host);
}

bool asker_is_same_site(const struct asker_rules *rules,
			const struct asker *asker,
			const struct asker_facts *facts)
{
	/* Those two prove themselves anew each time; a browser sends neither
	 * by itself. */
	if (asker->means == ASKER_PEER || asker->means == ASKER_TOKEN)
		return true;
	if (facts->fetch_site.len > 0)
		return text_is(facts->fetch_site, "same-origin") ||
		       text_is(facts->fetch_site, "none");
	if (facts->origin.len == 0)
		return true; /* not a browser */
	if (is_origin_of(facts->origin, facts->host))
		return true;
	return is_proxy(rules, facts->address) &&
	       is_origin_of(facts->origin, facts->forwarded_host);
}
