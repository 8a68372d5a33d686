#define _GNU_SOURCE
#include "io/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/log.h"

static void put(int fd, char word)
{
	if (write(fd, &word, 1) != 1)
		log_warn(-errno, "watchdog: cannot write");
}

void watchdog_ping(int fd)
{
	put(fd, 'p');
}

void watchdog_disarm(int fd)
{
	put(fd, 'V');
}

int watchdog_open(const char *path, int seconds)
{
	int timeout = seconds;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = fd == -1 ? -errno : 0;

	if (rc == 0 && ioctl(fd, WDIOC_SETTIMEOUT, &timeout) == -1)
		rc = -errno;
	/* The driver takes what it can, and says so. */
	if (rc == 0 && timeout > seconds)
		rc = -ERANGE;
	if (rc == 0) {
		log_info("watchdog: armed device=%s seconds=%d", path, timeout);
		return fd;
	}
	log_err(rc, "watchdog: cannot use %s for %d s", path, seconds);
	if (fd != -1) {
		if (rc != -ENOTTY)
			watchdog_disarm(fd);
		close(fd);
	}
	return rc;
}
