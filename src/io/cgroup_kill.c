/* cgroup_kill - the certain end of all that is in a group. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/cgroup_parts.h"
#include "io/clock.h"
#include "io/names.h"

#define PAUSE_MS 5 /* between two rounds of killing */

int cgroup_put(int group, const char *file, const char *text)
{
	int fd = openat(group, file, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1)
		return -errno;
	if (write(fd, text, strlen(text)) == -1)
		rc = -errno;
	close(fd);
	return rc;
}

static void kill_listed(int group)
{
	char buf[4096];
	int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	ssize_t len;
	pid_t pid = 0;

	if (fd == -1)
		return;
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < len; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			/* 0 stands for what our pid namespace doesn't show */
			if (pid > 1)
				kill(pid, SIGKILL);
			pid = 0;
		}
	}
	close(fd);
}

struct place {
	int group;
	int depth;
};

static void kill_groups(int group, int depth);

static void kill_group(void *arg, const char *name, bool is_directory)
{
	const struct place *place = arg;
	int group;

	if (!is_directory)
		return;
	group = openat(place->group, name, CGROUP_OPEN);
	if (group == -1)
		return;
	kill_groups(group, place->depth + 1);
	close(group);
}

static void kill_groups(int group, int depth)
{
	struct place place = { group, depth };

	kill_listed(group);
	if (depth < CGROUP_DEPTH_MAX)
		names_each(group, kill_group, &place);
}

int cgroup_kill(int group)
{
	int rc = cgroup_put(group, "cgroup.kill", "1");

	if (rc == 0)
		return fchmod(group, CGROUP_SPENT_MODE) == -1 ? -errno : 0;
	if (rc != -ENOENT)
		return rc;
	/* Before Linux 5.14.  Frozen, nothing forks away between the listing
	 * and the signal; SIGKILL reaches the frozen, too. */
	cgroup_put(group, "cgroup.freeze", "1");
	kill_groups(group, 0);
	cgroup_put(group, "cgroup.freeze", "0");
	return 0;
}

/* The value of populated in the open cgroup.events. */
static int read_populated(int fd)
{
	static const char key[] = "populated ";
	char buf[128];
	ssize_t len = pread(fd, buf, sizeof(buf) - 1, 0);
	const char *at;

	if (len == -1)
		return -errno;
	buf[len] = '\0';
	at = strstr(buf, key);
	if (at == NULL)
		return -ENODATA;
	return at[sizeof(key) - 1] == '1';
}

int cgroup_is_populated(int group)
{
	int fd = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -errno;
	rc = read_populated(fd);
	close(fd);
	return rc;
}

int cgroup_end_all(int group, int64_t budget_ms)
{
	int64_t deadline_ms = clock_ms() + budget_ms;
	int fd = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -errno;
	while ((rc = read_populated(fd)) == 1) {
		/* POLLPRI: the file's contents changed. */
		struct pollfd change = { .fd = fd, .events = POLLPRI };

		if (clock_ms() >= deadline_ms) {
			rc = -ETIMEDOUT;
			break;
		}
		cgroup_kill(group);
		if (poll(&change, 1, PAUSE_MS) == -1 && errno != EINTR)
			break;
	}
	close(fd);
	return rc;
}
