/* udp - the sockets of the heartbeat: to one, to a group, IPv4 and IPv6.
 *
 * Nothing here waits.  A socket on "[::]" speaks IPv4, too.  A group is a
 * multicast or broadcast address; its datagrams come in on the same socket
 * where that listens on all addresses and the same port, else on one of their
 * own, which several nodes of one machine may share.  Datagrams to a group
 * leave by the interface whose address is listened on, or as the routes say.
 */
#ifndef HOLDFAST_IO_UDP_H
#define HOLDFAST_IO_UDP_H

#include <stddef.h>

#include "core/endpoint.h"
#include "core/text.h"

#define UDP_NAME_MAX 64 /* bytes of "[ADDRESS%SCOPE]:PORT", terminated */

struct udp {
	int fd;	      /* sends, and hears what is for us */
	int group_fd; /* hears the group, -1 where FD does */
	struct endpoint bound;
	struct endpoint group;
	bool has_group;
	bool joined;   /* or nothing to join */
	uint64_t sent; /* datagrams */
	uint64_t unsent;
	uint64_t received;
};

/* Listens on LISTEN, port 0 lets the kernel choose, and hears GROUP, NULL for
 * none.  0 or a negative errno (logged).  A group that can't be joined is
 * logged and no failure: see udp_join.
 */
int udp_open(struct udp *udp, const struct endpoint *listen,
	     const struct endpoint *group);
void udp_close(struct udp *udp);

/* Joins the group if that was not possible before, since an interface or a
 * route may come up late.  0 or a negative errno.
 */
int udp_join(struct udp *udp);

/* 0, or a negative errno: then this one is lost, which is no news of UDP. */
int udp_send(struct udp *udp, const struct endpoint *to, const void *bytes,
	     size_t len);

/* Takes one datagram from FD, either of the two.  Its length; -EAGAIN when
 * there is none; -EMSGSIZE when it was longer than CAP; or another negative
 * errno.  After all but -EAGAIN there may be more.
 */
int udp_receive(struct udp *udp, int fd, void *bytes, size_t cap,
		struct endpoint *from);

/* Reads "10.0.7.11", "10.0.7.11:7400" or "[::1]:7400"; without a port it is
 * PORT.  0 or -EINVAL.
 */
int udp_endpoint(struct text text, uint16_t port, struct endpoint *endpoint);

/* The other way round. */
void udp_name(const struct endpoint *endpoint, char buf[UDP_NAME_MAX]);

#endif
