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

static void be_lease(struct heritage *heritage, struct loop *loop, pid_t parent)
{
	struct birth birth = {
		.heritage = heritage,
		.parents_loop = loop,
		.parent = parent,
		.identity = &heritage->identity,
		.name = "lease",
		.death_signal = SIGKILL,
		.urgent = true,
	};

	birth_below_supervisor(&birth);
	_exit(lease_main(heritage));
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

void giveback(struct heritage *heritage, struct loop *loop)
{
	pid_t parent = getpid();
	pid_t pid;

	if (!is_held(heritage))
		return;
	deadline_all_dead(heritage, true);
	atomic_store(&heritage->board->cluster.leaving, 1);
	pid = fork();
	if (pid == 0)
		be_lease(heritage, loop, parent);
	if (pid == -1)
		log_err(-errno, "giveback: cannot fork");
	else if (!await(pid))
		log_err(0, "giveback: storage does not answer, the lease has "
			   "to run out");
}
