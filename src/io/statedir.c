#define _GNU_SOURCE
#include "io/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/out.h"
#include "io/clock.h"
#include "io/identity.h"
#include "io/log.h"
#include "io/names.h"

#define RETRY_NS 10000000 /* 10 ms */

/* Source: statfs(2) and linux/magic.h. */
static const struct {
	unsigned long magic;
	const char *name;
} network[] = {
	{ 0x6969, "NFS" },	  { 0x517b, "SMB" },
	{ 0xff534d42, "CIFS" },	  { 0xfe534d42, "SMB" },
	{ 0x00c36400, "CephFS" }, { 0x5346414f, "AFS" },
	{ 0x73757245, "Coda" },	  { 0x01021997, "9p" },
	{ 0x01161970, "GFS2" },	  { 0x7461636f, "OCFS2" },
	{ 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
};

const char *statedir_network_name(unsigned long magic)
{
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if (network[i].magic == magic)
			return network[i].name;
	return NULL;
}

static int make_one(const char *path, const struct identity *owner)
{
	if (mkdir(path, 0755) == -1)
		return errno == EEXIST ? 0 : -errno;
	return identity_give_path(owner, path);
}

int statedir_make(const char *path, const struct identity *owner)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	int rc = 0;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *at = strchr(part + 1, '/'); at != NULL && rc == 0;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		/* Parents are the system's, unless we have to make them. */
		rc = make_one(part, NULL);
		*at = '/';
	}
	return rc != 0 ? rc : make_one(part, owner);
}

static int lock_try(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock) == -1 ? -errno : 0;
}

/* Who wrote himself into the lock; 0 if nobody did. */
static pid_t lock_holder(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

/* As PID 1 we don't see who was PID 1 of another container: it may be dying. */
static bool is_alive(pid_t pid)
{
	if (pid == 1 && getpid() == 1)
		return false;
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static int lock_wait(int fd, int64_t patience_ms)
{
	static const struct timespec pause = { .tv_nsec = RETRY_NS };
	int64_t deadline_ms = clock_ms() + patience_ms;
	int rc;

	while ((rc = lock_try(fd)) == -EAGAIN || rc == -EACCES) {
		if (is_alive(lock_holder(fd)) || clock_ms() >= deadline_ms)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return rc;
}

static int lock_sign(int fd)
{
	char text[16];
	struct out out = out_init(text, sizeof(text));

	out_i64(&out, getpid());
	out_char(&out, '\n');
	out_end(&out);
	if (ftruncate(fd, 0) == -1 ||
	    pwrite(fd, text, out.len, 0) != (ssize_t)out.len)
		return -errno;
	return 0;
}

static int lock_take(int dir, const char *path, int64_t patience_ms)
{
	int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0644);
	int rc;

	if (fd == -1) {
		rc = -errno;
		log_err(rc, "statedir: cannot open %s/lock", path);
		return rc;
	}
	rc = lock_wait(fd, patience_ms);
	if (rc == -EBUSY)
		log_err(0,
			"statedir: %s is in use by another holdfast pid=%d; "
			"stop it or set another \"state\"",
			path, (int)lock_holder(fd));
	else if (rc == 0)
		rc = lock_sign(fd);
	if (rc != 0 && rc != -EBUSY)
		log_err(rc, "statedir: cannot lock %s/lock", path);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static int refuse_network(int dir, const char *path)
{
	struct statfs fs;
	const char *name;

	if (fstatfs(dir, &fs) == -1)
		return -errno;
	name = statedir_network_name((unsigned long)fs.f_type & 0xffffffffUL);
	if (name == NULL)
		return 0;
	log_err(0,
		"statedir: %s is on %s; \"state\" must be on a file system of "
		"this machine alone, such as /run",
		path, name);
	return -EREMOTE;
}

static void unlink_in(void *arg, const char *name, bool is_directory)
{
	if (!is_directory)
		unlinkat(*(const int *)arg, name, 0);
}

/* Makes STATE/work; what a predecessor left in it is of no use to anyone. */
static int make_work(int dir, const struct identity *owner)
{
	int work;
	int rc;

	if (mkdirat(dir, "work", 0700) == -1 && errno != EEXIST)
		return -errno;
	work = openat(dir, "work",
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (work == -1)
		return -errno;
	rc = identity_give(owner, work);
	if (rc == 0)
		rc = names_each(work, unlink_in, &work);
	close(work);
	return rc;
}

/* Makes STATE/log, in which the latest lines of units are kept. */
static int make_log(int dir, const struct identity *owner)
{
	int log;
	int rc;

	if (mkdirat(dir, "log", 0750) == -1 && errno != EEXIST)
		return -errno;
	log = openat(dir, "log",
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (log == -1)
		return -errno;
	rc = identity_give(owner, log);
	close(log);
	return rc;
}

int statedir_open(const char *path, const struct identity *owner,
		  int64_t patience_ms)
{
	int lock = -1;
	int dir = -1;
	int rc = statedir_make(path, owner);

	if (rc == 0) {
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = dir == -1 ? -errno : 0;
	}
	if (rc != 0) {
		log_err(rc, "statedir: cannot use %s", path);
		goto out;
	}
	rc = refuse_network(dir, path);
	if (rc != 0)
		goto out;
	lock = lock_take(dir, path, patience_ms);
	if (lock < 0) {
		rc = lock;
		goto out;
	}
	rc = identity_give(owner, dir);
	if (rc == 0)
		rc = make_work(dir, owner);
	if (rc == 0)
		rc = make_log(dir, owner);
	if (rc != 0)
		log_err(rc, "statedir: cannot prepare %s", path);
out:
	if (dir != -1)
		close(dir);
	if (rc != 0 && lock >= 0)
		close(lock);
	return rc != 0 ? rc : lock;
}
