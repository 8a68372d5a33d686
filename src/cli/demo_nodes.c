#define _GNU_SOURCE
#include "cli/demo_nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/command.h"
#include "io/clock.h"

#define READY_MS      60000
#define STOP_MS	      20000 /* orderly; then QUIT */
#define QUIT_MS	      5000  /* then KILL */
#define AGAIN_MS      8000  /* after it was killed: it is missed meanwhile */
#define POLL_MS	      20
#define LOG_TAIL_SIZE 4096 /* bytes shown when a node fails */

/* Becomes the node.  Its own process group: Ctrl-C is for us, who then stop
 * it in order.
 */
static _Noreturn void be_node(const struct demo_place *place)
{
	char self[] = "holdfast";
	char run[] = "run";
	char dash_c[] = "-c";
	char config[PATH_MAX];
	char *argv[] = { self, run, dash_c, config, NULL };
	int log = open(place->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	memcpy(config, place->config, sizeof(config));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0);
	if (log != -1) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* Its last words, when it went without being told to. */
static void show_log(const struct demo_place *place)
{
	char buf[LOG_TAIL_SIZE];
	FILE *file = fopen(place->log, "re");
	size_t len;

	if (file == NULL)
		return;
	if (fseek(file, -(long)sizeof(buf), SEEK_END) != 0)
		rewind(file);
	len = fread(buf, 1, sizeof(buf), file);
	fwrite(buf, 1, len, stderr);
	fclose(file);
}

static bool is_gone(struct demo_nodes *nodes, unsigned i)
{
	int status;

	if (nodes->pids[i] != 0 &&
	    waitpid(nodes->pids[i], &status, WNOHANG) == nodes->pids[i]) {
		nodes->pids[i] = 0;
		if (WIFSIGNALED(status) && nodes->files->count > 1)
			nodes->again_ms[i] = clock_ms() + AGAIN_MS;
	}
	return nodes->pids[i] == 0;
}

static int start(struct demo_nodes *nodes, unsigned i)
{
	const struct demo_place *place = &nodes->files->places[i];
	FILE *file;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		be_node(place);
	if (pid == -1) {
		complain("cannot fork: %s", strerror(errno));
		return EXIT_CODE_FAILED;
	}
	nodes->pids[i] = pid;
	nodes->again_ms[i] = 0;
	file = fopen(place->pid, "we");
	if (file != NULL) {
		fprintf(file, "%d\n", (int)pid);
		fclose(file);
	}
	return 0;
}

static int wait_ready(struct demo_nodes *nodes, unsigned i, int64_t until_ms)
{
	const struct demo_place *place = &nodes->files->places[i];
	struct options options = *nodes->options;
	struct api api;
	int rc;

	options.socket = place->state;
	rc = api_open(&api, &options);
	while (rc == 0) {
		if (is_gone(nodes, i)) {
			complain("%s ended:", place->name);
			rc = EXIT_CODE_FAILED;
		} else if (api_ask(&api, "GET", "/readyz", NULL, NULL) == 0 &&
			   api.response.status == 200) {
			break;
		} else if (clock_ms() >= until_ms) {
			complain("%s is not ready after %d s:", place->name,
				 READY_MS / 1000);
			rc = EXIT_CODE_FAILED;
		} else {
			usleep(POLL_MS * 1000);
		}
	}
	if (rc != 0)
		show_log(place);
	api_close(&api);
	return rc;
}

int demo_nodes_start(struct demo_nodes *nodes)
{
	int64_t until_ms = clock_ms() + READY_MS;
	int rc = 0;

	for (unsigned i = 0; i < nodes->files->count && rc == 0; i++)
		rc = start(nodes, i);
	for (unsigned i = 0; i < nodes->files->count && rc == 0; i++)
		rc = wait_ready(nodes, i, until_ms);
	return rc;
}

static void tell_gone(const struct demo_nodes *nodes, unsigned i)
{
	const struct demo_place *place = &nodes->files->places[i];

	if (nodes->again_ms[i] != 0)
		complain("%s was killed; it begins again in %d s", place->name,
			 AGAIN_MS / 1000);
	else
		complain("%s ended:", place->name);
	if (nodes->again_ms[i] == 0)
		show_log(place);
}

unsigned demo_nodes_left(struct demo_nodes *nodes)
{
	unsigned left = 0;

	for (unsigned i = 0; i < nodes->files->count; i++) {
		if (nodes->pids[i] != 0 && is_gone(nodes, i))
			tell_gone(nodes, i);
		if (nodes->again_ms[i] != 0 && nodes->again_ms[i] <= clock_ms())
			start(nodes, i);
		if (nodes->pids[i] != 0)
			left++;
	}
	return left;
}

/* SIGNUM to all that are left; are they gone within MS? */
static bool end_all(struct demo_nodes *nodes, int signum, int64_t ms)
{
	int64_t until_ms = clock_ms() + ms;

	for (unsigned i = 0; i < nodes->files->count; i++)
		if (!is_gone(nodes, i))
			kill(nodes->pids[i], signum);
	for (;;) {
		bool all = true;

		for (unsigned i = 0; i < nodes->files->count; i++)
			all = is_gone(nodes, i) && all;
		if (all || clock_ms() >= until_ms)
			return all;
		usleep(POLL_MS * 1000);
	}
}

void demo_nodes_stop(struct demo_nodes *nodes)
{
	if (end_all(nodes, SIGTERM, STOP_MS))
		return;
	complain("this takes too long; stopping at once");
	if (!end_all(nodes, SIGQUIT, QUIT_MS))
		end_all(nodes, SIGKILL, QUIT_MS);
}
