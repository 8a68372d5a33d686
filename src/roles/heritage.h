/* heritage - all that crosses a fork.
 *
 * Made by the guardian before its first fork; plain descriptors and shared
 * memory.  A role closes nothing of it that another may need later: the
 * supervisor forks their successors from the same struct.
 */
#ifndef HOLDFAST_ROLES_HERITAGE_H
#define HOLDFAST_ROLES_HERITAGE_H

#include "core/config.h"
#include "io/board.h"
#include "io/identity.h"

struct heritage {
	const struct config *config;
	const char *config_path;  /* the main file, as given */
	struct identity identity; /* of journal, control and http */
	struct board *board;
	int listen_tcp[CONFIG_LISTEN_MAX];
	size_t listen_tcp_count;
	int listen_unix; /* STATE/control */
	int state_lock;	 /* OFD lock on STATE/lock, held by the guardian */
	/* the same on SHARED/lock, where there is no cluster; -1 when SHARED
	 * was not there at the start: then the journal role takes it */
	int shared_lock;
	int watchdog; /* the machine's, -1 = none is to be used */
	/* eventfd of each role; ring it to make the role look */
	int bells[ROLE_MAX];
	/* [role][0] is the role's end, [role][1] the journal role's; for
	 * sweeper, control and http, and in a cluster for heartbeat, where
	 * packets of hints go both ways (core/hint.h) */
	int links[ROLE_MAX][2];
	/* [0] is shared by all workers, [1] is the journal role's */
	int worker_link[2];
	/* likewise, for what they say of their progress, which may wait */
	int word_link[2];
	/* [0] is shared by all http roles, [1] is control's */
	int control_link[2];
	/* [0] reads end of file when the holder of [1] is gone */
	int guardian_alive[2];
	int supervisor_alive[2];
	/* directory of our own cgroup v2 below which workers make theirs, -1
	 * where we may not */
	int cgroup;
};

/* How many http roles there are: none where nothing is listened on. */
static inline unsigned heritage_http_roles(const struct heritage *heritage)
{
	unsigned count = heritage->config->http.processes;

	if (heritage->listen_tcp_count == 0)
		return 0;
	return count < CONFIG_HTTP_MAX ? count : CONFIG_HTTP_MAX;
}

/* The roles: each runs until it is told to stop and returns the exit code. */
int guardian_main(const struct config *config, const char *config_path);
int supervisor_main(struct heritage *heritage);
int lease_main(struct heritage *heritage);
int heartbeat_main(struct heritage *heritage);
int journal_main(struct heritage *heritage);
int sweeper_main(struct heritage *heritage);
int control_main(struct heritage *heritage);
int http_main(struct heritage *heritage, int number);
/* SLOT is the holding on the board. */
int worker_main(struct heritage *heritage, unsigned slot);

#endif
