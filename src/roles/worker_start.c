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

#define DEFAULT_PATH \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_MASK  022
#define SIZE_EVERY_MS 1000
#define EXIT_NO_RUN   127 /* as shells say it */
/* What the spec gives, and what is added here. */
#define ENV_MAX (SPEC_STRINGS_MAX + 16)

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
	return rc;
}

struct env {
	const char *at[ENV_MAX + 1]; /* NULL-terminated */
	size_t count;
};

static bool has_name(const struct env *env, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->at[i], entry, len) == 0 &&
		    env->at[i][len] == '=')
			return true;
	return false;
}

/* Of two with the same name the first one added counts. */
static void add(struct env *env, const char *entry)
{
	if (env->count == ENV_MAX || entry == NULL || has_name(env, entry))
		return;
	env->at[env->count++] = entry;
	env->at[env->count] = NULL;
}

/* BUF gets "NAME=VALUE"; NULL when there is no value or it is too long. */
static const char *entry_of(char *buf, size_t cap, const char *name,
			    const char *value)
{
	if (value == NULL)
		return NULL;
	return snprintf(buf, cap, "%s=%s", name, value) < (int)cap ? buf : NULL;
}

/* The entry NAME of the node's own environment, NULL if there is none. */
static const char *own_entry(const char *name)
{
	size_t len = strlen(name);

	for (char **entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
			return *entry;
	return NULL;
}

/* HOLDFAST_STATE is absent if nothing was saved. */
static bool names_nothing(const char *entry)
{
	static const char name[] = "HOLDFAST_STATE=";
	const size_t len = sizeof(name) - 1;

	return strncmp(entry, name, len) == 0 &&
	       access(entry + len, F_OK) == -1;
}

static void make_env(struct worker *worker, struct env *env, char *notify,
		     size_t notify_cap)
{
	const struct account *account = &worker->account;
	char(*text)[256] = worker->account_text;
	const size_t cap = sizeof(text[0]);

	if (worker->notify != -1)
		add(env, entry_of(notify, notify_cap, "NOTIFY_SOCKET",
				  worker->notify_path));
	add(env, "HOLDFAST_PROGRESS_FD=3");
	for (size_t i = 0; worker->spec.env[i] != NULL; i++)
		if (!names_nothing(worker->spec.env[i]))
			add(env, worker->spec.env[i]);
	add(env, own_entry("PATH"));
	add(env, DEFAULT_PATH);
	add(env, entry_of(text[0], cap, "HOME", account->home));
	add(env, entry_of(text[1], cap, "USER", account->name));
	add(env, entry_of(text[2], cap, "LOGNAME", account->name));
	add(env, entry_of(text[3], cap, "SHELL", account->shell));
	add(env, own_entry("LANG"));
	add(env, own_entry("TZ"));
}

/* The attempt ends before it began. */
static void give_up(struct worker *worker, int rc, int exit, const char *what,
		    const char *name)
{
	char words[JOB_DETAIL_MAX];

	snprintf(words, sizeof(words), "%s %s: %s", what, name, strerror(-rc));
	log_warn(rc, "worker: %s %s token=%016llx", what, name,
		 (unsigned long long)worker->token);
	worker_set_outcome(worker, HOW_FAILED, exit, words);
	worker->ended = true;
	worker->childless = true;
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
		give_up(worker, rc, -1, "cannot enter directory",
			directory_of(worker));
		break;
	case SPAWN_ACCOUNT:
		give_up(worker, rc, -1, "cannot become user",
			worker->spec.user);
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
	worker->report.started_due = true;
	if (worker->spec.timeout_ms > 0)
		worker->timeout_ms = now_ms + worker->spec.timeout_ms;
	if (worker->spec.max_output > 0 && worker->dir.used)
		worker->size_ms = now_ms + SIZE_EVERY_MS;
	atomic_store(&worker->holding->phase_token, worker->token);
	atomic_store(&worker->holding->phase, PHASE_RUNNING);
}

/* Starts the command with FDS as its descriptors. */
static void start_with(struct worker *worker, const int fds[SPAWN_FDS])
{
	char notify[sizeof(worker->notify_path) + 16];
	struct env env = { .count = 0 };
	struct spawn spawn = {
		.argv = worker->spec.argv,
		.env = env.at,
		.dir = directory_of(worker),
		.account = &worker->account,
		.umask = worker->spec.umask >= 0 ? (mode_t)worker->spec.umask
						 : DEFAULT_MASK,
		.nice = worker->spec.nice,
		.group = worker->group,
	};
	enum spawn_step step;
	pid_t pid;

	memcpy(spawn.fds, fds, sizeof(spawn.fds));
	make_env(worker, &env, notify, sizeof(notify));
	pid = spawn_start(&spawn, &step);
	if (pid > 0)
		note_started(worker, pid);
	else
		tell_failure(worker, (int)pid, step);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Makes the pipes: THEIRS become the command's 0 to 3, OURS stay. */
static int open_streams(int theirs[SPAWN_FDS], int ours[STREAMS])
{
	static const int stream_of[SPAWN_FDS] = { -1, STREAM_OUT, STREAM_ERR,
						  STREAM_PROGRESS };
	int rc = spawn_lift(open("/dev/null", O_RDONLY | O_CLOEXEC));

	for (int fd = 1; fd < SPAWN_FDS; fd++)
		theirs[fd] = -1;
	theirs[0] = rc;
	for (int fd = 1; rc >= 0 && fd < SPAWN_FDS; fd++) {
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
	int rc = open_streams(theirs, ours);

	if (rc != 0) {
		close_all(ours, STREAMS);
		give_up(worker, rc, -1, "cannot make pipes for",
			worker->spec.argv[0]);
	} else {
		worker_streams_open(worker, ours);
		worker_notify_open(worker);
		start_with(worker, theirs);
	}
	close_all(theirs, SPAWN_FDS);
}

void worker_start(struct worker *worker)
{
	int rc = read_spec(worker);

	if (rc != 0) {
		give_up(worker, rc, -1, "cannot read", "its own spec");
		return;
	}
	rc = account_find(&worker->account, worker->spec.user,
			  worker->spec.group);
	if (rc != 0) {
		give_up(worker, rc, -1, "cannot become user",
			worker->spec.user);
		return;
	}
	rc = outputdir_make(&worker->dir, worker->spec.work_dir,
			    worker->account.uid);
	if (rc != 0) {
		give_up(worker, rc, -1, "cannot make directory",
			worker->spec.work_dir);
		return;
	}
	if (worker->spec.attempt > 1)
		outputdir_inherit(&worker->dir);
	worker->log = joblog_init(&worker->dir);
	worker->group =
		cgroup_slot_open(worker->heritage->cgroup, worker->slot);
	start_command(worker);
}
