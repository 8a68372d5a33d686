#define _GNU_SOURCE
#include "io/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/cgroup_path.h"
#include "core/out.h"
#include "io/cgroup_parts.h"
#include "io/clone3.h"
#include "io/names.h"

#define SLOT_NAME_BYTES 16
#define NODE_NAME	"node"
#define PROC_FILE_BYTES (1u << 20) /* longest mountinfo we read */

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
	rc = open(path, CGROUP_OPEN);
	return rc == -1 ? -errno : rc;
}

/* ---- groups ---- */

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
	group = openat(removal->parent, name, CGROUP_OPEN);
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

	if (depth < CGROUP_DEPTH_MAX)
		names_each(group, remove_group, &removal);
}

static bool is_spent(int group)
{
	struct stat status;

	return fstat(group, &status) == 0 && (status.st_mode & S_ISVTX) != 0;
}

static int open_group(int parent, const char *name)
{
	int fd = openat(parent, name, CGROUP_OPEN);

	return fd == -1 ? -errno : fd;
}

static int make_and_open(int parent, const char *name)
{
	int fd = open_group(parent, name);

	if (fd >= 0 && is_spent(fd)) {
		remove_groups(fd, 0);
		close(fd);
		if (unlinkat(parent, name, AT_REMOVEDIR) == -1)
			return -errno;
		fd = -ENOENT;
	}
	if (fd != -ENOENT)
		return fd;
	if (mkdirat(parent, name, 0755) == -1)
		return -errno;
	return open_group(parent, name);
}

/* Is a process born into GROUP alive?  It isn't when our own group was killed
 * before, for the reason given at CGROUP_SPENT_MODE.  A kernel that can't do it
 * at all says so, and is no obstacle.
 */
static bool is_fertile(int group)
{
	struct clone3_arguments arguments = { .flags = CLONE3_INTO_CGROUP,
					      .exit_signal = SIGCHLD,
					      .cgroup = (uint64_t)group };
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status = 0;

	if (pid == 0)
		_exit(0);
	if (pid == -1)
		return true;
	while (waitpid((pid_t)pid, &status, __WALL) == -1 && errno == EINTR)
		;
	return WIFEXITED(status);
}

static int try_out(int tree)
{
	int group = cgroup_slot_open(tree, 0);
	int rc;

	if (group < 0)
		return group;
	rc = is_fertile(group) ? 0 : -ENOTSUP;
	close(group);
	return rc;
}

static int end_predecessor(int parent, const char *name, int64_t budget_ms)
{
	int tree = open_group(parent, name);
	int rc;

	if (tree < 0)
		return tree == -ENOENT ? 0 : tree;
	rc = cgroup_tree_empty(tree, budget_ms);
	close(tree);
	return rc;
}

/* Was the group given to us, with all below it?  So systemd says; the second
 * form is for root alone, and older.
 */
static bool is_delegated(int group)
{
	char value = '0';

	return (fgetxattr(group, "user.delegate", &value, 1) == 1 ||
		fgetxattr(group, "trusted.delegate", &value, 1) == 1) &&
	       value == '1';
}

/* A group with processes of its own can't hand on controllers: we get one
 * beside the work.  Where that fails the work is without limits.
 */
static void step_aside(int group)
{
	int node = make_and_open(group, NODE_NAME);

	if (node < 0)
		return;
	(void)cgroup_enter(node, 0);
	close(node);
}

int cgroup_tree_open(const char *name, int64_t budget_ms)
{
	int parent = own_open();
	int tree;
	int rc;

	if (parent < 0)
		return parent;
	if (is_delegated(parent))
		step_aside(parent);
	rc = end_predecessor(parent, name, budget_ms);
	tree = rc == 0 ? make_and_open(parent, name) : rc;
	close(parent);
	if (tree < 0)
		return tree;
	rc = try_out(tree);
	if (rc != 0) {
		close(tree);
		return rc;
	}
	return tree;
}

int cgroup_tree_empty(int tree, int64_t budget_ms)
{
	int rc;

	if (tree == -1)
		return 0;
	rc = cgroup_end_all(tree, budget_ms);
	if (rc == 0)
		remove_groups(tree, 0);
	return rc;
}

void cgroup_tree_remove(int tree, const char *name, int64_t budget_ms)
{
	int parent;

	if (tree == -1)
		return;
	cgroup_tree_empty(tree, budget_ms);
	parent = openat(tree, "..", CGROUP_OPEN);
	if (parent != -1) {
		unlinkat(parent, name, AT_REMOVEDIR);
		close(parent);
	}
	close(tree);
}

static void slot_name(unsigned slot, char *name)
{
	struct out out = out_init(name, SLOT_NAME_BYTES);

	out_char(&out, 'w');
	out_u64(&out, slot);
	out_end(&out);
}

int cgroup_slot_open(int tree, unsigned slot)
{
	char name[SLOT_NAME_BYTES];

	slot_name(slot, name);
	return tree < 0 ? -EBADF : make_and_open(tree, name);
}

int cgroup_slot_find(int tree, unsigned slot)
{
	char name[SLOT_NAME_BYTES];

	slot_name(slot, name);
	return tree < 0 ? -EBADF : open_group(tree, name);
}

int cgroup_enter(int group, int pid)
{
	char text[16];
	struct out out = out_init(text, sizeof(text));

	out_i64(&out, pid);
	out_end(&out);
	return cgroup_put(group, "cgroup.procs", text);
}
