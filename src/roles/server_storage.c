#define _GNU_SOURCE
#include "roles/server_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/courier.h"
#include "io/workdirs.h"
#include "roles/jobspec.h"
#include "roles/server_reply.h"

#define HUNG_MS 300 /* whoever reads for longer may not come back */

/* What is to be opened, in here or in a child. */
struct wanted_file {
	const struct server *server;
	const char *path;
};

static struct board_role *mine(const struct server *server)
{
	return &server->heritage->board->roles[server->role];
}

static void enter(const struct server *server)
{
	atomic_store(&mine(server)->reading_ms, clock_ms());
}

static void leave(const struct server *server)
{
	atomic_store(&mine(server)->reading_ms, 0);
}

void storage_init(struct server *server)
{
	leave(server);
}

void storage_begin_turn(struct server *server)
{
	if (http_files(server->http) > 0)
		enter(server);
}

void storage_end_turn(struct server *server)
{
	if (server->role != ROLE_CONTROL) {
		if (atomic_load(&mine(server)->reading_ms) != 0)
			leave(server);
		return;
	}
	/* One that died told nobody that it reads no more. */
	if (server->has_couriers && !courier_reap()) {
		server->has_couriers = false;
		leave(server);
	}
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
		/* Of control it is a child. */
		if ((role != (int)server->role || role == ROLE_CONTROL) &&
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

static int open_file(void *arg, uint64_t *size)
{
	const struct wanted_file *wanted = arg;
	int rc = open_regular(wanted->path, size);

	if (rc != -ENOENT)
		return rc;
	/* Network file systems remember for a while what was not there. */
	rc = workdirs_refresh(wanted->path);
	return rc == 0 ? open_regular(wanted->path, size) : rc;
}

static void enter_child(void *arg)
{
	enter(((const struct wanted_file *)arg)->server);
}

static void leave_child(void *arg)
{
	leave(((const struct wanted_file *)arg)->server);
}

static int send_courier(struct server *server, struct wanted_file *wanted,
			uint64_t *size)
{
	const struct courier_file file = { open_file, enter_child, leave_child,
					   wanted };

	server->has_couriers = true;
	return courier_start(&file, HUNG_MS, size);
}

int storage_open(struct server *server, const struct job *job, const char *name,
		 struct storage_file *file)
{
	char path[JOBSPEC_PATH_MAX];
	struct out out = out_init(path, sizeof(path));
	struct wanted_file wanted = { server, path };

	*file = (struct storage_file){ .fd = -1 };
	jobspec_work_dir(&out, server->config->shared, job->id, job->held);
	out_string(&out, name);
	if (out_end(&out) != 0)
		return -ENAMETOOLONG;
	if (!answers(server))
		return -ETIMEDOUT;
	file->by_courier = server->role == ROLE_CONTROL;
	if (file->by_courier) {
		file->fd = send_courier(server, &wanted, &file->size);
	} else {
		enter(server); /* until the end of the turn */
		file->fd = open_file(&wanted, &file->size);
	}
	return file->fd < 0 ? file->fd : 0;
}

int storage_send(struct storage_file *file, uint64_t offset, uint64_t len,
		 struct http_reply *reply)
{
	int rc = 0;

	if (file->by_courier)
		rc = courier_order(file->fd, offset, len);
	if (rc != 0) {
		storage_close(file);
		return rc;
	}
	reply->bytes = file->by_courier ? HTTP_BYTES_STREAM : HTTP_BYTES_FILE;
	reply->fd = file->fd;
	reply->offset = offset;
	reply->len = len;
	return 0;
}

ssize_t storage_read(const struct storage_file *file, uint64_t offset,
		     void *buf, size_t len)
{
	ssize_t got;
	int rc;

	if (file->by_courier) {
		rc = courier_order(file->fd, offset, len);
		return rc != 0 ? rc : courier_read(file->fd, buf, len, HUNG_MS);
	}
	got = pread(file->fd, buf, len, (off_t)offset);
	return got >= 0 ? got : -errno;
}

void storage_close(struct storage_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
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
