/* cgroup - a tree of control groups (version 2) of our own.
 *
 * Used to kill for certain: no controller is needed for that, so it works
 * wherever a directory may be made below our own group, in the unified as in
 * the hybrid layout.  Limits are another matter, see there.  Groups of slots
 * (w0, w1, …) are made once and reused.  No allocation, so the kill paths may
 * call it.
 */
#ifndef HOLDFAST_IO_CGROUP_H
#define HOLDFAST_IO_CGROUP_H

#include <stddef.h>
#include <stdint.h>

/* Makes the group NAME below our own, or takes over the one a predecessor
 * left, after killing all in it.  Its directory descriptor, or a negative
 * errno: callers do without then.  Where systemd gave us our group, we move
 * into one beside NAME, called node, so that limits can be set.
 */
int cgroup_tree_open(const char *name, int64_t budget_ms);
/* Kills what is in the tree and removes the groups below it.  TREE may be -1.
 * 0, or -ETIMEDOUT when something would not die.
 */
int cgroup_tree_empty(int tree, int64_t budget_ms);
/* Kills what is left in the tree, removes it and closes TREE (-1 is fine). */
void cgroup_tree_remove(int tree, const char *name, int64_t budget_ms);

/* The directory descriptor of the group of SLOT below TREE, for clone3 with
 * CLONE_INTO_CGROUP; made when it is not there yet, and made anew when it was
 * killed before.  So open it just before the clone, when nothing is left in
 * it.  Close it after use.  Negative errno, -EBADF for a TREE of -1.
 */
int cgroup_slot_open(int tree, unsigned slot);

/* The same of a group that is there; -ENOENT otherwise. */
int cgroup_slot_find(int tree, unsigned slot);

/* Bounds what all in the group use together.  0, or a negative errno where
 * there is no such controller for us: then each process has to be bounded.
 * The bound stays until the group is killed and made anew.
 */
int cgroup_limit_memory(int group, uint64_t bytes);
int cgroup_limit_processes(int group, uint64_t count);

/* Moves process PID (0 = this one) into the group. */
int cgroup_enter(int group, int pid);

/* Sends SIGKILL to all in the group and below, at one stroke where the kernel
 * can.  Does not wait.  Afterwards nothing can be started in it.
 */
int cgroup_kill(int group);
/* 1 while anything lives in the group or below, 0 when nothing does (what is
 * dead but not reaped does not count), or a negative errno.
 */
int cgroup_is_populated(int group);
/* Kills until the group is empty.  0, or -ETIMEDOUT. */
int cgroup_end_all(int group, int64_t budget_ms);

#endif
