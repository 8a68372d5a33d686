/* reload - reads the configuration anew, all or nothing.
 *
 * A child reads and checks the files and leaves the result in STATE/config;
 * nothing of it happens in the guardian, which must not fail.
 */
#ifndef HOLDFAST_ROLES_RELOAD_H
#define HOLDFAST_ROLES_RELOAD_H

#include "roles/heritage.h"

struct loop;

struct reload {
	pid_t pid;  /* 0 = none going on */
	bool again; /* asked for while one was going on */
	int64_t deadline_ms;
};

/* Begins, or notes to begin again. */
void reload_begin(struct reload *reload, const struct heritage *heritage,
		  struct loop *loop, int64_t now_ms);
/* Kills one that takes too long. */
void reload_step(struct reload *reload, int64_t now_ms);
/* A process ended: true if it was the reload's; *GOOD tells how it went. */
bool reload_took(struct reload *reload, pid_t pid, int status, bool *good);

#endif
