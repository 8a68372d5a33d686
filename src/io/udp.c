#define _GNU_SOURCE
#include "io/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/log.h"
#include "io/udp_address.h"

static bool is_any(const struct endpoint *endpoint)
{
	static const uint8_t zeros[16];

	if (endpoint_is_ip4(endpoint))
		return memcmp(endpoint->ip + 12, zeros, 4) == 0;
	return memcmp(endpoint->ip, zeros, 16) == 0;
}

static bool is_multicast(const struct endpoint *endpoint)
{
	if (endpoint_is_ip4(endpoint))
		return endpoint->ip[12] >> 4 == 14;
	return endpoint->ip[0] == 0xff;
}

/* Is FD of IPv6, and so takes mapped addresses? */
static bool is_ip6(const struct udp *udp)
{
	return !endpoint_is_ip4(&udp->bound);
}

/* A socket bound to AT; the descriptor or a negative errno. */
static int bind_to(const struct endpoint *at, bool shared)
{
	struct sockaddr_storage address;
	socklen_t len = udp_to_system(at, !endpoint_is_ip4(at), &address);
	int on = 1;
	int off = 0;
	int rc;
	int fd = socket(address.ss_family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, len) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* The interface that has the address AT, 0 if none. */
static unsigned interface_of(const struct endpoint *at)
{
	struct ifaddrs *all;
	unsigned index = 0;

	if (at->scope != 0)
		return at->scope;
	if (getifaddrs(&all) == -1)
		return 0;
	for (struct ifaddrs *it = all; it != NULL && index == 0;
	     it = it->ifa_next) {
		struct endpoint endpoint;

		if (it->ifa_addr == NULL ||
		    (it->ifa_addr->sa_family != AF_INET &&
		     it->ifa_addr->sa_family != AF_INET6))
			continue;
		endpoint = udp_from_system(
			(const struct sockaddr_storage *)it->ifa_addr);
		if (memcmp(endpoint.ip, at->ip, sizeof(at->ip)) == 0)
			index = if_nametoindex(it->ifa_name);
	}
	freeifaddrs(all);
	return index;
}

/* Joins on INTERFACE, 0: where the routes lead. */
static int join(const struct udp *udp, int fd, int interface)
{
	struct ip_mreqn four = { .imr_ifindex = interface };
	struct ipv6_mreq six = { .ipv6mr_interface = (unsigned)interface };
	int rc;

	if (endpoint_is_ip4(&udp->group)) {
		memcpy(&four.imr_multiaddr, udp->group.ip + 12, 4);
		if (interface != 0)
			setsockopt(udp->fd, IPPROTO_IP, IP_MULTICAST_IF, &four,
				   sizeof(four));
		rc = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &four,
				sizeof(four));
	} else {
		memcpy(&six.ipv6mr_multiaddr, udp->group.ip, 16);
		if (interface != 0)
			setsockopt(udp->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF,
				   &interface, sizeof(interface));
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &six,
				sizeof(six));
	}
	return rc == 0 || errno == EADDRINUSE ? 0 : -errno;
}

int udp_join(struct udp *udp)
{
	int fd = udp->group_fd != -1 ? udp->group_fd : udp->fd;
	unsigned interface = 0;
	int rc;

	if (udp->joined)
		return 0;
	if (udp->group.scope != 0)
		interface = udp->group.scope;
	else if (!is_any(&udp->bound))
		interface = interface_of(&udp->bound);
	rc = join(udp, fd, (int)interface);
	udp->joined = rc == 0;
	return rc;
}

static int open_group(struct udp *udp)
{
	int rc = 0;

	if (!endpoint_is_ip4(&udp->group) && !is_ip6(udp))
		return -EAFNOSUPPORT;
	udp->joined = !is_multicast(&udp->group);
	if (!is_any(&udp->bound) || udp->bound.port != udp->group.port) {
		rc = bind_to(&udp->group, true);
		if (rc >= 0)
			udp->group_fd = rc;
	}
	return rc < 0 ? rc : udp_join(udp);
}

static const char *cure(int rc)
{
	switch (rc) {
	case -EADDRINUSE:
		return "; another program, or another node, listens there";
	case -EADDRNOTAVAIL:
		return "; this machine has no such address";
	case -EAFNOSUPPORT:
		return "; for IPv6 listen on \"[::]:PORT\"";
	case -ENODEV:
	case -ENETUNREACH:
		return "; no route leads there: listen on the address of the "
		       "network it is in";
	default:
		return "";
	}
}

static void use_group(struct udp *udp, const struct endpoint *group)
{
	char name[UDP_NAME_MAX];
	int rc;

	udp->group = *group;
	rc = open_group(udp);
	udp->has_group = rc != -EAFNOSUPPORT;
	udp_name(group, name);
	if (rc != 0)
		log_warn(rc, "udp: cannot join \"%s\"%s", name, cure(rc));
}

static int find_bound(struct udp *udp)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(udp->fd, (struct sockaddr *)&address, &len) == -1)
		return -errno;
	udp->bound = udp_from_system(&address);
	return 0;
}

int udp_open(struct udp *udp, const struct endpoint *listen,
	     const struct endpoint *group)
{
	char name[UDP_NAME_MAX];
	int rc;

	*udp = (struct udp){ .fd = -1, .group_fd = -1, .joined = true };
	udp_name(listen, name);
	rc = bind_to(listen, false);
	if (rc >= 0) {
		udp->fd = rc;
		rc = find_bound(udp);
	}
	if (rc < 0) {
		log_err(rc, "udp: cannot listen on \"%s\"%s", name, cure(rc));
		udp_close(udp);
		return rc;
	}
	if (group != NULL)
		use_group(udp, group);
	udp_name(&udp->bound, name);
	log_info("udp: listening address=%s", name);
	return 0;
}

void udp_close(struct udp *udp)
{
	if (udp->group_fd != -1)
		close(udp->group_fd);
	if (udp->fd != -1)
		close(udp->fd);
	udp->fd = udp->group_fd = -1;
}

int udp_send(struct udp *udp, const struct endpoint *to, const void *bytes,
	     size_t len)
{
	struct sockaddr_storage address;
	socklen_t address_len;

	if (!is_ip6(udp) && !endpoint_is_ip4(to)) {
		udp->unsent++;
		return -EAFNOSUPPORT;
	}
	address_len = udp_to_system(to, is_ip6(udp), &address);
	if (sendto(udp->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&address, address_len) == -1) {
		udp->unsent++;
		return -errno;
	}
	udp->sent++;
	return 0;
}

int udp_receive(struct udp *udp, int fd, void *bytes, size_t cap,
		struct endpoint *from)
{
	struct sockaddr_storage address = { 0 };
	socklen_t address_len = sizeof(address);
	ssize_t len = recvfrom(fd, bytes, cap, MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&address, &address_len);

	if (len == -1)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	udp->received++;
	*from = udp_from_system(&address);
	return (size_t)len > cap ? -EMSGSIZE : (int)len;
}
