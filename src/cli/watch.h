/* watch - follows one job until it ends, whatever happens to the daemon.
 *
 * Long polls; when the daemon is away it asks again, with back-off, until -w
 * or for a minute.
 */
#ifndef HOLDFAST_CLI_WATCH_H
#define HOLDFAST_CLI_WATCH_H

#include "cli/api.h"

enum watch_how {
	WATCH_BAR,    /* show it */
	WATCH_SILENT, /* only say why it failed */
	WATCH_JSON,   /* print every change as one line of JSON */
	WATCH_RESULT, /* print the ended job as JSON */
};

/* The exit code: of the job once it has ended, or what stood in the way; 128 +
 * the signal when INT or TERM came first.
 */
int watch_job(struct api *api, const char *id, enum watch_how how);

/* From now on INT and TERM are noted instead of ending the process. */
void watch_catch_signals(void);
bool watch_interrupted(void);

/* For commands that end with watch_job: says how to go on and dies of the
 * signal if RC is one, else returns RC.
 */
int watch_leave(const struct options *options, const char *id, int rc);

/* Waits MS, no longer than until -w.  False when that is reached. */
bool watch_pause(const struct api *api, int64_t ms);

#endif
