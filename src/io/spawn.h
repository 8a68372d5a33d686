/* spawn - starts a command, and knows at once whether it could be.
 *
 * The command gets descriptors 0 to 3 and no other, default signals, a
 * session of its own, and SIGKILL when the process that started it dies.
 */
#ifndef HOLDFAST_IO_SPAWN_H
#define HOLDFAST_IO_SPAWN_H

#include <sys/types.h>

#include "io/account.h"

#define SPAWN_FDS 4 /* stdin, stdout, stderr, progress */

struct spawn {
	const char *const *argv; /* NULL-terminated, as ENV */
	const char *const *env;
	const char *dir;
	const struct account *account;
	mode_t umask;
	int nice;  /* added to ours */
	int group; /* descriptor of a control group, -1 = ours */
	/* what becomes 0 to 3; from spawn_pipe or spawn_lift, stay open here */
	int fds[SPAWN_FDS];
};

/* What could not be done. */
enum spawn_step {
	SPAWN_FORK,
	SPAWN_SETUP, /* session, descriptors, priority */
	SPAWN_ACCOUNT,
	SPAWN_DIR,
	SPAWN_EXEC,
};

/* The number of FD, or of its replacement (FD is closed) where a command's
 * own descriptors would be in the way; negative errno, also for a FD of -1.
 */
int spawn_lift(int fd);
/* A pipe lifted so; 0 or a negative errno. */
int spawn_pipe(int ends[2]);

/* Returns the process once it runs the command, or a negative errno with
 * *STEP; then no process is left.
 */
pid_t spawn_start(const struct spawn *spawn, enum spawn_step *step);

#endif
