/* What an attempt takes over from those before it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "io/names.h"
#include "io/outputdir.h"
#include "io/outputdir_parts.h"
#include "io/tree.h"

#define MOVES_MAX 256 /* files one by one: each takes a round trip */

/* The greatest name below BELOW. */
struct earlier {
	const char *below;
	char name[NAME_MAX + 1];
};

static void take_earlier(void *arg, const char *name, bool is_directory)
{
	struct earlier *earlier = arg;

	if (is_directory && strcmp(name, earlier->below) < 0 &&
	    strcmp(name, earlier->name) > 0)
		(void)text_copy(text_of(name), earlier->name,
				sizeof(earlier->name));
}

/* FROM/NAME below the directory ID becomes TO in DIR.  Neither link nor
 * directory in its place is followed or overwritten.  0, -ENOENT when there is
 * no such thing, or a negative errno.
 */
static int take_over(const struct outputdir *dir, int id, const char *from,
		     const char *name, const char *to)
{
	char source[2 * NAME_MAX + 2];
	char target[PATH_MAX];
	int rc = outputdir_join(source, sizeof(source), from, name);

	if (rc == 0)
		rc = outputdir_join(target, sizeof(target), dir->path, to);
	if (rc == 0 && renameat(id, source, AT_FDCWD, target) == -1)
		rc = -errno;
	return rc;
}

struct move {
	int from;
	int to;
	unsigned count;
	int rc; /* the first failure */
};

static void count_entry(void *arg, const char *name, bool is_directory)
{
	struct move *move = arg;

	(void)name;
	(void)is_directory;
	move->count++;
}

/* What a later attempt has is what it went on from. */
static void move_entry(void *arg, const char *name, bool is_directory)
{
	struct move *move = arg;

	(void)is_directory;
	if (faccessat(move->to, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
	    renameat(move->from, name, move->to, name) == -1 && move->rc == 0)
		move->rc = -errno;
}

static int move_all(struct move *move)
{
	int rc = names_each(move->from, move_entry, move);

	return move->rc != 0 ? move->rc : rc;
}

/* Not the directory itself, unless there is much in it: an earlier attempt
 * whose machine was paused may run on for a moment once that goes on, and the
 * directory is where it is, and writes.
 */
static int take_scratch(const struct outputdir *dir, int id, const char *from)
{
	const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char name[2 * NAME_MAX + 2];
	struct move move = { .from = -1, .to = -1 };
	int rc = outputdir_join(name, sizeof(name), from, "scratch");

	if (rc != 0)
		return rc;
	move.from = openat(id, name, how);
	move.to = move.from != -1 ? open(dir->scratch, how) : -1;
	if (move.to == -1)
		rc = -errno;
	if (rc == 0)
		rc = names_each(move.from, count_entry, &move);
	if (rc == 0 && move.count > MOVES_MAX)
		rc = take_over(dir, id, from, "scratch", "scratch");
	else if (rc == 0)
		rc = move_all(&move);
	if (move.from != -1)
		close(move.from);
	if (move.to != -1)
		close(move.to);
	if (rc == 0 && move.count <= MOVES_MAX)
		(void)unlinkat(id, name, AT_REMOVEDIR);
	return rc;
}

/* What was saved last: by it, or before it. */
static int take_state(const struct outputdir *dir, int id, const char *from)
{
	int rc = take_over(dir, id, from, "checkpoint", "state");

	return rc != -ENOENT ? rc : take_over(dir, id, from, "state", "state");
}

/* What is still to be found in earlier ones. */
struct missing {
	bool scratch;
	bool state;
	bool all; /* they go, with whatever else is in them */
};

/* Also after an earlier try that failed. */
static bool has_state(const struct outputdir *dir)
{
	char path[PATH_MAX];

	return outputdir_join(path, sizeof(path), dir->path, "state") == 0 &&
	       faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* From the one called NAME below the directory ID. */
static int inherit_from(const struct outputdir *dir, int id, const char *name,
			struct missing *missing)
{
	int rc = -ENOENT;

	/* Some of it may be further back, had it died while it took that. */
	if (missing->scratch)
		rc = take_scratch(dir, id, name);
	/* Locked by who made it, it is of no use to anybody. */
	if (rc != 0 && rc != -ENOENT && rc != -EACCES && rc != -EPERM)
		return rc;
	rc = -ENOENT;
	if (missing->state)
		rc = take_state(dir, id, name);
	if (rc != 0 && rc != -ENOENT)
		return rc;
	missing->state = missing->state && rc != 0;
	if (missing->all)
		(void)tree_remove(id, name);
	else /* if nothing is left in it */
		(void)unlinkat(id, name, AT_REMOVEDIR);
	return 0;
}

/* From the latest one to the first, as long as something is MISSING. */
static int walk_earlier(const struct outputdir *dir, struct missing *missing)
{
	struct earlier earlier = { .name = "" };
	char below[NAME_MAX + 1] = "";
	char id[PATH_MAX];
	int rc = 0;
	int fd;

	memcpy(id, dir->path, sizeof(id));
	if (!dir->used || !outputdir_cut(id))
		return 0;
	/* Other nodes made what we look for: the storage itself is asked. */
	(void)names_refresh(id);
	fd = open(id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	(void)text_copy(text_of(dir->path + strlen(id) + 1), below,
			sizeof(below));
	earlier.below = below;
	while (rc == 0 &&
	       (missing->scratch || missing->state || missing->all)) {
		rc = names_each(fd, take_earlier, &earlier);
		if (rc != 0 || earlier.name[0] == '\0')
			break;
		rc = inherit_from(dir, fd, earlier.name, missing);
		memcpy(below, earlier.name, sizeof(below));
		earlier.name[0] = '\0';
	}
	close(fd);
	return rc;
}

int outputdir_inherit(const struct outputdir *dir, bool all)
{
	struct missing missing = { true, !has_state(dir), all };

	return walk_earlier(dir, &missing);
}

void outputdir_disown(const struct outputdir *dir)
{
	struct missing missing = { false, false, true };

	if (dir->has_earlier)
		(void)walk_earlier(dir, &missing);
}

/* What a save that was killed left. */
static void remove_part(void *arg, const char *name, bool is_directory)
{
	if (!is_directory && strncmp(name, "checkpoint.", 11) == 0)
		(void)unlinkat(*(const int *)arg, name, 0);
}

int outputdir_go_on(const struct outputdir *dir)
{
	int rc = 0;
	int fd;

	if (!dir->used)
		return 0;
	fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	if (renameat(fd, "checkpoint", fd, "state") == -1 && errno != ENOENT)
		rc = -errno;
	(void)names_each(fd, remove_part, &fd);
	close(fd);
	return rc;
}
