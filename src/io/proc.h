/* proc - the children of a process, and their certain end.
 *
 * Reads /proc/PID/task/TID/children, or all of /proc where the kernel lacks
 * it.  No allocation, so the kill paths may call it.
 *
 * Only direct children are ever signalled: their numbers can't be reused
 * before this process has reaped them.  What they leave behind becomes ours
 * (we are a subreaper or PID 1) and falls in the next round.
 */
#ifndef HOLDFAST_IO_PROC_H
#define HOLDFAST_IO_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef void proc_child_fn(void *arg, pid_t pid);
typedef bool proc_keep_fn(void *arg, pid_t pid);
/* STATUS as of waitpid. */
typedef void proc_reaped_fn(void *arg, pid_t pid, int status);

/* Makes this process adopt what its descendants orphan.  0 or -errno. */
int proc_adopt_orphans(void);

/* Calls FN for every child of PID, ended but unreaped ones included.  For our
 * own children the list is complete, since nobody else removes any.  Returns
 * their number or a negative errno.
 */
int proc_each_child(pid_t pid, proc_child_fn *fn, void *arg);

/* Whether there is such a process; one that has ended is none, reaped or not.
 */
bool proc_is_alive(pid_t pid);

/* Sends SIGKILL to every child of this process that KEEP does not claim (NULL
 * claims none).  Returns how many there are, not yet reaped ones included, or
 * a negative errno.  0 proves that nothing but what KEEP claims is left.
 */
int proc_kill_children(proc_keep_fn *keep, void *arg);

/* Reaps what has ended; REAPED may be NULL.  Returns true while there are
 * children, false when there is none (ECHILD).  Never waits.
 */
bool proc_reap(proc_reaped_fn *reaped, void *arg);

/* Kills and reaps every child, and what that leaves behind, until there is
 * none: the proof that everything this process ever started is dead.  0, or
 * -ETIMEDOUT when something would not die within BUDGET_MS.
 */
int proc_end_all(int64_t budget_ms, proc_reaped_fn *reaped, void *arg);

#endif
