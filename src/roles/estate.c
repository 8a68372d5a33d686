#define _GNU_SOURCE
#include "roles/estate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/out.h"
#include "core/overdue.h"
#include "io/cgroup.h"
#include "io/channel.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/shared_dir.h"
#include "io/sockets.h"
#include "io/statedir.h"
#include "io/strays.h"
#include "io/watchdog.h"

#define LOCK_PATIENCE_MS 10000 /* for what a killed node left to die */
#define LEFTOVER_MS	 5000  /* likewise, in its control groups */
#define PATH_BYTES	 4096
#define GROUP_BYTES	 32

static void forget_fds(struct heritage *heritage)
{
	heritage->listen_unix = -1;
	heritage->state_lock = -1;
	heritage->shared_lock = -1;
	heritage->cgroup = -1;
	heritage->watchdog = -1;
	for (int role = 0; role < ROLE_MAX; role++) {
		heritage->bells[role] = -1;
		heritage->links[role][0] = heritage->links[role][1] = -1;
	}
	for (int i = 0; i < 2; i++) {
		heritage->worker_link[i] = heritage->word_link[i] = -1;
		heritage->control_link[i] = -1;
		heritage->guardian_alive[i] = -1;
		heritage->supervisor_alive[i] = -1;
	}
}

static void state_path(const struct heritage *heritage, const char *name,
		       char *path)
{
	struct out out = out_init(path, PATH_BYTES);

	out_string(&out, heritage->config->state);
	out_char(&out, '/');
	out_string(&out, name);
	out_end(&out);
	path[PATH_BYTES - 1] = '\0';
}

/* The same for every start with this STATE, so that leftovers are found. */
static void group_name(const struct heritage *heritage, char *name)
{
	struct out out = out_init(name, GROUP_BYTES);
	char path[PATH_MAX];

	if (realpath(heritage->config->state, path) == NULL)
		path[0] = '\0';
	out_string(&out, "holdfast-");
	out_hex(&out, board_hash(path, strlen(path)), 16);
	out_end(&out);
}

/* Without control groups a predecessor's work is known by its NOTIFY_SOCKET. */
static int end_strays(const struct heritage *heritage)
{
	char path[PATH_BYTES];
	char entry[PATH_BYTES];
	struct out out = out_init(entry, sizeof(entry));
	int rc;

	state_path(heritage, "work/", path);
	out_string(&out, "NOTIFY_SOCKET=");
	out_string(&out, path);
	if (out_end(&out) != 0)
		return 0; /* too long for a socket, so none had it */
	rc = strays_end(entry, LEFTOVER_MS);
	if (rc > 0)
		log_warn(0, "guardian: killed what an earlier node left: %d",
			 rc);
	else if (rc < 0)
		log_err(rc, "guardian: cannot kill what an earlier node left");
	return rc < 0 ? rc : 0;
}

static int open_cgroup(struct heritage *heritage)
{
	char name[GROUP_BYTES];
	int tree;

	group_name(heritage, name);
	tree = cgroup_tree_open(name, LEFTOVER_MS);
	if (tree >= 0) {
		heritage->cgroup = tree;
		return 0;
	}
	log_warn(tree, "cgroup: none for our work; what leaves its session "
		       "is still found, a fork bomb may outrun us");
	return end_strays(heritage);
}

static int open_sockets(struct heritage *heritage)
{
	const struct strings *addresses = &heritage->config->http.listen;
	char path[PATH_BYTES];
	int rc = sockets_listen(addresses, heritage->listen_tcp);

	if (rc != 0)
		return rc;
	heritage->listen_tcp_count = addresses->count;
	state_path(heritage, "control", path);
	rc = sockets_listen_unix(path, &heritage->identity);
	if (rc < 0)
		return rc;
	heritage->listen_unix = rc;
	return 0;
}

static bool has_link(const struct heritage *heritage, int role)
{
	return role == ROLE_SWEEPER || role == ROLE_CONTROL ||
	       role >= ROLE_HTTP ||
	       (role == ROLE_HEARTBEAT && heritage->config->cluster.present);
}

static int open_links(struct heritage *heritage)
{
	int last = ROLE_HTTP + (int)heritage->config->http.processes;
	int rc = channel_pair(heritage->worker_link);

	if (rc == 0)
		rc = channel_pair(heritage->word_link);
	if (rc == 0)
		rc = channel_pair(heritage->control_link);
	for (int role = 0; role < last && role < ROLE_MAX && rc == 0; role++) {
		int bell = bell_open();

		if (bell < 0)
			return bell;
		heritage->bells[role] = bell;
		if (has_link(heritage, role))
			rc = channel_pair(heritage->links[role]);
	}
	return rc;
}

/* A directory of this machine alone may be made; shared storage that is not
 * there is missing, and must not be papered over.
 */
static void make_shared(const struct heritage *heritage)
{
	const char *path = heritage->config->shared;
	bool was_there = access(path, F_OK) == 0;
	int rc = statedir_make(path, &heritage->identity);

	if (rc != 0)
		log_warn(rc, "guardian: cannot make the shared directory %s",
			 path);
	else if (!was_there)
		log_info("guardian: made the shared directory %s", path);
}

/* Without a cluster SHARED is one node's: -EAGAIN when another has it.  For
 * all else that is wrong with it the node waits until it is mended.
 */
static int prepare_shared(struct heritage *heritage)
{
	const struct config *config = heritage->config;

	if (config->cluster.present)
		return 0;
	make_shared(heritage);
	heritage->shared_lock =
		shared_dir_lock(config->shared, config->node, 0);
	if (heritage->shared_lock >= 0)
		(void)identity_give(&heritage->identity, heritage->shared_lock);
	return heritage->shared_lock == -EAGAIN ? -EAGAIN : 0;
}

static void show_cluster(const struct heritage *heritage)
{
	const struct config_cluster *configured = &heritage->config->cluster;
	struct board_cluster *cluster = &heritage->board->cluster;

	cluster->present = configured->present;
	if (configured->present)
		cluster->terms = lease_terms_for((uint32_t)configured->lease_ms,
						 configured->slots);
}

/* Last of all: from now on the machine is at stake. */
static int arm_watchdog(struct heritage *heritage)
{
	const char *path = heritage->config->cluster.watchdog;
	const struct board_cluster *cluster = &heritage->board->cluster;
	int rc;

	if (path == NULL)
		return 0;
	rc = overdue_watchdog_s(&cluster->terms);
	if (rc == 0) {
		log_err(0, "watchdog: the lease is too short for one, it takes "
			   "1200 ms");
		return -EINVAL;
	}
	rc = watchdog_open(path, rc);
	if (rc >= 0)
		heritage->watchdog = rc;
	return rc < 0 ? rc : 0;
}

int estate_open(struct heritage *heritage, const struct config *config,
		const char *config_path)
{
	int rc;

	memset(heritage, 0, sizeof(*heritage));
	heritage->config = config;
	heritage->config_path = config_path;
	forget_fds(heritage);
	rc = identity_find(&heritage->identity, config->user);
	if (rc == 0) {
		rc = statedir_open(config->state, &heritage->identity,
				   LOCK_PATIENCE_MS);
		if (rc < 0)
			return rc;
		heritage->state_lock = rc;
		rc = prepare_shared(heritage);
	}
	if (rc == 0)
		rc = open_sockets(heritage);
	if (rc != 0)
		return rc;
	heritage->board = board_new();
	if (heritage->board == NULL) {
		rc = -errno;
	} else {
		show_cluster(heritage);
		rc = open_links(heritage);
	}
	if (rc != 0) {
		log_err(rc, "guardian: cannot prepare what roles share");
		return rc;
	}
	rc = open_cgroup(heritage);
	return rc != 0 ? rc : arm_watchdog(heritage);
}

static void close_pair(int ends[2])
{
	for (int i = 0; i < 2; i++) {
		if (ends[i] != -1)
			close(ends[i]);
		ends[i] = -1;
	}
}

int estate_renew(struct heritage *heritage)
{
	close_pair(heritage->guardian_alive);
	close_pair(heritage->supervisor_alive);
	if (pipe2(heritage->guardian_alive, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    pipe2(heritage->supervisor_alive, O_CLOEXEC | O_NONBLOCK) == -1)
		return -errno;
	heritage->board->life++;
	return 0;
}

void estate_handed_over(struct heritage *heritage)
{
	close(heritage->guardian_alive[0]);
	close(heritage->supervisor_alive[1]);
	heritage->guardian_alive[0] = -1;
	heritage->supervisor_alive[1] = -1;
}

void estate_close(struct heritage *heritage)
{
	char path[PATH_BYTES];
	char name[GROUP_BYTES];

	if (heritage->state_lock == -1)
		return;
	group_name(heritage, name);
	cgroup_tree_remove(heritage->cgroup, name, LEFTOVER_MS);
	if (heritage->listen_unix != -1) {
		state_path(heritage, "control", path);
		unlink(path);
	}
	/* Last: now another node may have the directory. */
	close(heritage->state_lock);
}
