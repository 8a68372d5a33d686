/* server_nodes - what handlers that show the cluster share. */
#ifndef HOLDFAST_ROLES_SERVER_NODES_H
#define HOLDFAST_ROLES_SERVER_NODES_H

#include "core/out.h"
#include "roles/nodes.h"
#include "roles/server.h"

/* The cluster as one object, null without one. */
void write_cluster(struct out *out, const struct server *server,
		   const struct nodes *nodes);

#endif
