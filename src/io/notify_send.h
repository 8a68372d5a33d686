/* notify_send - tells the service manager how the node is (sd_notify). */
#ifndef HOLDFAST_IO_NOTIFY_SEND_H
#define HOLDFAST_IO_NOTIFY_SEND_H

#include <stdint.h>
#include <sys/un.h>

struct notify_sender {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	unsigned address_len;
	int64_t watchdog_ms; /* silence it bears; 0 = it does not watch */
};

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC, and takes them out of the
 * environment: they are meant for this process alone.
 */
void notify_sender_open(struct notify_sender *sender);
/* LINES as in sd_notify(3); never waits, never fails loudly. */
void notify_send(const struct notify_sender *sender, const char *lines);

#endif
