/* spawn - starts a command, and knows at once whether it could be.
 *
 * The command gets descriptors 0 to 3, the one it is to be ready on and no
 * other, default signals, a session of its own, and SIGKILL when the process
 * that started it dies.
 */
#ifndef HOLDFAST_IO_SPAWN_H
#define HOLDFAST_IO_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "io/account.h"

#define SPAWN_FDS	4  /* stdin, stdout, stderr, progress */
#define SPAWN_PID_BYTES 12 /* a process in digits, terminated */

/* What each of its processes may use; 0 = as we may. */
struct spawn_limits {
	uint64_t data;	    /* bytes of memory it may write to, RLIMIT_DATA */
	uint32_t files;	    /* open, RLIMIT_NOFILE */
	uint32_t processes; /* of its user, RLIMIT_NPROC */
};

struct spawn {
	const char *const *argv; /* NULL-terminated, as ENV */
	const char *const *env;
	const char *dir;
	const struct account *account;
	mode_t umask;
	int nice;  /* added to ours */
	int group; /* descriptor of a control group, -1 = ours */
	/* what becomes 0 to 3; from spawn_pipe or spawn_lift, stay open here;
	 * the last may be -1 */
	int fds[SPAWN_FDS];
	int extra;    /* one more, as those; -1 = none */
	int extra_as; /* the number it gets, 3 or more */
	struct spawn_limits limits;
	/* NULL, or room for SPAWN_PID_BYTES within ENV that gets the number of
	 * the process */
	char *pid_text;
};

/* What could not be done. */
enum spawn_step {
	SPAWN_FORK,
	SPAWN_SETUP, /* session, descriptors, priority */
	SPAWN_LIMITS,
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
