#define _GNU_SOURCE
#include "io/strays.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/out.h"
#include "io/clock.h"
#include "io/names.h"
#include "io/proc.h"

#define PATH_BYTES  64
#define SPACE_BYTES 64
#define PAUSE_NS    1000000

/* One round through all processes. */
struct hunt {
	const char *entry;
	size_t len;
	char own[SPACE_BYTES]; /* our namespace of processes */
	int64_t deadline_ms;
	int killed;
	int rc;
};

/* Where in a variable we are. */
struct match {
	bool lost;   /* this one is another */
	size_t same; /* so much of it is as looked for */
};

static bool feed(const struct hunt *hunt, struct match *match, const char *buf,
		 ssize_t len)
{
	for (ssize_t i = 0; i < len; i++) {
		if (buf[i] == '\0') {
			*match = (struct match){ .lost = false };
			continue;
		}
		match->lost |= buf[i] != hunt->entry[match->same];
		if (!match->lost && ++match->same == hunt->len)
			return true;
	}
	return false;
}

static void put_path(char path[PATH_BYTES], pid_t pid, const char *file)
{
	struct out out = out_init(path, PATH_BYTES);

	out_string(&out, "/proc/");
	out_i64(&out, pid);
	out_char(&out, '/');
	out_string(&out, file);
	out_end(&out);
}

/* The name of PID's namespace of processes, empty when it can't be told. */
static void read_space(pid_t pid, char space[SPACE_BYTES])
{
	char path[PATH_BYTES];
	ssize_t len;

	put_path(path, pid, "ns/pid");
	len = readlink(path, space, SPACE_BYTES - 1);
	space[len > 0 ? len : 0] = '\0';
}

static bool was_given(const struct hunt *hunt, pid_t pid)
{
	struct match match = { .lost = false };
	char path[PATH_BYTES];
	bool found = false;
	char buf[4096];
	ssize_t len;
	int fd;

	put_path(path, pid, "environ");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false; /* gone, or of somebody else */
	while (!found && (len = read(fd, buf, sizeof(buf))) > 0)
		found = feed(hunt, &match, buf, len);
	close(fd);
	return found;
}

/* What lives in a container may have the same in its environment. */
static bool is_stray(const struct hunt *hunt, pid_t pid)
{
	char space[SPACE_BYTES];

	if (!was_given(hunt, pid))
		return false;
	read_space(pid, space);
	return strcmp(space, hunt->own) == 0;
}

/* Its environment is gone before its files are closed: it is dead once it has
 * ended.
 */
static void end(struct hunt *hunt, pid_t pid)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (kill(pid, SIGKILL) == -1)
		return;
	hunt->killed++;
	while (proc_is_alive(pid)) {
		if (clock_ms() >= hunt->deadline_ms) {
			hunt->rc = -ETIMEDOUT;
			return;
		}
		nanosleep(&pause, NULL);
	}
}

static void look(void *arg, const char *name, bool is_directory)
{
	struct hunt *hunt = arg;
	uint64_t pid;

	if (hunt->rc == 0 && is_directory &&
	    text_to_u64(text_of(name), INT32_MAX, &pid) &&
	    (pid_t)pid != getpid() && is_stray(hunt, (pid_t)pid))
		end(hunt, (pid_t)pid);
}

int strays_end(const char *entry, int64_t budget_ms)
{
	struct hunt hunt = {
		.entry = entry,
		.len = strlen(entry),
		.deadline_ms = clock_ms() + budget_ms,
	};
	int dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int all = 0;
	int rc = 0;

	if (dir == -1)
		return -errno;
	read_space(getpid(), hunt.own);
	/* What was forked behind our back falls in the next round. */
	do {
		hunt.killed = 0;
		rc = names_each(dir, look, &hunt);
		all += hunt.killed;
	} while (rc == 0 && hunt.rc == 0 && hunt.killed > 0);
	close(dir);
	if (rc == 0)
		rc = hunt.rc;
	return rc != 0 ? rc : all;
}
