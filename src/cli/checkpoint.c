/* checkpoint - the command by which a unit saves what its next attempt, or its
 * next holder, goes on from.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "io/whole.h"

#define STATE_MAX  (UINT64_C(1) << 30) /* bytes */
#define COPY_BYTES 65536

static const struct usage usage = {
	.name = "checkpoint",
	.synopsis = "[FILE|-]",
	.text = "Inside a unit: keeps FILE, or what standard input gives, for\n"
		"the next start, attempt or holder, which finds it at "
		"$HOLDFAST_STATE.\n",
	.accepts = "q",
	.arguments_min = 0,
	.arguments_max = 1,
};

static int copy(int from, int to)
{
	static char buf[COPY_BYTES];
	uint64_t sum = 0;

	for (;;) {
		ssize_t got = read(from, buf, sizeof(buf));
		int rc;

		if (got == 0)
			return fsync(to) == -1 ? -errno : 0;
		if (got == -1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		sum += (uint64_t)got;
		rc = sum > STATE_MAX ? -EFBIG
				     : whole_write(to, buf, (size_t)got);
		if (rc != 0)
			return rc;
	}
}

static void sync_parent(const char *path)
{
	char parent[PATH_MAX];
	char *slash;
	int fd;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/* A crash at any point leaves the old state or the new one, whole. */
static int save(int from, const char *path)
{
	char part[PATH_MAX];
	int len = snprintf(part, sizeof(part), "%s.XXXXXX", path);
	int rc = 0;
	int fd;

	if (len >= (int)sizeof(part))
		return -ENAMETOOLONG;
	fd = mkostemp(part, O_CLOEXEC);
	if (fd == -1)
		return -errno;
	rc = copy(from, fd);
	if (close(fd) == -1 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(part, path) == -1)
		rc = -errno;
	if (rc != 0)
		unlink(part);
	else
		sync_parent(path);
	return rc;
}

int command_checkpoint(int argc, char **argv)
{
	const char *path = getenv("HOLDFAST_CHECKPOINT");
	struct options options;
	int rc = options_parse(&options, &usage, argc, argv);
	const char *name = "standard input";
	int from = STDIN_FILENO;

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (path == NULL || path[0] != '/') {
		complain("HOLDFAST_CHECKPOINT is not set; this is meant for "
			 "inside of a job or a singleton");
		return EXIT_CODE_FAILED;
	}
	if (options.argc == 1 && strcmp(options.argv[0], "-") != 0) {
		name = options.argv[0];
		from = open(name, O_RDONLY | O_CLOEXEC);
		if (from == -1) {
			complain("cannot read %s: %s", name, strerror(errno));
			return EXIT_CODE_FAILED;
		}
	}
	rc = save(from, path);
	if (rc == 0)
		return EXIT_CODE_DONE;
	if (rc == -EFBIG)
		complain("%s is larger than the limit of %llu bytes", name,
			 (unsigned long long)STATE_MAX);
	else
		complain("cannot keep %s: %s", name, strerror(-rc));
	return EXIT_CODE_FAILED;
}
