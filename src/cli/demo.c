#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "cli/demo_files.h"
#include "cli/demo_nodes.h"
#include "cli/watch.h"
#include "io/clock.h"

#define NODES_DEFAULT 3
#define PORT_DEFAULT  8080
#define PORTS_TRIED   100
#define TAKEN_MS      60000 /* until a node takes a job */
#define POLL_MS	      20
#define LOOK_MS	      500 /* how often to look after the nodes */

static const struct usage usage = {
	.name = "demo",
	.synopsis = "[-n NODES] [--once] [--port PORT] [DIR]",
	.text = "Three nodes on this machine, or NODES, that are one cluster, "
		"with example jobs,\na singleton, and a page each, in a new "
		"directory, DIR if given, that goes away\nwith them.\n",
	.accepts = "nOPqC",
	.arguments_max = 1,
};

struct demo {
	const struct options *options;
	struct demo_files files;
	struct demo_nodes nodes;
	struct options asks; /* those of the node that is asked */
};

static bool can_bind(int type, long port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	bool can;

	if (fd == -1)
		return false;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	can = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		      0 &&
	      (type != SOCK_STREAM || listen(fd, 1) == 0);
	close(fd);
	return can;
}

/* For the page, and the datagrams of several. */
static bool port_is_free(long port)
{
	return can_bind(SOCK_STREAM, port) && can_bind(SOCK_DGRAM, port);
}

/* False when there are too few, after a message. */
static bool choose_ports(const struct options *options, long *ports,
			 unsigned count)
{
	long first = options->port != 0 ? options->port : PORT_DEFAULT;
	unsigned found = 0;

	for (long port = first; port < first + PORTS_TRIED && found < count;
	     port++) {
		if (port_is_free(port)) {
			ports[found++] = port;
		} else if (options->port != 0 && found == 0) {
			complain("port %ld is taken: choose another with "
				 "--port",
				 port);
			return false;
		}
	}
	if (found == count)
		return true;
	complain("ports %ld to %ld are taken: choose others with --port", first,
		 first + PORTS_TRIED - 1);
	return false;
}

/* Asks each node in turn for the first job, until one takes it: jobs are
 * taken by the node that leads, which takes a moment to be found.  API stays
 * with that node.
 */
static int ask_for_job(struct demo *demo, struct api *api,
		       const json_t *request)
{
	int64_t until_ms = clock_ms() + TAKEN_MS;

	for (unsigned i = 0;; i = (i + 1) % demo->files.count) {
		int rc;

		demo->asks = *demo->options;
		demo->asks.socket = demo->files.places[i].shown;
		rc = api_open(api, &demo->asks);
		if (rc != 0)
			return rc;
		rc = api_ask(api, "POST", "/v1/jobs", NULL, request);
		if (rc == 0 && api->response.status / 100 == 2)
			return 0;
		if (clock_ms() >= until_ms ||
		    (rc == 0 && api->response.status != 503))
			return rc == 0 ? api_refused(api) : api_failed(api, rc);
		api_close(api);
		usleep(POLL_MS * 1000);
	}
}

/* The first job, to its end. */
static int run_job(struct demo *demo)
{
	const struct options *options = demo->options;
	json_t *request = json_pack("{s:s, s:{s:s}}", "type", "archive",
				    "params", "dir", demo->files.subject);
	char id[128];
	struct api api = { 0 };
	int rc;

	if (request == NULL)
		return EXIT_CODE_FAILED;
	rc = ask_for_job(demo, &api, request);
	json_decref(request);
	if (rc == 0) {
		text_copy(text_of(json_text(api.answer, "id")), id, sizeof(id));
		if (!options->quiet)
			printf("First job: archive dir=%s\n",
			       demo->files.subject);
		rc = watch_job(&api, id,
			       options->quiet ? WATCH_SILENT : WATCH_BAR);
	}
	api_close(&api);
	return rc;
}

static void tell_of_cluster(const struct demo_files *files)
{
	/* Not the one the page of which is looked at first. */
	const struct demo_place *victim = &files->places[1];
	const char *first = files->places[0].shown;

	for (unsigned i = 0; i < files->count; i++)
		printf("%-8s http://127.0.0.1:%ld/\n", files->places[i].name,
		       files->places[i].port);
	printf("\nA job on %s, which is then killed; its bar goes on, on any "
	       "page:\n"
	       "  holdfast submit -s %s count seconds=30\n"
	       "  kill -9 $(cat %s.pid)\n",
	       victim->name, victim->shown, victim->shown);
	printf("A singleton, handed to another node:\n"
	       "  holdfast handover -s %s ticker\n"
	       "  holdfast whereis -s %s ticker\n",
	       first, first);
}

static void tell(const struct demo *demo)
{
	const struct demo_files *files = &demo->files;

	putchar('\n');
	if (files->count == 1)
		printf("The page:     http://127.0.0.1:%ld/\n"
		       "Another job:  holdfast submit -s %s count --watch\n",
		       files->places[0].port, files->places[0].shown);
	else
		tell_of_cluster(files);
	printf("Ctrl-C stops it all.\n");
	fflush(stdout);
}

/* Until a signal comes or all nodes are gone. */
static int stay(struct demo *demo)
{
	static const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		int signum;

		if (demo_nodes_left(&demo->nodes) == 0)
			return EXIT_CODE_FAILED;
		if (watch_interrupted())
			return EXIT_CODE_DONE;
		signum = sigtimedwait(&set, NULL, &look);
		if (signum != -1 && signum != SIGCHLD)
			return EXIT_CODE_DONE;
	}
}

static int run_demo(struct demo *demo)
{
	int rc;

	demo->nodes.files = &demo->files;
	demo->nodes.options = demo->options;
	watch_catch_signals();
	rc = demo_nodes_start(&demo->nodes);
	if (rc == 0)
		rc = run_job(demo);
	if (rc < 128 && demo_nodes_left(&demo->nodes) != 0 &&
	    !demo->options->once) {
		tell(demo);
		rc = stay(demo);
	} else if (rc > 128) {
		rc = EXIT_CODE_DONE;
	}
	demo_nodes_stop(&demo->nodes);
	return rc;
}

int command_demo(int argc, char **argv)
{
	struct options options;
	struct demo demo = { .options = &options };
	long ports[DEMO_NODES_MAX];
	unsigned count = NODES_DEFAULT;
	int rc = options_parse(&options, &usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (options.number > DEMO_NODES_MAX)
		return options_wrong(&options, "-n %ld: at most %d",
				     options.number, DEMO_NODES_MAX);
	if (options.number != 0)
		count = (unsigned)options.number;
	if (!choose_ports(&options, ports, count))
		return EXIT_CODE_FAILED;
	rc = EXIT_CODE_FAILED;
	if (demo_files_make(&demo.files,
			    options.argc > 0 ? options.argv[0] : NULL, ports,
			    count) == 0)
		rc = run_demo(&demo);
	demo_files_remove(&demo.files);
	return rc;
}
