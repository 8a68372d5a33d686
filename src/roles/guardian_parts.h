/* guardian_parts - what the files of the guardian share among themselves. */
#ifndef HOLDFAST_ROLES_GUARDIAN_PARTS_H
#define HOLDFAST_ROLES_GUARDIAN_PARTS_H

#include "core/lateness.h"
#include "core/restart.h"
#include "io/loop.h"
#include "roles/deadline.h"
#include "roles/manager.h"
#include "roles/reload.h"

#define GUARDIAN_LOOK_MS 1000

struct guardian {
	struct heritage heritage;
	struct board *board;
	struct loop loop;
	struct manager manager;
	struct reload reload;
	struct restart restart;
	struct lateness lateness;
	struct deadline deadline;
	pid_t supervisor;     /* 0 = not running */
	bool killed;	      /* it was sent SIGKILL */
	bool unburied;	      /* it ended; what it left is not proven dead */
	int64_t start_ms;     /* when to start it */
	int64_t opened_ms;    /* when the node began */
	uint32_t reload_wish; /* the board's, as last acted upon */
	bool done;
	int exit_code;
	int rtmin3; /* what systemd-nspawn and machinectl send PID 1 */
};

/* guardian.c */

/* A reload was checked: is it GOOD? */
void guardian_take_reload(struct guardian *guardian, bool good);

/* guardian_life.c: the supervisor, and the end of all it had */

/* For proc_reap: ARG is the guardian. */
void guardian_took(void *arg, pid_t pid, int status);
/* Starts it, buries what it left, and kills it when it is late. */
void guardian_keep_supervisor(struct guardian *guardian, int64_t now_ms);
/* Kills all below.  True when it is proven dead. */
bool guardian_end_everything(struct guardian *guardian);

#endif
