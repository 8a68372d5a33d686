#define _GNU_SOURCE
#include "io/udp_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "io/address.h"
#include "io/udp.h"

socklen_t udp_to_system(const struct endpoint *endpoint, bool mapped,
			struct sockaddr_storage *address)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET,
				   .sin_port = htons(endpoint->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(endpoint->port),
				    .sin6_scope_id = endpoint->scope };

	memset(address, 0, sizeof(*address));
	if (endpoint_is_ip4(endpoint) && !mapped) {
		memcpy(&in4.sin_addr, endpoint->ip + 12, 4);
		memcpy(address, &in4, sizeof(in4));
		return sizeof(in4);
	}
	memcpy(&in6.sin6_addr, endpoint->ip, 16);
	memcpy(address, &in6, sizeof(in6));
	return sizeof(in6);
}

struct endpoint udp_from_system(const struct sockaddr_storage *address)
{
	struct endpoint endpoint = { 0 };
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (address->ss_family == AF_INET) {
		memcpy(&in4, address, sizeof(in4));
		memset(endpoint.ip + 10, 0xff, 2);
		memcpy(endpoint.ip + 12, &in4.sin_addr, 4);
		endpoint.port = ntohs(in4.sin_port);
	} else if (address->ss_family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		memcpy(endpoint.ip, &in6.sin6_addr, 16);
		endpoint.port = ntohs(in6.sin6_port);
		endpoint.scope = in6.sin6_scope_id;
	}
	return endpoint;
}

int udp_endpoint(struct text text, uint16_t port, struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t len;
	char whole[UDP_NAME_MAX];

	if (text.len == 0 || text.len >= sizeof(whole) - 8)
		return -EINVAL;
	if (address_is_ip(text) && memchr(text.at, ':', text.len) != NULL)
		snprintf(whole, sizeof(whole), "[%.*s]:%u", (int)text.len,
			 text.at, port);
	else if (address_is_ip(text) || text.at[text.len - 1] == ']')
		snprintf(whole, sizeof(whole), "%.*s:%u", (int)text.len,
			 text.at, port);
	else
		text_copy(text, whole, sizeof(whole));
	if (address_parse(text_of(whole), &address, &len) != 0)
		return -EINVAL;
	*endpoint = udp_from_system(&address);
	return 0;
}

void udp_name(const struct endpoint *endpoint, char buf[UDP_NAME_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (endpoint_is_ip4(endpoint)) {
		inet_ntop(AF_INET, endpoint->ip + 12, ip, sizeof(ip));
		snprintf(buf, UDP_NAME_MAX, "%s:%u", ip, endpoint->port);
		return;
	}
	inet_ntop(AF_INET6, endpoint->ip, ip, sizeof(ip));
	if (endpoint->scope != 0)
		snprintf(buf, UDP_NAME_MAX, "[%s%%%u]:%u", ip, endpoint->scope,
			 endpoint->port);
	else
		snprintf(buf, UDP_NAME_MAX, "[%s]:%u", ip, endpoint->port);
}
