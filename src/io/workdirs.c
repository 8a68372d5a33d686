#define _GNU_SOURCE
#include "io/workdirs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/names.h"

#define TOKEN_LEN 16 /* hexadecimal digits of an attempt's name */

#define ABOVE 3 /* TOKEN, ID, jobs: directories a file is in */

struct sweeping {
	const struct sweep *sweep;
	const struct tree_rest *rest;
	int dir; /* whose entries are looked at */
	int rc;	 /* the first failure */
};

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd != -1 ? fd : -errno;
}

int workdirs_open(const char *shared)
{
	int top = open(shared, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (top == -1)
		return -errno;
	fd = open_dir(top, "jobs");
	close(top);
	return fd;
}

int workdirs_refresh(const char *path)
{
	char dirs[ABOVE][PATH_MAX];
	int rc = 0;

	for (int i = 0; i < ABOVE; i++) {
		const char *inner = i == 0 ? path : dirs[i - 1];
		const char *slash = strrchr(inner, '/');
		size_t len = slash != NULL ? (size_t)(slash - inner) : 0;

		if (len == 0 || len >= PATH_MAX)
			return -EINVAL;
		memcpy(dirs[i], inner, len);
		dirs[i][len] = '\0';
	}
	/* From the outermost: each names the next. */
	for (int i = ABOVE - 1; rc == 0 && i >= 0; i--) {
		rc = names_refresh(dirs[i]);
		if (rc == -ENOENT && i == ABOVE - 1)
			rc = -ESTALE;
	}
	return rc;
}

/* Somebody else may have removed it just now. */
static void note(struct sweeping *sweeping, int rc)
{
	if (sweeping->rc == 0 && rc != -ENOENT)
		sweeping->rc = rc;
}

static int64_t touched_ms(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return INT64_MAX;
	return (int64_t)st.st_mtim.tv_sec * 1000;
}

static void sweep_entry(void *arg, const char *name, bool is_directory)
{
	struct sweeping *sweeping = arg;

	(void)is_directory;
	if (strcmp(name, "log") == 0 ||
	    (sweeping->sweep->keeps_output && strcmp(name, "output") == 0))
		return;
	note(sweeping, tree_remove_calmly(sweeping->dir, name, sweeping->rest));
}

/* Of the attempt whose log, and perhaps output, stays. */
static void sweep_held(struct sweeping *sweeping, const char *name)
{
	struct sweeping inside = *sweeping;

	inside.dir = open_dir(sweeping->dir, name);
	if (inside.dir < 0) {
		note(sweeping, inside.dir);
		return;
	}
	(void)names_each(inside.dir, sweep_entry, &inside);
	close(inside.dir);
	note(sweeping, inside.rc);
	(void)unlinkat(sweeping->dir, name, AT_REMOVEDIR); /* if it is empty */
}

static bool parse_token(const char *name, uint64_t *token)
{
	char again[TOKEN_LEN + 1];
	unsigned long long number;

	if (strlen(name) != TOKEN_LEN || sscanf(name, "%16llx", &number) != 1)
		return false;
	*token = number;
	snprintf(again, sizeof(again), "%016llx", number);
	return strcmp(again, name) == 0;
}

static void sweep_attempt(void *arg, const char *name, bool is_directory)
{
	struct sweeping *sweeping = arg;
	const struct sweep *sweep = sweeping->sweep;
	uint64_t token;

	if (!is_directory || !parse_token(name, &token))
		return;
	if (sweep->before_ms != INT64_MAX &&
	    touched_ms(sweeping->dir, name) >= sweep->before_ms)
		return;
	if (token < sweep->below)
		note(sweeping,
		     tree_remove_calmly(sweeping->dir, name, sweeping->rest));
	else if (token == sweep->held)
		sweep_held(sweeping, name);
}

int workdirs_sweep(int jobs, const char *id, const struct sweep *sweep,
		   const struct tree_rest *rest)
{
	struct sweeping sweeping = { .sweep = sweep, .rest = rest };
	int rc;

	sweeping.dir = open_dir(jobs, id);
	if (sweeping.dir < 0)
		return sweeping.dir == -ENOENT ? 0 : sweeping.dir;
	if (sweep->before_ms != INT64_MAX &&
	    touched_ms(jobs, id) >= sweep->before_ms) {
		close(sweeping.dir);
		return 0;
	}
	rc = names_each(sweeping.dir, sweep_attempt, &sweeping);
	close(sweeping.dir);
	(void)unlinkat(jobs, id, AT_REMOVEDIR); /* if it is empty */
	return sweeping.rc != 0 ? sweeping.rc : rc;
}
