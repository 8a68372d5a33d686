/* http - the API, the page and the files, over TCP. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>

#include "io/log.h"
#include "roles/server.h"

/* TERM stops us; the others are the guardian's to act on. */
static const int signals[] = { SIGTERM, SIGINT,	 SIGHUP, SIGQUIT,
			       SIGUSR1, SIGUSR2, 0 };

int http_main(struct heritage *heritage, int number)
{
	static struct loop loop;
	static struct server server;
	int rc;

	rc = loop_open(&loop, signals);
	if (rc != 0) {
		log_err(rc, "http: cannot make a loop");
		return EXIT_FAILURE;
	}
	rc = server_open(&server, heritage, ROLE_HTTP + (enum role)number,
			 &loop);
	for (size_t i = 0; rc == 0 && i < heritage->listen_tcp_count; i++)
		rc = http_listen(server.http, heritage->listen_tcp[i]);
	if (rc != 0) {
		log_err(rc, "http: cannot serve");
		return EXIT_FAILURE;
	}
	while (!loop_took(&loop, SIGTERM)) {
		loop_wait(&loop, server_deadline(&server));
		server_turn(&server);
	}
	server_stop(&server);
	return EXIT_SUCCESS;
}
