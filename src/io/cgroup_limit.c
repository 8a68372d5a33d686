/* cgroup_limit - what all of a group together may use, where the kernel lets
 * us say so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/out.h"
#include "io/cgroup.h"
#include "io/cgroup_parts.h"

#define NUMBER_BYTES 24

/* Has the group at PATH, seen from GROUP, hand the controller on. */
static int enable(int group, const char *path, const char *controller)
{
	int fd = openat(group, path, CGROUP_OPEN);
	int rc;

	if (fd == -1)
		return -errno;
	rc = cgroup_put(fd, "cgroup.subtree_control", controller);
	close(fd);
	return rc;
}

/* A group has the files of a controller that the one above hands on, and so
 * has that one.  A group with processes of its own can't hand on memory, so
 * this works where the node's own group is the root, where systemd gave it to
 * us, or where somebody did it before.
 */
static int limit(int group, const char *controller, const char *file,
		 uint64_t value)
{
	char text[NUMBER_BYTES];
	struct out out = out_init(text, sizeof(text));
	int rc;

	out_u64(&out, value);
	out_end(&out);
	rc = cgroup_put(group, file, text);
	if (rc != -ENOENT)
		return rc;
	if (enable(group, "..", controller) != 0) {
		rc = enable(group, "../..", controller);
		if (rc == 0)
			rc = enable(group, "..", controller);
		if (rc != 0)
			return rc;
	}
	return cgroup_put(group, file, text);
}

int cgroup_limit_memory(int group, uint64_t bytes)
{
	int rc = limit(group, "+memory", "memory.max", bytes);

	/* Who is over it ends as a whole, not with one process missing. */
	if (rc == 0)
		(void)cgroup_put(group, "memory.oom.group", "1");
	return rc;
}

int cgroup_limit_processes(int group, uint64_t count)
{
	return limit(group, "+pids", "pids.max", count);
}
