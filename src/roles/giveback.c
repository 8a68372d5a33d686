#define _GNU_SOURCE
#include "roles/giveback.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/overdue.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/birth.h"
#include "roles/deadline.h"

#define BUDGET_MS 1000
#define LOOK_MS	  2

static bool is_held(const struct heritage *heritage)
{
	const struct board_cluster *cluster = &heritage->board->cluster;
	struct lease_time now = clock_lease();
	struct cluster_lease lease;

	return cluster->present && cluster_lease(cluster, &lease) &&
	       lease.kept.in &&
	       !overdue_is_over(&lease.kept, &cluster->terms, &now);
}

typedef int role_main(struct heritage *heritage);

struct last {
	struct heritage *heritage;
	struct loop *loop; /* of who calls, to be closed in children */
	const char *name;
	role_main *main;
};

/* Its process id, or -1. */
static pid_t start(const struct last *last, bool urgent)
{
	struct birth birth = {
		.heritage = last->heritage,
		.parents_loop = last->loop,
		.parent = getpid(),
		.identity = &last->heritage->identity,
		.name = last->name,
		.death_signal = SIGKILL,
		.urgent = urgent,
	};
	pid_t pid = fork();

	if (pid == 0) {
		birth_below_supervisor(&birth);
		_exit(last->main(last->heritage));
	}
	if (pid == -1)
		log_err(-errno, "giveback: cannot fork");
	return pid;
}

/* True when it ended in time; one that hangs is left to the kernel. */
static bool await(pid_t pid)
{
	int64_t end_ms = clock_ms() + BUDGET_MS;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_ms() >= end_ms) {
			kill(pid, SIGKILL);
			return false;
		}
		poll(NULL, 0, LOOK_MS);
	}
	return true;
}

/* The others look at once when they hear of it.  A signal that comes before
 * the role listens waits for it, until it has spoken.
 */
static void tell_others(struct heritage *heritage, struct loop *loop)
{
	struct last last = { heritage, loop, "heartbeat", heartbeat_main };
	pid_t pid = start(&last, false);

	if (pid == -1)
		return;
	kill(pid, SIGTERM);
	(void)await(pid);
}

void giveback(struct heritage *heritage, struct loop *loop)
{
	struct last last = { heritage, loop, "lease", lease_main };
	pid_t pid;

	if (!is_held(heritage))
		return;
	deadline_all_dead(heritage, true);
	atomic_store(&heritage->board->cluster.leaving, 1);
	pid = start(&last, true);
	if (pid == -1)
		return;
	if (await(pid))
		tell_others(heritage, loop);
	else
		log_err(0, "giveback: storage does not answer, the lease has "
			   "to run out");
}
