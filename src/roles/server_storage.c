#define _GNU_SOURCE
#include "roles/server_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/workdirs.h"
#include "roles/jobspec.h"
#include "roles/server_reply.h"

#define HUNG_MS 300 /* whoever reads for longer may not come back */

static struct board_role *mine(const struct server *server)
{
	return &server->heritage->board->roles[server->role];
}

void storage_enter(const struct server *server)
{
	atomic_store(&mine(server)->reading_ms, clock_ms());
}

void storage_leave(const struct server *server)
{
	atomic_store(&mine(server)->reading_ms, 0);
}

static bool has_hung(int64_t since_ms, int64_t now_ms)
{
	return since_ms != 0 && now_ms - since_ms > HUNG_MS;
}

/* Does it answer, as far as is known without asking it? */
static bool answers(const struct server *server)
{
	const struct board *board = server->heritage->board;
	const struct board_cluster *cluster = &board->cluster;
	int64_t now_ms = clock_ms();

	for (int role = ROLE_CONTROL; role < ROLE_MAX; role++)
		if (role != (int)server->role &&
		    has_hung(atomic_load(&board->roles[role].reading_ms),
			     now_ms))
			return false;
	/* The lease role asks it many times in a lease. */
	return !cluster->present ||
	       now_ms - atomic_load(&board->roles[ROLE_LEASE].beat_ms) <
		       (int64_t)cluster->terms.lease_ms / 2;
}

static int open_regular(const char *path, uint64_t *size)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return -errno;
	if (fstat(fd, &stat) == -1 || !S_ISREG(stat.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	*size = (uint64_t)stat.st_size;
	return fd;
}

int storage_open(const struct server *server, const struct job *job,
		 const char *name, uint64_t *size)
{
	char path[JOBSPEC_PATH_MAX];
	struct out out = out_init(path, sizeof(path));
	int rc;

	jobspec_work_dir(&out, server->config->shared, job->id, job->held);
	out_string(&out, name);
	if (out_end(&out) != 0)
		return -ENAMETOOLONG;
	if (!answers(server))
		return -ETIMEDOUT;
	/* Until the end of the turn. */
	storage_enter(server);
	rc = open_regular(path, size);
	if (rc != -ENOENT)
		return rc;
	/* Network file systems remember for a while what was not there. */
	rc = workdirs_refresh(path);
	return rc == 0 ? open_regular(path, size) : rc;
}

void storage_error(struct visit *visit, int rc)
{
	switch (-rc) {
	case EACCES:
	case EPERM:
		reply_status(visit, 500, "This node may not read the file.");
		break;
	case ETIMEDOUT:
		reply_status(visit, 503,
			     "The shared storage does not answer now.");
		break;
	default:
		reply_status(visit, 503,
			     "The shared storage can't be read "
			     "now.");
	}
}
