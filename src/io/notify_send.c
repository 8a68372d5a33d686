#define _GNU_SOURCE
#include "io/notify_send.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool take_address(struct notify_sender *sender, const char *path)
{
	size_t len = path != NULL ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(sender->address.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return false;
	sender->address.sun_family = AF_UNIX;
	memcpy(sender->address.sun_path, path, len);
	if (path[0] == '@') /* abstract */
		sender->address.sun_path[0] = '\0';
	sender->address_len =
		(unsigned)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

void notify_sender_open(struct notify_sender *sender)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *usec = getenv("WATCHDOG_USEC");

	*sender = (struct notify_sender){ .fd = -1 };
	if (take_address(sender, getenv("NOTIFY_SOCKET")))
		sender->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (usec != NULL && (pid == NULL || atol(pid) == getpid()))
		sender->watchdog_ms = (strtoll(usec, NULL, 10) + 999) / 1000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const struct notify_sender *sender, const char *lines)
{
	if (sender->fd == -1)
		return;
	if (sendto(sender->fd, lines, strlen(lines),
		   MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)&sender->address,
		   sender->address_len) == -1)
		return; /* the manager is gone or busy: nobody to tell */
}
