#define _GNU_SOURCE
#include "roles/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/conffile.h"
#include "io/events.h"
#include "io/log.h"
#include "io/loop.h"
#include "roles/birth.h"
#include "roles/news.h"

#define FORK_RETRY_MS 500

static const struct restart_policy policy = {
	.max = 0, /* never give up: the node stays up */
	.at_once = 10,
	.step_ms = 1000,
	.pause_max_ms = 30000,
	.calm_ms = 10000,
};

static const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_LEASE] = "lease",	    [ROLE_HEARTBEAT] = "heartbeat",
		[ROLE_JOURNAL] = "journal", [ROLE_SWEEPER] = "sweeper",
		[ROLE_CONTROL] = "control", [ROLE_HTTP] = "http",
	};

	return names[role < ROLE_HTTP ? role : ROLE_HTTP];
}

void crew_init(struct crew *crew, struct heritage *heritage, struct loop *loop)
{
	*crew = (struct crew){ .heritage = heritage, .loop = loop };
	crew->members[ROLE_HEARTBEAT].wanted =
		heritage->config->cluster.present;
	crew->members[ROLE_LEASE].wanted = heritage->config->cluster.present;
	crew->members[ROLE_HEARTBEAT].wanted =
		heritage->config->cluster.present;
	crew->members[ROLE_JOURNAL].wanted = true;
	crew->members[ROLE_CONTROL].wanted = true;
	for (unsigned i = 0; i < heritage_http_roles(heritage); i++)
		crew->members[ROLE_HTTP + i].wanted = true;
}

/* A reload while we ran left the node's configuration in STATE/config. */
static void take_reloaded_config(struct heritage *heritage)
{
	char path[4096];
	struct config *config;

	if (heritage->board->config_generation == 0)
		return;
	snprintf(path, sizeof(path), "%s/config", heritage->config->state);
	if (conffile_load(path, &config, stderr) == 0)
		heritage->config = config;
}

/* Answers meant for a predecessor would confuse its successor. */
static void drain(int fd)
{
	char byte;

	while (fd != -1 &&
	       recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

static int be(struct crew *crew, enum role role)
{
	struct heritage *heritage = crew->heritage;

	if (heritage->cgroup != -1)
		close(heritage->cgroup);
	heritage->cgroup = -1;
	take_reloaded_config(heritage);
	if (role == ROLE_HEARTBEAT)
		return heartbeat_main(heritage);
	if (role == ROLE_LEASE)
		return lease_main(heritage);
	if (role == ROLE_HEARTBEAT)
		return heartbeat_main(heritage);
	if (role == ROLE_JOURNAL)
		return journal_main(heritage);
	if (role == ROLE_SWEEPER)
		return sweeper_main(heritage);
	drain(heritage->links[role][0]);
	if (role == ROLE_CONTROL)
		return control_main(heritage);
	return http_main(heritage, role - ROLE_HTTP);
}

static void start(struct crew *crew, enum role role, int64_t now_ms)
{
	struct crew_member *member = &crew->members[role];
	struct birth birth = {
		.heritage = crew->heritage,
		.parents_loop = crew->loop,
		.parent = getpid(),
		/* What jobs of other users left, only root removes. */
		.identity =
			role == ROLE_SWEEPER ? NULL : &crew->heritage->identity,
		.name = role_name(role),
		.death_signal = SIGKILL,
		.urgent = role == ROLE_LEASE,
	};
	pid_t pid = fork();

	if (pid == -1) {
		log_err(-errno, "supervisor: cannot fork %s", birth.name);
		member->start_ms = now_ms + FORK_RETRY_MS;
		return;
	}
	if (pid == 0) {
		birth_below_supervisor(&birth);
		_exit(be(crew, role));
	}
	member->pid = pid;
	restart_started(&member->restart, now_ms);
	crew->heritage->board->roles[role].pid = pid;
}

static bool has_orders(const struct crew *crew)
{
	struct pollfd link = { .fd = crew->heritage->links[ROLE_SWEEPER][0],
			       .events = POLLIN };

	return poll(&link, 1, 0) == 1;
}

/* Wanted as long as it has something to do, and nobody stops. */
static void call_sweeper(struct crew *crew)
{
	struct crew_member *sweeper = &crew->members[ROLE_SWEEPER];

	if (!sweeper->wanted && sweeper->pid == 0 &&
	    crew->members[ROLE_CONTROL].wanted)
		sweeper->wanted = has_orders(crew);
}

void crew_step(struct crew *crew, int64_t now_ms)
{
	call_sweeper(crew);
	for (int role = ROLE_LEASE; role < ROLE_MAX; role++) {
		const struct crew_member *member = &crew->members[role];

		if (member->wanted && member->pid == 0 &&
		    now_ms >= member->start_ms)
			start(crew, role, now_ms);
	}
}

int64_t crew_next(const struct crew *crew)
{
	int64_t next_ms = LOOP_NO_DEADLINE;

	for (int role = ROLE_LEASE; role < ROLE_MAX; role++) {
		const struct crew_member *member = &crew->members[role];

		if (member->wanted && member->pid == 0 &&
		    member->start_ms < next_ms)
			next_ms = member->start_ms;
	}
	return next_ms;
}

static void log_end(enum role role, pid_t pid, int status, int64_t pause_ms)
{
	if (WIFSIGNALED(status))
		log_err(0,
			"supervisor: %s ended pid=%d signal=%d "
			"restart_in_ms=%lld",
			role_name(role), (int)pid, WTERMSIG(status),
			(long long)pause_ms);
	else
		log_err(0,
			"supervisor: %s ended pid=%d exit=%d "
			"restart_in_ms=%lld",
			role_name(role), (int)pid, WEXITSTATUS(status),
			(long long)pause_ms);
}

static void tell_end(const struct heritage *heritage, enum role role,
		     int status, int64_t pause_ms)
{
	events_add(heritage->board, EVENT_ROLE_DIED, role_name(role),
		   "%s %d, started again in %lld ms",
		   WIFSIGNALED(status) ? "signal" : "exit code",
		   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		   (long long)pause_ms);
	news_tell(heritage);
}

static void ended(struct crew *crew, enum role role, int status, int64_t now_ms)
{
	struct crew_member *member = &crew->members[role];
	struct board_role *shown = &crew->heritage->board->roles[role];
	int64_t pause_ms;

	/* It has given the lease back, or has no more to do. */
	if ((role == ROLE_LEASE || role == ROLE_SWEEPER) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		member->wanted = false;
	if (member->wanted) {
		pause_ms = restart_ended(&member->restart, &policy, now_ms);
		log_end(role, member->pid, status, pause_ms);
		tell_end(crew->heritage, role, status, pause_ms);
		member->start_ms = now_ms + pause_ms;
		shown->restarts++;
	}
	member->pid = 0;
	shown->pid = 0;
}

bool crew_took(struct crew *crew, pid_t pid, int status, int64_t now_ms)
{
	for (int role = ROLE_LEASE; role < ROLE_MAX; role++) {
		if (crew->members[role].pid == pid) {
			ended(crew, role, status, now_ms);
			return true;
		}
	}
	return false;
}

bool crew_has(const struct crew *crew, pid_t pid)
{
	for (int role = ROLE_LEASE; role < ROLE_MAX; role++)
		if (crew->members[role].pid == pid)
			return true;
	return false;
}

void crew_dismiss(struct crew *crew, enum role first, enum role last,
		  int signal)
{
	for (int role = (int)first; role <= (int)last; role++) {
		crew->members[role].wanted = false;
		if (crew->members[role].pid != 0)
			kill(crew->members[role].pid, signal);
	}
}

bool crew_is_gone(const struct crew *crew, enum role first, enum role last)
{
	for (int role = (int)first; role <= (int)last; role++)
		if (crew->members[role].pid != 0)
			return false;
	return true;
}
