#define _GNU_SOURCE
#include "io/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cgroup_path.h"
#include "core/out.h"
#include "io/clock.h"
#include "io/names.h"

#define DEPTH_MAX	16	   /* groups within groups that work may make */
#define PAUSE_MS	5	   /* between two rounds of killing */
#define PROC_FILE_BYTES (1u << 20) /* longest mountinfo we read */
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* ---- where we are ---- */

/* Reads a file of /proc whole; its bytes or a negative errno. */
static ssize_t read_whole(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd == -1)
		return -errno;
	while ((got = read(fd, buf + len, cap - len)) > 0)
		len += (size_t)got;
	close(fd);
	return got == -1 ? -errno : (ssize_t)len;
}

/* Opens the directory of our own group; only at start, so it may allocate. */
static int own_open(void)
{
	char path[PATH_MAX];
	char *mounts = malloc(PROC_FILE_BYTES);
	char groups[4096];
	ssize_t groups_len;
	ssize_t mounts_len;
	int rc = -ENOMEM;

	if (mounts == NULL)
		return rc;
	groups_len = read_whole("/proc/self/cgroup", groups, sizeof(groups));
	mounts_len =
		read_whole("/proc/self/mountinfo", mounts, PROC_FILE_BYTES);
	if (groups_len < 0 || mounts_len < 0)
		rc = -ENOENT;
	else
		rc = cgroup_path((struct text){ groups, (size_t)groups_len },
				 (struct text){ mounts, (size_t)mounts_len },
				 path, sizeof(path));
	free(mounts);
	if (rc != 0)
		return rc;
	rc = open(path, DIRECTORY_FLAGS);
	return rc == -1 ? -errno : rc;
}

/* ---- groups ---- */

static int make_and_open(int parent, const char *name)
{
	int fd = openat(parent, name, DIRECTORY_FLAGS);

	if (fd == -1 && errno == ENOENT) {
		if (mkdirat(parent, name, 0755) == -1)
			return -errno;
		fd = openat(parent, name, DIRECTORY_FLAGS);
	}
	return fd == -1 ? -errno : fd;
}

static int put(int group, const char *file, const char *text)
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

int cgroup_tree_open(const char *name, int64_t budget_ms)
{
	int parent = own_open();
	int tree;
	int rc;

	if (parent < 0)
		return parent;
	tree = make_and_open(parent, name);
	close(parent);
	if (tree < 0)
		return tree;
	rc = cgroup_end_all(tree, budget_ms);
	/* May we use it?  Entering one ourselves would tell for certain, but
	 * then we would have to find the way back. */
	if (rc == 0 && faccessat(tree, "cgroup.procs", W_OK, 0) == -1)
		rc = -errno;
	if (rc != 0) {
		close(tree);
		return rc;
	}
	return tree;
}

struct removal {
	int parent;
	int depth;
};

static void remove_groups(int group, int depth);

static void remove_group(void *arg, const char *name, bool is_directory)
{
	const struct removal *removal = arg;
	int group;

	if (!is_directory)
		return;
	group = openat(removal->parent, name, DIRECTORY_FLAGS);
	if (group != -1) {
		remove_groups(group, removal->depth + 1);
		close(group);
	}
	unlinkat(removal->parent, name, AT_REMOVEDIR);
}

/* Removes the groups in GROUP, deepest first. */
static void remove_groups(int group, int depth)
{
	struct removal removal = { group, depth };

	if (depth < DEPTH_MAX)
		names_each(group, remove_group, &removal);
}

void cgroup_tree_remove(int tree, const char *name, int64_t budget_ms)
{
	int parent;

	if (tree == -1)
		return;
	cgroup_end_all(tree, budget_ms);
	remove_groups(tree, 0);
	parent = openat(tree, "..", DIRECTORY_FLAGS);
	if (parent != -1) {
		unlinkat(parent, name, AT_REMOVEDIR);
		close(parent);
	}
	close(tree);
}

int cgroup_slot_open(int tree, unsigned slot)
{
	char name[16];
	struct out out = out_init(name, sizeof(name));

	if (tree < 0)
		return -EBADF;
	out_char(&out, 'w');
	out_u64(&out, slot);
	out_end(&out);
	return make_and_open(tree, name);
}

int cgroup_enter(int group, int pid)
{
	char text[16];
	struct out out = out_init(text, sizeof(text));

	out_i64(&out, pid);
	out_end(&out);
	return put(group, "cgroup.procs", text);
}

/* ---- killing ---- */

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

static void kill_groups(int group, int depth);

static void kill_group(void *arg, const char *name, bool is_directory)
{
	const struct removal *place = arg;
	int group;

	if (!is_directory)
		return;
	group = openat(place->parent, name, DIRECTORY_FLAGS);
	if (group == -1)
		return;
	kill_groups(group, place->depth + 1);
	close(group);
}

static void kill_groups(int group, int depth)
{
	struct removal place = { group, depth };

	kill_listed(group);
	if (depth < DEPTH_MAX)
		names_each(group, kill_group, &place);
}

int cgroup_kill(int group)
{
	int rc = put(group, "cgroup.kill", "1");

	if (rc != -ENOENT)
		return rc;
	/* Before Linux 5.14.  Frozen, nothing forks away between the listing
	 * and the signal; SIGKILL reaches the frozen, too. */
	put(group, "cgroup.freeze", "1");
	kill_groups(group, 0);
	put(group, "cgroup.freeze", "0");
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
