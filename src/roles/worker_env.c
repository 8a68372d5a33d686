/* worker_env - the environment of the command. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/envfile.h"
#include "roles/worker_parts.h"

#define DEFAULT_PATH \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define OURS "HOLDFAST_" /* begins the names that are not the user's to set */

static bool has_name(const struct worker_env *env, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->at[i], entry, len) == 0 &&
		    env->at[i][len] == '=')
			return true;
	return false;
}

/* Of two with the same name the first one added counts.  False when it is full.
 */
static bool add(struct worker_env *env, const char *entry)
{
	if (entry == NULL || has_name(env, entry))
		return true;
	if (env->count == WORKER_ENV_MAX)
		return false;
	env->at[env->count++] = entry;
	env->at[env->count] = NULL;
	return true;
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

/* ---- env-file ---- */

/* The file's bytes and one more, to be freed; NULL with *RC. */
static char *read_file(const char *path, size_t *len, int *rc)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *buf = fd != -1 ? malloc(WORKER_ENV_FILE_MAX + 1) : NULL;
	ssize_t got = -1;

	*len = 0;
	*rc = fd == -1 ? -errno : -ENOMEM;
	while (buf != NULL && *len <= WORKER_ENV_FILE_MAX) {
		got = read(fd, buf + *len, WORKER_ENV_FILE_MAX + 1 - *len);
		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	if (buf != NULL)
		*rc = got == -1 ? -errno : got > 0 ? -EFBIG : 0;
	if (fd != -1)
		close(fd);
	if (*rc == 0)
		return buf;
	free(buf);
	return NULL;
}

static int add_file(struct worker_env *env, const char *path)
{
	struct envfile file;
	const char *entry;
	size_t len;
	int rc;

	env->text = read_file(path, &len, &rc);
	if (env->text == NULL) {
		snprintf(env->fault, sizeof(env->fault),
			 "cannot read env-file %s: %s", path, strerror(-rc));
		return rc;
	}
	file = envfile_init(env->text, len);
	while ((entry = envfile_next(&file)) != NULL && file.fault == NULL)
		if (!add(env, entry))
			file.fault = "there are too many settings";
	if (file.fault == NULL)
		return 0;
	snprintf(env->fault, sizeof(env->fault), "%s:%u: error: %s", path,
		 file.line, file.fault);
	return -EINVAL;
}

/* ---- all of it ---- */

static void add_watchdog(struct worker *worker, struct worker_env *env)
{
	if (worker->spec.watchdog_ms == 0)
		return;
	snprintf(env->watchdog, sizeof(env->watchdog), "WATCHDOG_USEC=%lld",
		 (long long)worker->spec.watchdog_ms * 1000);
	add(env, env->watchdog);
	/* The digits come when the process is there. */
	snprintf(env->pid, sizeof(env->pid), "WATCHDOG_PID=");
	env->pid_text = env->pid + strlen(env->pid);
	add(env, env->pid);
}

/* HOLDFAST_STATE is absent if nothing was saved. */
static bool names_nothing(const char *entry)
{
	static const char name[] = "HOLDFAST_STATE=";
	const size_t len = sizeof(name) - 1;

	return strncmp(entry, name, len) == 0 &&
	       access(entry + len, F_OK) == -1;
}

/* Of the spec: those that are ours, or the others. */
static void add_spec(struct worker *worker, struct worker_env *env, bool ours)
{
	for (size_t i = 0; worker->spec.env[i] != NULL; i++) {
		const char *entry = worker->spec.env[i];

		if ((strncmp(entry, OURS, sizeof(OURS) - 1) == 0) == ours &&
		    !names_nothing(entry))
			add(env, entry);
	}
}

static void add_account(struct worker *worker, struct worker_env *env)
{
	const struct account *account = &worker->account;
	char(*text)[256] = worker->account_text;
	const size_t cap = sizeof(text[0]);

	add(env, own_entry("PATH"));
	add(env, DEFAULT_PATH);
	add(env, entry_of(text[0], cap, "HOME", account->home));
	add(env, entry_of(text[1], cap, "USER", account->name));
	add(env, entry_of(text[2], cap, "LOGNAME", account->name));
	add(env, entry_of(text[3], cap, "SHELL", account->shell));
	add(env, own_entry("LANG"));
	add(env, own_entry("TZ"));
}

int worker_env_make(struct worker *worker, struct worker_env *env)
{
	int rc = 0;

	*env = (struct worker_env){ .count = 0 };
	if (worker->notify != -1)
		add(env, entry_of(env->notify, sizeof(env->notify),
				  "NOTIFY_SOCKET", worker->notify_path));
	add_watchdog(worker, env);
	if (!worker->spec.keep)
		add(env, "HOLDFAST_PROGRESS_FD=3");
	add_spec(worker, env, true);
	/* What stands in the file is nearer to the machine than what stands in
	 * the configuration. */
	if (worker->spec.env_file[0] != '\0')
		rc = add_file(env, worker->spec.env_file);
	add_spec(worker, env, false);
	add_account(worker, env);
	return rc;
}

void worker_env_free(struct worker_env *env)
{
	free(env->text);
	env->text = NULL;
}
