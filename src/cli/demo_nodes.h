/* demo_nodes - the processes of `holdfast demo`: its nodes, started, awaited
 * and stopped.
 */
#ifndef HOLDFAST_CLI_DEMO_NODES_H
#define HOLDFAST_CLI_DEMO_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/demo_files.h"
#include "cli/options.h"

struct demo_nodes {
	const struct demo_files *files;
	const struct options *options;
	pid_t pids[DEMO_NODES_MAX];	  /* guardians, 0 = none */
	int64_t again_ms[DEMO_NODES_MAX]; /* when one that was killed is to be
					     started again, 0 = never */
};

/* Starts them all and waits until each takes requests.  An exit code, after a
 * message unless it is 0.
 */
int demo_nodes_start(struct demo_nodes *nodes);

/* Tells of those that went without being told to; one of several that was
 * killed is started again after a while.  How many are left.
 */
unsigned demo_nodes_left(struct demo_nodes *nodes);

/* In order; those that take too long at once. */
void demo_nodes_stop(struct demo_nodes *nodes);

#endif
