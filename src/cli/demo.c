#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "cli/demo_files.h"
#include "cli/watch.h"
#include "io/clock.h"

#define PORT_DEFAULT  8080
#define PORTS_TRIED   100
#define READY_MS      15000
#define STOP_MS	      20000 /* orderly; then QUIT */
#define QUIT_MS	      5000  /* then KILL */
#define POLL_MS	      20
#define LOG_TAIL_SIZE 4096 /* bytes shown when the node fails */

static const struct usage usage = {
	.name = "demo",
	.synopsis = "[-n 1] [--once] [--port PORT]",
	.text = "A node on this machine with example jobs and a page, in a "
		"directory of its\nown that goes away with it.\n",
	.accepts = "nOPqC",
	.arguments_max = 0,
};

struct demo {
	const struct options *options;
	struct options of_node; /* as options, with the node's socket */
	struct demo_files files;
	long port;
	pid_t pid; /* of the node's guardian, 0 = none */
};

static bool port_is_free(long port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_free;

	if (fd == -1)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	is_free = bind(fd, (const struct sockaddr *)&address,
		       sizeof(address)) == 0 &&
		  listen(fd, 1) == 0;
	close(fd);
	return is_free;
}

/* 0 when there is none, after a message. */
static long choose_port(const struct options *options)
{
	if (options->port != 0) {
		if (port_is_free(options->port))
			return options->port;
		complain("port %ld is taken: choose another with --port",
			 options->port);
		return 0;
	}
	for (long port = PORT_DEFAULT; port < PORT_DEFAULT + PORTS_TRIED;
	     port++)
		if (port_is_free(port))
			return port;
	complain("ports %d to %d are all taken: choose one with --port",
		 PORT_DEFAULT, PORT_DEFAULT + PORTS_TRIED - 1);
	return 0;
}

/* Becomes the node.  Its own process group: Ctrl-C is for us, who then stop
 * it in order.
 */
static _Noreturn void be_node(const struct demo *demo)
{
	char self[] = "holdfast";
	char run[] = "run";
	char dash_c[] = "-c";
	char config[PATH_MAX];
	char *argv[] = { self, run, dash_c, config, NULL };
	int log = open(demo->files.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	memcpy(config, demo->files.config, sizeof(config));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0);
	if (log != -1) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* The node's last words, when it went without being told to. */
static void show_log(const struct demo *demo)
{
	char buf[LOG_TAIL_SIZE];
	FILE *file = fopen(demo->files.log, "re");
	size_t len;

	if (file == NULL)
		return;
	if (fseek(file, -(long)sizeof(buf), SEEK_END) != 0)
		rewind(file);
	len = fread(buf, 1, sizeof(buf), file);
	fwrite(buf, 1, len, stderr);
	fclose(file);
}

/* Is the node gone?  Waits up to MS for it. */
static bool node_is_gone(struct demo *demo, int64_t ms)
{
	int64_t until_ms = clock_ms() + ms;

	if (demo->pid == 0)
		return true;
	for (;;) {
		if (waitpid(demo->pid, NULL, WNOHANG) == demo->pid) {
			demo->pid = 0;
			return true;
		}
		if (clock_ms() >= until_ms)
			return false;
		usleep(POLL_MS * 1000);
	}
}

static void stop_node(struct demo *demo)
{
	if (node_is_gone(demo, 0))
		return;
	kill(demo->pid, SIGTERM);
	if (node_is_gone(demo, STOP_MS))
		return;
	complain("the node takes too long to stop; stopping it at once");
	kill(demo->pid, SIGQUIT);
	if (node_is_gone(demo, QUIT_MS))
		return;
	kill(demo->pid, SIGKILL);
	node_is_gone(demo, QUIT_MS);
}

static int start_node(struct demo *demo, struct api *api)
{
	int64_t until_ms = clock_ms() + READY_MS;

	fflush(NULL);
	demo->pid = fork();
	if (demo->pid == -1) {
		demo->pid = 0;
		complain("cannot fork: %s", strerror(errno));
		return EXIT_CODE_FAILED;
	}
	if (demo->pid == 0)
		be_node(demo);
	while (clock_ms() < until_ms) {
		if (node_is_gone(demo, 0)) {
			complain("the node ended:");
			show_log(demo);
			return EXIT_CODE_FAILED;
		}
		if (api_ask(api, "GET", "/readyz", NULL, NULL) == 0 &&
		    api->response.status == 200)
			return 0;
		usleep(POLL_MS * 1000);
	}
	complain("the node is not ready after %d s:", READY_MS / 1000);
	show_log(demo);
	return EXIT_CODE_FAILED;
}

/* The first job, to its end. */
static int run_job(struct demo *demo, struct api *api)
{
	const struct options *options = demo->options;
	json_t *request = json_pack("{s:s, s:{s:s}}", "type", "archive",
				    "params", "dir", demo->files.subject);
	char id[128];
	int rc;

	if (request == NULL)
		return EXIT_CODE_FAILED;
	rc = api_call(api, "POST", "/v1/jobs", request);
	json_decref(request);
	if (rc != 0)
		return rc;
	text_copy(text_of(json_text(api->answer, "id")), id, sizeof(id));
	if (!options->quiet)
		printf("First job: archive dir=%s\n", demo->files.subject);
	return watch_job(api, id, options->quiet ? WATCH_SILENT : WATCH_BAR);
}

static void tell(const struct demo *demo)
{
	printf("\nThe page:      http://127.0.0.1:%ld/\n"
	       "Another job:   holdfast submit -s %s count --watch\n"
	       "Ctrl-C stops it all.\n",
	       demo->port, demo->files.socket);
	fflush(stdout);
}

/* Until a signal comes or the node is gone. */
static int stay(struct demo *demo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		if (node_is_gone(demo, 0)) {
			complain("the node ended:");
			show_log(demo);
			return EXIT_CODE_FAILED;
		}
		if (watch_interrupted() || sigwaitinfo(&set, NULL) != SIGCHLD)
			return EXIT_CODE_DONE;
	}
}

static int run_demo(struct demo *demo)
{
	struct api api;
	int rc = api_open(&api, &demo->of_node);

	watch_catch_signals();
	if (rc == 0)
		rc = start_node(demo, &api);
	if (rc == 0)
		rc = run_job(demo, &api);
	if (rc < 128 && demo->pid != 0 && !demo->options->once) {
		tell(demo);
		rc = stay(demo);
	} else if (rc > 128) {
		rc = EXIT_CODE_DONE;
	}
	api_close(&api);
	stop_node(demo);
	return rc;
}

int command_demo(int argc, char **argv)
{
	struct options options;
	struct demo demo = { .options = &options };
	int rc = options_parse(&options, &usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (options.number > 1)
		return options_wrong(&options, "only one node for now: "
					       "clusters come later");
	demo.port = choose_port(&options);
	if (demo.port == 0)
		return EXIT_CODE_FAILED;
	rc = EXIT_CODE_FAILED;
	if (demo_files_make(&demo.files, demo.port) == 0) {
		demo.of_node = options;
		demo.of_node.socket = demo.files.socket;
		rc = run_demo(&demo);
	}
	demo_files_remove(&demo.files);
	return rc;
}
