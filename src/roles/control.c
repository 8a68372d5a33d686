/* control - the API over the Unix socket, for whoever runs the node. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>

#include "io/log.h"
#include "roles/server.h"

/* TERM stops us; the others are the guardian's to act on. */
static const int signals[] = { SIGTERM, SIGINT,	 SIGHUP, SIGQUIT,
			       SIGUSR1, SIGUSR2, 0 };

int control_main(struct heritage *heritage)
{
	static struct loop loop;
	static struct server server;
	int rc;

	rc = loop_open(&loop, signals);
	if (rc != 0) {
		log_err(rc, "control: cannot make a loop");
		return EXIT_FAILURE;
	}
	rc = server_open(&server, heritage, ROLE_CONTROL, &loop);
	if (rc == 0)
		rc = http_listen(server.http, heritage->listen_unix);
	if (rc != 0) {
		log_err(rc, "control: cannot serve");
		return EXIT_FAILURE;
	}
	while (!loop_took(&loop, SIGTERM)) {
		loop_wait(&loop, server_deadline(&server));
		server_turn(&server);
	}
	server_stop(&server);
	return EXIT_SUCCESS;
}
