/* demo_files - what `holdfast demo` puts on disk: a private directory with a
 * configuration for each node, example jobs and an example singleton.
 */
#ifndef HOLDFAST_CLI_DEMO_FILES_H
#define HOLDFAST_CLI_DEMO_FILES_H

#include <limits.h>

#define DEMO_NODES_MAX 16

struct demo_place {
	char name[16];	      /* of the node */
	long port;	      /* of its page, and of its datagrams */
	char state[PATH_MAX]; /* its directory */
	char shown[PATH_MAX]; /* the same as people type it: for -s */
	char config[PATH_MAX];
	char log[PATH_MAX];
	char pid[PATH_MAX]; /* file with the pid of its guardian */
};

struct demo_files {
	char dir[PATH_MAX];
	const char *shown;	/* the same as people type it */
	char shared[PATH_MAX];	/* what all nodes see */
	char key[PATH_MAX];	/* of their datagrams */
	char archive[PATH_MAX]; /* the example job's program */
	char self[PATH_MAX];	/* holdfast */
	const char *subject;	/* the directory it archives first */
	unsigned count;		/* nodes; more than one are a cluster */
	struct demo_place places[DEMO_NODES_MAX];
};

/* Makes them for COUNT nodes, the pages being at PORTS, in DIR, which must not
 * be there yet, or in a new directory if NULL.  0, or a negative errno after a
 * message; demo_files_remove may then be called all the same.
 */
int demo_files_make(struct demo_files *files, const char *dir,
		    const long *ports, unsigned count);
void demo_files_remove(const struct demo_files *files);

#endif
