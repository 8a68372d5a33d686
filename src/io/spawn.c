#define _GNU_SOURCE
#include "io/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/out.h"
#include "io/cgroup.h"
#include "io/clone3.h"
#include "io/vclone.h"

/* Not every C library's headers know it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define FLAG_CLOEXEC 4u /* CLOSE_RANGE_CLOEXEC */

/* What the child says when it can't; silence is success. */
struct failure {
	int32_t step;
	int32_t rc;
};

static int use_signals(void)
{
	sigset_t none;

	/* Handlers end with exec, but what is ignored stays ignored.  KILL
	 * and STOP refuse, which is fine. */
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == -1 ? -errno : 0;
}

/* KEEP is one of ours that is still needed: it makes way. */
static int use_descriptors(const struct spawn *spawn, int *keep)
{
	unsigned first = SPAWN_FDS;

	for (int fd = 0; fd < SPAWN_FDS; fd++)
		if (spawn->fds[fd] >= 0 && dup2(spawn->fds[fd], fd) == -1)
			return -errno;
	if (spawn->fds[SPAWN_FDS - 1] < 0)
		first--;
	/* All of ours are close-on-exec; this is for what the node itself was
	 * started with.  Kernels before 5.11 do without. */
	(void)syscall(SYS_close_range, first, ~0u, FLAG_CLOEXEC);
	if (spawn->extra < 0)
		return 0;
	if (*keep == spawn->extra_as) {
		*keep = fcntl(*keep, F_DUPFD_CLOEXEC, SPAWN_FDS);
		if (*keep == -1)
			return -errno;
	}
	/* The same number would stay close-on-exec. */
	if (spawn->extra == spawn->extra_as)
		return fcntl(spawn->extra, F_SETFD, 0) == -1 ? -errno : 0;
	return dup2(spawn->extra, spawn->extra_as) == -1 ? -errno : 0;
}

static int limit(int resource, uint64_t value)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)value,
				.rlim_max = (rlim_t)value };

	if (value == 0)
		return 0;
	return setrlimit(resource, &limit) == -1 ? -errno : 0;
}

static int use_limits(const struct spawn_limits *limits)
{
	int rc = limit(RLIMIT_DATA, limits->data);

	if (rc == 0)
		rc = limit(RLIMIT_NOFILE, limits->files);
	if (rc == 0)
		rc = limit(RLIMIT_NPROC, limits->processes);
	return rc;
}

/* Not snprintf: our memory is our parent's. */
static void put_pid(char *text)
{
	struct out out = out_init(text, SPAWN_PID_BYTES);

	out_i64(&out, getpid());
	out_end(&out);
}

/* A node may be protected from the out-of-memory killer; its work isn't. */
static void drop_protection(void)
{
	char text[16];
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		return;
	if (read(fd, text, sizeof(text)) > 0 && text[0] == '-')
		(void)!pwrite(fd, "0", 1, 0);
	close(fd);
}

static int set_up(const struct spawn *spawn, int *keep)
{
	int rc;

	if (setsid() == -1)
		return -errno;
	if (spawn->nice != 0 &&
	    setpriority(PRIO_PROCESS, 0,
			getpriority(PRIO_PROCESS, 0) + spawn->nice) == -1)
		return -errno;
	drop_protection();
	if (spawn->pid_text != NULL)
		put_pid(spawn->pid_text);
	rc = use_descriptors(spawn, keep);
	return rc != 0 ? rc : use_signals();
}

static int execute(const struct spawn *spawn)
{
	/* exec takes pointers to non-const for historical reasons only. */
	union {
		const char *const *from;
		char *const *to;
	} argv = { spawn->argv }, env = { spawn->env };

	if (strchr(argv.to[0], '/') != NULL)
		execve(argv.to[0], argv.to, env.to);
	else
		execvpe(argv.to[0], argv.to, env.to);
	return -errno;
}

static struct failure run_child(const struct spawn *spawn, pid_t parent,
				int *keep)
{
	int rc = set_up(spawn, keep);

	if (rc != 0)
		return (struct failure){ SPAWN_SETUP, rc };
	/* Before the ids: root may raise them. */
	rc = use_limits(&spawn->limits);
	if (rc != 0)
		return (struct failure){ SPAWN_LIMITS, rc };
	rc = account_become(spawn->account);
	if (rc != 0)
		return (struct failure){ SPAWN_ACCOUNT, rc };
	/* After the ids: changing them clears it.  The parent may have died
	 * before. */
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
	if (getppid() != parent)
		return (struct failure){ SPAWN_SETUP, -ESRCH };
	if (chdir(spawn->dir) == -1)
		return (struct failure){ SPAWN_DIR, -errno };
	umask(spawn->umask);
	return (struct failure){ SPAWN_EXEC, execute(spawn) };
}

/* Forks into the control group: born there, since moving a process costs the
 * whole machine a grace period.
 */
static pid_t fork_into(int group, bool *entered)
{
	struct clone3_arguments arguments = {
		.flags = CLONE3_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)group,
	};
	pid_t pid = -1;

	*entered = group >= 0;
	if (group >= 0)
		pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == -1) {
		*entered = false;
		pid = fork();
	}
	return pid;
}

/* Waits for exec, which closes the child's end, or for its words. */
static int hear_child(int fd, struct failure *failure)
{
	ssize_t got;

	do
		got = read(fd, failure, sizeof(*failure));
	while (got == -1 && errno == EINTR);
	return got == sizeof(*failure) ? failure->rc : 0;
}

/* What a child needs to know. */
struct birth {
	const struct spawn *spawn;
	pid_t parent;
	int fd; /* for its words */
};

static int be_born(void *arg)
{
	const struct birth *birth = arg;
	int fd = birth->fd;
	struct failure failure = run_child(birth->spawn, birth->parent, &fd);

	(void)!write(fd, &failure, sizeof(failure));
	return 127;
}

/* The process, or a negative errno. */
static pid_t give_birth(struct birth *birth)
{
	bool entered;
	pid_t pid = vclone(birth->spawn->group, be_born, birth);

	if (pid > 0)
		return pid;
	pid = fork_into(birth->spawn->group, &entered);
	if (pid == 0) {
		if (!entered && birth->spawn->group >= 0)
			(void)cgroup_enter(birth->spawn->group, 0);
		_exit(be_born(birth));
	}
	return pid == -1 ? -errno : pid;
}

int spawn_lift(int fd)
{
	int lifted = fd;

	if (fd == -1 || fd >= SPAWN_FDS)
		return fd == -1 ? -errno : fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FDS);
	if (lifted == -1)
		lifted = -errno;
	close(fd);
	return lifted;
}

int spawn_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -errno;
	ends[0] = spawn_lift(ends[0]);
	ends[1] = spawn_lift(ends[1]);
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return -EMFILE;
}

pid_t spawn_start(const struct spawn *spawn, enum spawn_step *step)
{
	struct failure failure = { SPAWN_FORK, 0 };
	struct birth birth = { .spawn = spawn, .parent = getpid() };
	int ends[2];
	pid_t pid;
	int rc;

	*step = SPAWN_FORK;
	rc = spawn_pipe(ends);
	if (rc != 0)
		return rc;
	birth.fd = ends[1];
	pid = give_birth(&birth);
	rc = pid < 0 ? pid : 0;
	close(ends[1]);
	if (rc == 0)
		rc = hear_child(ends[0], &failure);
	close(ends[0]);
	if (rc == 0)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	*step = (enum spawn_step)failure.step;
	return rc;
}
