/* demo_files - what `holdfast demo` puts on disk: a private directory with a
 * configuration and example jobs.
 */
#ifndef HOLDFAST_CLI_DEMO_FILES_H
#define HOLDFAST_CLI_DEMO_FILES_H

#include <limits.h>

struct demo_files {
	char dir[PATH_MAX];
	char config[PATH_MAX];
	char socket[PATH_MAX];
	char log[PATH_MAX];
	char archive[PATH_MAX]; /* the example job's program */
	const char *subject;	/* the directory it archives first */
};

/* Makes them, the page being at PORT.  0, or a negative errno after a message;
 * demo_files_remove may then be called all the same.
 */
int demo_files_make(struct demo_files *files, long port);
void demo_files_remove(const struct demo_files *files);

#endif
