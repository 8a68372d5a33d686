/* control - the API over the Unix socket, for whoever runs the node, and the
 * services, which need nothing that could keep it waiting.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "io/channel.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/server.h"
#include "roles/services.h"

/* TERM stops us; the others are the guardian's to act on. */
static const int signals[] = { SIGTERM, SIGINT,	 SIGHUP, SIGQUIT,
			       SIGUSR1, SIGUSR2, 0 };

static void hear_operators(void *arg, uint32_t events)
{
	struct services *services = arg;
	static uint8_t packet[MESSAGE_MAX];
	struct message message;
	int len;

	(void)events;
	while ((len = channel_receive(services->heritage->control_link[1],
				      packet, sizeof(packet))) > 0)
		if (message_decode(&message, packet, (size_t)len) == 0 &&
		    message.kind == MESSAGE_UNIT)
			(void)services_act(services, message.type,
					   message.action, clock_ms());
}

static int open_services(struct services *services, struct server *server)
{
	int rc = services_open(services, server->heritage, server->config);

	if (rc == 0)
		rc = loop_add(server->loop, server->heritage->control_link[1],
			      EPOLLIN, hear_operators, services);
	if (rc == 0)
		services_configure(services, server->config, clock_ms());
	server->services = services;
	return rc;
}

static int64_t deadline(const struct services *services,
			const struct server *server)
{
	int64_t mine = services_deadline(services, clock_ms());
	int64_t theirs = server_deadline(server);

	return mine < theirs ? mine : theirs;
}

int control_main(struct heritage *heritage)
{
	static struct loop loop;
	static struct server server;
	static struct services services;
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
	if (rc == 0)
		rc = open_services(&services, &server);
	if (rc != 0)
		return EXIT_FAILURE;
	while (!loop_took(&loop, SIGTERM)) {
		loop_wait(&loop, deadline(&services, &server));
		server_turn(&server);
		if (!services.knows && server.view != NULL)
			services_learn(&services, server.view);
		services_turn(&services, clock_ms());
	}
	server_stop(&server);
	return EXIT_SUCCESS;
}
