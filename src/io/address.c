#define _GNU_SOURCE
#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

/* "HOST:PORT" or "[HOST]:PORT" taken apart; PORT may be missing. */
struct endpoint {
	struct text host;
	uint64_t port;
	bool has_port;
	bool brackets;
};

static bool parse_port(struct text text, uint64_t *port)
{
	return text_to_u64(text, 65535, port) && *port > 0;
}

static bool split(struct text text, struct endpoint *endpoint)
{
	const char *end = text.at + text.len;
	const char *colon;

	*endpoint = (struct endpoint){ .host = text };
	if (text.len == 0)
		return false;
	endpoint->brackets = text.at[0] == '[';
	if (endpoint->brackets) {
		const char *close = memchr(text.at, ']', text.len);

		if (close == NULL)
			return false;
		endpoint->host = (struct text){ text.at + 1,
						(size_t)(close - text.at) - 1 };
		colon = close + 1;
	} else {
		colon = memchr(text.at, ':', text.len);
		if (colon == NULL)
			return true;
		endpoint->host.len = (size_t)(colon - text.at);
	}
	if (colon == end)
		return true;
	endpoint->has_port = true;
	return *colon == ':' &&
	       parse_port((struct text){ colon + 1, (size_t)(end - colon) - 1 },
			  &endpoint->port);
}

static bool parse_ip(int family, struct text text, void *address)
{
	char string[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(string) ||
	    memchr(text.at, '\0', text.len) != NULL)
		return false;
	memcpy(string, text.at, text.len);
	string[text.len] = '\0';
	return inet_pton(family, string, address) == 1;
}

int address_parse(struct text text, struct sockaddr_storage *address,
		  socklen_t *len)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct endpoint endpoint;

	memset(address, 0, sizeof(*address));
	if (!split(text, &endpoint) || !endpoint.has_port)
		return -EINVAL;
	if (endpoint.brackets) {
		if (!parse_ip(AF_INET6, endpoint.host, &in6.sin6_addr))
			return -EINVAL;
		in6.sin6_port = htons((uint16_t)endpoint.port);
		memcpy(address, &in6, sizeof(in6));
		*len = sizeof(in6);
		return 0;
	}
	if (!parse_ip(AF_INET, endpoint.host, &in4.sin_addr))
		return -EINVAL;
	in4.sin_port = htons((uint16_t)endpoint.port);
	memcpy(address, &in4, sizeof(in4));
	*len = sizeof(in4);
	return 0;
}

bool address_is_ip(struct text text)
{
	struct in6_addr address;

	return parse_ip(AF_INET, text, &address) ||
	       parse_ip(AF_INET6, text, &address);
}

static bool is_host_name(struct text text)
{
	if (text.len == 0 || text.len > 253)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
			return false;
	}
	return true;
}

bool address_is_peer(struct text text)
{
	struct endpoint endpoint;
	struct in6_addr address;

	if (text.len > 4 && memcmp(text.at, "dns:", 4) == 0) {
		text = (struct text){ text.at + 4, text.len - 4 };
		return split(text, &endpoint) && !endpoint.brackets &&
		       is_host_name(endpoint.host);
	}
	if (address_is_ip(text))
		return true;
	return split(text, &endpoint) &&
	       parse_ip(endpoint.brackets ? AF_INET6 : AF_INET, endpoint.host,
			&address);
}
