#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"
#include "io/log.h"
#include "io/shared_dir.h"

#define HOLDER_MAX 160 /* bytes: "node NAME pid PID" */
#define TRIES	   10
#define PAUSE_NS   (20 * 1000 * 1000)

/* What the holder wrote about itself; it may be in the midst of that. */
static void read_holder(int fd, char holder[HOLDER_MAX])
{
	ssize_t len = pread(fd, holder, HOLDER_MAX - 1, 0);

	if (len < 0)
		len = 0;
	holder[len] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	if (holder[0] == '\0')
		text_copy(text_of("someone"), holder, HOLDER_MAX);
}

static int write_holder(int fd, const char *node)
{
	char holder[HOLDER_MAX];
	int len = snprintf(holder, sizeof(holder), "node %.64s pid %ld\n", node,
			   (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, (size_t)len, 0) != len)
		return -errno;
	return 0;
}

/* Whoever was killed a moment ago may still be closing its descriptors. */
static int lock_wait(int fd)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (int tries = 0; fcntl(fd, F_OFD_SETLK, &lock) != 0; tries++) {
		if (errno != EACCES && errno != EAGAIN)
			return -errno;
		if (tries == TRIES)
			return -EAGAIN;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int shared_dir_lock(const char *path, const char *node, int told)
{
	char name[PATH_MAX];
	char holder[HOLDER_MAX];
	int fd;
	int rc = 0;

	snprintf(name, sizeof(name), "%s/lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1) {
		rc = -errno;
		if (rc != told)
			log_err(rc, "shared: cannot open %s", name);
		return rc;
	}
	rc = lock_wait(fd);
	if (rc != 0) {
		read_holder(fd, holder);
		if (rc == -EAGAIN && rc != told)
			log_err(0,
				"shared: %s is locked by %s; without a "
				"cluster a directory serves one node",
				name, holder);
		else if (rc != told)
			log_err(rc, "shared: cannot lock %s", name);
		close(fd);
		return rc;
	}
	rc = write_holder(fd, node);
	if (rc != 0) /* the lock is held all the same: a full disk */
		log_warn(rc, "shared: cannot write to %s", name);
	return fd;
}
