/* worker_start - from the spec to a running command. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/spawn.h"
#include "roles/worker_parts.h"

#define DEFAULT_MASK 022
#define TRIES_MAX    20	 /* attempts, where storage fails each time */
#define EXIT_NO_RUN  127 /* as shells say it */

static int read_spec(struct worker *worker)
{
	char path[PATH_MAX];
	ssize_t len;
	int rc;
	int fd;

	snprintf(path, sizeof(path), "%s/work/%016llx",
		 worker->heritage->config->state,
		 (unsigned long long)worker->token);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	len = read(fd, worker->spec_bytes, sizeof(worker->spec_bytes));
	rc = len == -1 ? -errno : 0;
	close(fd);
	if (rc == 0)
		rc = spec_decode(&worker->spec, worker->spec_bytes,
				 (size_t)len);
	if (rc == 0 && worker->spec.token != worker->token)
		rc = -EBADMSG;
	if (rc != 0)
		memset(&worker->spec, 0, sizeof(worker->spec));
	return rc;
}

/* The run ends before it began: HOW, for a job. */
static void refuse_as(struct worker *worker, enum message_how how, int32_t exit,
		      const char *words)
{
	worker->ended = true;
	worker->childless = true;
	if (worker->spec.keep)
		worker_keep_refused(worker, exit, words);
	else
		worker_set_outcome(worker, how, exit, words);
}

static void refuse(struct worker *worker, int32_t exit, const char *words)
{
	refuse_as(worker, HOW_FAILED, exit, words);
}

static void give_up(struct worker *worker, int rc, int exit, const char *what,
		    const char *name)
{
	char words[JOB_DETAIL_MAX];

	snprintf(words, sizeof(words), "%s %s: %s", what, name, strerror(-rc));
	/* The events of what is kept up say so. */
	if (!worker->spec.keep)
		log_warn(rc, "worker: %s %s token=%016llx", what, name,
			 (unsigned long long)worker->token);
	refuse(worker, exit, words);
}

/* Is it a fault of the storage, or of its mount here, that may pass? */
static bool may_pass(int rc)
{
	switch (-rc) {
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case ENOENT:
	case ESTALE:
	case EROFS:
	case ENOTCONN:
	case ETIMEDOUT:
	case EHOSTDOWN:
		return true;
	default:
		return false;
	}
}

/* That is no fault of the job: another node may be luckier, or this one later.
 */
static void give_back(struct worker *worker, int rc, const char *what,
		      const char *name)
{
	char words[JOB_DETAIL_MAX];

	if (worker->spec.keep || !may_pass(rc) ||
	    worker->spec.attempt >= TRIES_MAX) {
		give_up(worker, rc, -1, what, name);
		return;
	}
	snprintf(words, sizeof(words), "%s %s: %s", what, name, strerror(-rc));
	log_warn(rc, "worker: %s %s, the job is tried again", what, name);
	refuse_as(worker, HOW_LATER, -1, words);
}

static const char *directory_of(const struct worker *worker)
{
	if (worker->spec.dir[0] != '\0')
		return worker->spec.dir;
	return worker->dir.used ? worker->dir.scratch : "/";
}

static void tell_failure(struct worker *worker, int rc, enum spawn_step step)
{
	switch (step) {
	case SPAWN_EXEC:
		give_up(worker, rc, EXIT_NO_RUN, "cannot run",
			worker->spec.argv[0]);
		break;
	case SPAWN_DIR:
		/* Its own lies on the shared storage, as what went before. */
		if (worker->spec.dir[0] == '\0' && worker->dir.used)
			give_back(worker, rc, "cannot enter directory",
				  directory_of(worker));
		else
			give_up(worker, rc, -1, "cannot enter directory",
				directory_of(worker));
		break;
	case SPAWN_ACCOUNT:
		give_up(worker, rc, -1, "cannot become user",
			worker->spec.user);
		break;
	case SPAWN_LIMITS:
		give_up(worker, rc, -1, "cannot set the limits of",
			worker->spec.unit);
		break;
	default:
		give_up(worker, rc, -1, "cannot start", worker->spec.argv[0]);
		break;
	}
}

static void note_started(struct worker *worker, pid_t pid)
{
	int64_t now_ms = clock_ms();

	worker->pid = pid;
	worker->report.started_due = !worker->report.started;
	if (worker->spec.timeout_ms > 0)
		worker->timeout_ms = now_ms + worker->spec.timeout_ms;
	if (worker->spec.max_output > 0 && worker->dir.used) {
		worker->size_after = WORKER_SIZE_MS;
		worker->size_ms = now_ms + WORKER_SIZE_MS;
	}
	atomic_store(&worker->holding->phase_token, worker->token);
	atomic_store(&worker->holding->phase, PHASE_RUNNING);
	unitlog_of(&worker->unitlog, (int)pid);
	worker_show_start(worker);
	worker_watch_begin(worker, now_ms);
}

/* Bounds the unit where a control group can, else each of its processes. */
static struct spawn_limits use_limits(struct worker *worker)
{
	const struct spec *spec = &worker->spec;
	struct spawn_limits limits = { .files = spec->limit_files };
	bool grouped = false;

	if (spec->limit_memory > 0) {
		grouped = cgroup_limit_memory(worker->group,
					      spec->limit_memory) == 0;
		limits.data = grouped ? 0 : spec->limit_memory;
	}
	if (spec->limit_processes > 0) {
		bool ours = cgroup_limit_processes(worker->group,
						   spec->limit_processes) == 0;

		limits.processes = ours ? 0 : spec->limit_processes;
		grouped = grouped || ours;
	}
	worker->group_bound = worker->group_bound || grouped;
	return limits;
}

/* The lease may have run out since the worker was started, or the command last
 * ended.  Then the supervisor, about to kill us, tells that it is lost.
 */
static void leave_unless_held(const struct worker *worker)
{
	const struct board_cluster *cluster = &worker->heritage->board->cluster;
	struct lease_time now = clock_lease();

	if (worker->slot < BOARD_LEADER_FIRST ||
	    cluster_holds(cluster, atomic_load(&worker->holding->generation),
			  &now))
		return;
	log_warn(0, "worker: not started, the lease is over token=%016llx",
		 (unsigned long long)worker->token);
	_exit(EXIT_FAILURE);
}

/* Starts the command with FDS as its descriptors. */
static void start_with(struct worker *worker, const int fds[SPAWN_FDS],
		       const struct worker_env *env)
{
	struct spawn spawn = {
		.argv = worker->spec.argv,
		.env = env->at,
		.dir = directory_of(worker),
		.account = &worker->account,
		.umask = worker->spec.umask >= 0 ? (mode_t)worker->spec.umask
						 : DEFAULT_MASK,
		.nice = worker->spec.nice,
		.group = worker->group,
		.extra = worker->watch.theirs,
		.extra_as = (int)worker->spec.ready_value,
		.limits = use_limits(worker),
		.pid_text = env->pid_text,
	};
	enum spawn_step step;
	pid_t pid;

	memcpy(spawn.fds, fds, sizeof(spawn.fds));
	leave_unless_held(worker);
	pid = spawn_start(&spawn, &step);
	if (pid > 0)
		note_started(worker, pid);
	else
		tell_failure(worker, (int)pid, step);
}

static void start_in_env(struct worker *worker, const int fds[SPAWN_FDS])
{
	struct worker_env env;

	if (worker_env_make(worker, &env) == 0) {
		start_with(worker, fds, &env);
	} else {
		if (!worker->spec.keep)
			log_warn(0, "worker: %s token=%016llx", env.fault,
				 (unsigned long long)worker->token);
		refuse(worker, -1, env.fault);
	}
	worker_env_free(&env);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Makes the pipes: THEIRS become the command's 0 to 3, OURS stay.  What is
 * kept up has no progress to tell.
 */
static int open_streams(int theirs[SPAWN_FDS], int ours[STREAMS], bool keep)
{
	const int count = keep ? SPAWN_FDS - 1 : SPAWN_FDS;
	static const int stream_of[SPAWN_FDS] = { -1, STREAM_OUT, STREAM_ERR,
						  STREAM_PROGRESS };
	int rc = spawn_lift(open("/dev/null", O_RDONLY | O_CLOEXEC));

	for (int fd = 1; fd < SPAWN_FDS; fd++)
		theirs[fd] = -1;
	theirs[0] = rc;
	for (int fd = 1; rc >= 0 && fd < count; fd++) {
		int ends[2];

		rc = spawn_pipe(ends);
		if (rc == 0) {
			ours[stream_of[fd]] = ends[0];
			theirs[fd] = ends[1];
		}
	}
	return rc < 0 ? rc : 0;
}

static void start_command(struct worker *worker)
{
	int theirs[SPAWN_FDS];
	int ours[STREAMS] = { -1, -1, -1 };
	int rc = open_streams(theirs, ours, worker->spec.keep);

	if (rc == 0)
		rc = worker_watch_open(worker);
	if (rc != 0) {
		close_all(ours, STREAMS);
		give_up(worker, rc, -1, "cannot make pipes for",
			worker->spec.argv[0]);
	} else {
		worker_streams_open(worker, ours);
		worker_notify_open(worker);
		start_in_env(worker, theirs);
	}
	close_all(theirs, SPAWN_FDS);
}

/* A group that was killed has to be made anew. */
static void open_group(struct worker *worker)
{
	if (worker->group >= 0 && !worker->group_spent)
		return;
	if (worker->group >= 0)
		close(worker->group);
	worker->group =
		cgroup_slot_open(worker->heritage->cgroup, worker->slot);
	worker->group_spent = false;
}

static bool find_account(struct worker *worker)
{
	int rc = 0;

	if (!worker->has_account)
		rc = account_find(&worker->account, worker->spec.user,
				  worker->spec.group);
	worker->has_account = rc == 0;
	if (rc != 0)
		give_up(worker, rc, -1, "cannot become user",
			worker->spec.user);
	return rc == 0;
}

/* Where it saves, with what was saved before: nothing is started without. */
static bool find_dir(struct worker *worker)
{
	struct outputdir *dir = &worker->dir;
	const struct spec *spec = &worker->spec;
	bool single = spec->kind == UNIT_SINGLETON;
	int rc = 0;

	if (!worker->made_dir)
		rc = outputdir_make(dir, spec->work_dir, worker->account.uid);
	if (rc != 0) {
		give_back(worker, rc, "cannot make directory", spec->work_dir);
		return false;
	}
	worker->made_dir = true;
	if (worker->has_saved)
		rc = outputdir_go_on(dir);
	else if (spec->attempt > 1 || single)
		rc = outputdir_inherit(dir, single);
	else
		outputdir_disown(dir);
	worker->has_saved = rc == 0;
	if (rc != 0)
		give_back(worker, rc, "cannot find what was saved for",
			  spec->unit);
	return rc == 0;
}

static void run(struct worker *worker)
{
	life_started(&worker->keep.record, clock_ms());
	/* Nothing is taken from others, who may have it by now. */
	leave_unless_held(worker);
	if (!find_account(worker) || !find_dir(worker))
		return;
	open_group(worker);
	start_command(worker);
}

void worker_start(struct worker *worker)
{
	int rc = read_spec(worker);

	worker->log = joblog_init(worker->shown == NULL ? &worker->dir : NULL);
	if (rc != 0) {
		give_up(worker, rc, -1, "cannot read", "its own spec");
		return;
	}
	worker_log_open(worker);
	run(worker);
}

void worker_start_again(struct worker *worker)
{
	worker->stage = STAGE_RUNNING;
	worker->pid = 0;
	worker->ended = false;
	worker->childless = false;
	worker->status = 0;
	worker->cause = 0;
	worker->timeout_ms = LOOP_NO_DEADLINE;
	worker->kill_ms = LOOP_NO_DEADLINE;
	worker->kill_again_ms = LOOP_NO_DEADLINE;
	worker->report.words[0] = '\0';
	worker->keep.not_started = false;
	worker->watch.silent = false;
	worker->keep.pausing = false;
	run(worker);
}
