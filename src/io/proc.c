#define _GNU_SOURCE
#include "io/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/out.h"
#include "io/clock.h"
#include "io/names.h"

#define PATH_BYTES 64
#define STAT_BYTES 512
/* Between two rounds of proc_end_all: from quick, since a killed process is
 * gone in well under a millisecond, to patient. */
#define PAUSE_MIN_NS INT64_C(100000)
#define PAUSE_MAX_NS INT64_C(20000000)

int proc_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1 ? -errno : 0;
}

struct children {
	pid_t parent;
	proc_child_fn *fn;
	void *arg;
	int count;
	int rc;
};

static void found(struct children *children, pid_t pid)
{
	children->count++;
	children->fn(children->arg, pid);
}

/* Takes the numbers of one chunk; *PID carries a number cut at its end. */
static void take_chunk(struct children *children, const char *buf, ssize_t len,
		       pid_t *pid)
{
	for (ssize_t i = 0; i < len; i++) {
		if (buf[i] >= '0' && buf[i] <= '9') {
			*pid = *pid * 10 + (buf[i] - '0');
		} else if (*pid != 0) {
			found(children, *pid);
			*pid = 0;
		}
	}
}

static void take_task(struct children *children, pid_t task)
{
	char path[PATH_BYTES];
	struct out out = out_init(path, sizeof(path));
	char buf[4096];
	pid_t pid = 0;
	ssize_t len;
	int fd;

	out_string(&out, "/proc/");
	out_i64(&out, children->parent);
	out_string(&out, "/task/");
	out_i64(&out, task);
	out_string(&out, "/children");
	out_end(&out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		children->rc = -errno;
		return;
	}
	while ((len = read(fd, buf, sizeof(buf))) > 0)
		take_chunk(children, buf, len, &pid);
	if (pid != 0)
		found(children, pid);
	if (len == -1)
		children->rc = -errno;
	close(fd);
}

/* What follows the name in "PID (NAME) STATE PARENT …", into BUF, terminated;
 * NULL when there is no such process.  NAME may hold anything.
 */
static const char *read_stat(pid_t pid, char *buf, size_t cap)
{
	char path[PATH_BYTES];
	struct out out = out_init(path, sizeof(path));
	const char *at;
	ssize_t len;
	int fd;

	out_string(&out, "/proc/");
	out_i64(&out, pid);
	out_string(&out, "/stat");
	out_end(&out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	len = read(fd, buf, cap - 1);
	close(fd);
	if (len <= 0)
		return NULL;
	buf[len] = '\0';
	at = strrchr(buf, ')');
	return at == NULL || strlen(at) < 5 ? NULL : at + 2;
}

static pid_t parent_of(pid_t pid)
{
	char buf[STAT_BYTES];
	const char *at = read_stat(pid, buf, sizeof(buf));
	pid_t parent = 0;

	if (at == NULL)
		return 0;
	for (at += 2; *at >= '0' && *at <= '9'; at++)
		parent = parent * 10 + (*at - '0');
	return parent;
}

bool proc_is_alive(pid_t pid)
{
	char buf[STAT_BYTES];
	const char *state = read_stat(pid, buf, sizeof(buf));

	return state != NULL && *state != 'Z' && *state != 'X';
}

static void take_task_named(void *arg, const char *name, bool is_directory)
{
	uint64_t task;

	if (is_directory && text_to_u64(text_of(name), INT32_MAX, &task))
		take_task(arg, (pid_t)task);
}

static void take_if_child(void *arg, const char *name, bool is_directory)
{
	struct children *children = arg;
	uint64_t pid;

	if (is_directory && text_to_u64(text_of(name), INT32_MAX, &pid) &&
	    parent_of((pid_t)pid) == children->parent)
		found(children, (pid_t)pid);
}

/* Kernels without CONFIG_PROC_CHILDREN: look at every process there is. */
static int each_child_by_scan(struct children *children)
{
	int dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (dir == -1)
		return -errno;
	rc = names_each(dir, take_if_child, children);
	close(dir);
	return rc;
}

static int each_task(struct children *children)
{
	char path[PATH_BYTES];
	struct out out = out_init(path, sizeof(path));
	int dir;
	int rc;

	out_string(&out, "/proc/");
	out_i64(&out, children->parent);
	out_string(&out, "/task");
	out_end(&out);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -errno;
	rc = names_each(dir, take_task_named, children);
	close(dir);
	return rc != 0 ? rc : children->rc;
}

int proc_each_child(pid_t pid, proc_child_fn *fn, void *arg)
{
	struct children children = { .parent = pid, .fn = fn, .arg = arg };
	int rc;

	if (pid == getpid()) {
		/* One thread: one list. */
		take_task(&children, pid);
		rc = children.rc;
	} else {
		rc = each_task(&children);
	}
	if (rc == -ENOENT && children.count == 0)
		rc = each_child_by_scan(&children);
	return rc != 0 ? rc : children.count;
}

struct kill_children {
	proc_keep_fn *keep;
	void *arg;
	int count;
};

static void kill_child(void *arg, pid_t pid)
{
	struct kill_children *killing = arg;

	if (killing->keep != NULL && killing->keep(killing->arg, pid))
		return;
	killing->count++;
	kill(pid, SIGKILL);
}

int proc_kill_children(proc_keep_fn *keep, void *arg)
{
	struct kill_children killing = { .keep = keep, .arg = arg };
	int rc = proc_each_child(getpid(), kill_child, &killing);

	return rc < 0 ? rc : killing.count;
}

bool proc_reap(proc_reaped_fn *reaped, void *arg)
{
	for (;;) {
		int status;
		/* __WALL: also what was cloned with another exit signal. */
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

		if (pid == 0)
			return true;
		if (pid == -1 && errno != EINTR)
			return errno != ECHILD;
		if (pid > 0 && reaped != NULL)
			reaped(arg, pid, status);
	}
}

struct round {
	proc_reaped_fn *reaped;
	void *arg;
	bool any; /* something ended since the last one */
};

static void note_reaped(void *arg, pid_t pid, int status)
{
	struct round *round = arg;

	round->any = true;
	if (round->reaped != NULL)
		round->reaped(round->arg, pid, status);
}

int proc_end_all(int64_t budget_ms, proc_reaped_fn *reaped, void *arg)
{
	int64_t deadline_ms = clock_ms() + budget_ms;
	struct timespec pause = { .tv_nsec = PAUSE_MIN_NS };
	struct round round = { .reaped = reaped, .arg = arg };

	while (proc_reap(note_reaped, &round)) {
		if (clock_ms() >= deadline_ms)
			return -ETIMEDOUT;
		proc_kill_children(NULL, NULL);
		/* What forks as fast as it is killed has to be outrun. */
		if (round.any)
			pause.tv_nsec = PAUSE_MIN_NS;
		else if (pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
		round.any = false;
		nanosleep(&pause, NULL);
	}
	return 0;
}
