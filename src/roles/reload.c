#define _GNU_SOURCE
#include "roles/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fixed.h"
#include "io/conffile.h"
#include "io/log.h"
#include "io/loop.h"

#define LIMIT_MS   30000
#define PATH_BYTES 4096

/* Writes CONFIG beside PATH and puts it there in one step. */
static int replace(const struct config *config, const char *path,
		   const struct identity *owner)
{
	char beside[PATH_BYTES + 4];
	FILE *file;
	int rc;
	int fd;

	snprintf(beside, sizeof(beside), "%s.new", path);
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	rc = identity_give(owner, fd);
	file = fdopen(fd, "w");
	if (file == NULL)
		return -errno;
	if (rc == 0)
		rc = conffile_dump(config, file);
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(beside, path) == -1)
		rc = -errno;
	return rc;
}

/* What is wrong with the file goes where all our lines go. */
static int load(const char *path, struct config **config)
{
	char *report = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&report, &len);
	char *rest;
	int rc;

	if (out == NULL)
		return -ENOMEM;
	rc = conffile_load(path, config, out);
	fclose(out);
	rest = report;
	for (char *line; rc != 0 && (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			log_err(0, "%s", line);
	free(report);
	return rc;
}

/* Directories and sockets are those of the start: a change waits. */
static void keep_fixed(const struct heritage *heritage, struct config *config)
{
	char names[1024];
	struct out out = out_init(names, sizeof(names));

	fixed_keep(config, heritage->config, &out);
	out_end(&out);
	board_text_set(&heritage->board->at_next_start, text_of(names));
	if (names[0] != '\0')
		log_warn(0, "guardian: changed at the next start only: %s",
			 names);
}

static int reload_main(const struct heritage *heritage)
{
	const char *given = heritage->config_path;
	struct config *config = NULL;
	char path[PATH_BYTES];
	int rc = load(given, &config);

	if (rc != 0)
		return 2;
	keep_fixed(heritage, config);
	snprintf(path, sizeof(path), "%s/config", heritage->config->state);
	rc = replace(config, path, &heritage->identity);
	if (rc == 0)
		return 0;
	log_err(rc, "guardian: cannot write %s", path);
	return 1;
}

void reload_begin(struct reload *reload, const struct heritage *heritage,
		  struct loop *loop, int64_t now_ms)
{
	pid_t parent = getpid();
	pid_t pid;

	if (reload->pid != 0) {
		reload->again = true;
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
		    getppid() != parent)
			_exit(1);
		loop_close(loop);
		close(heritage->guardian_alive[1]);
		_exit(reload_main(heritage));
	}
	if (pid == -1) {
		log_err(-errno, "guardian: cannot reload");
		return;
	}
	reload->pid = pid;
	reload->deadline_ms = now_ms + LIMIT_MS;
}

void reload_step(struct reload *reload, int64_t now_ms)
{
	if (reload->pid != 0 && now_ms >= reload->deadline_ms)
		kill(reload->pid, SIGKILL);
}

bool reload_took(struct reload *reload, pid_t pid, int status, bool *good)
{
	if (pid != reload->pid || pid == 0)
		return false;
	reload->pid = 0;
	*good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return true;
}
