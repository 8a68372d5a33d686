/* vclone - a child that borrows our memory until it runs a program.
 *
 * fork copies the map of the address space, which for a process with as many
 * libraries as ours takes longer than running a small command does.  Here the
 * child stands in for us, on a stack of its own, until it calls exec or ends;
 * meanwhile we do not run.  It must leave our memory as it is, save what it
 * was handed to write to, and must not allocate.
 */
#ifndef HOLDFAST_IO_VCLONE_H
#define HOLDFAST_IO_VCLONE_H

#include <sys/types.h>

typedef int vclone_fn(void *arg);

/* Runs FN(ARG) in a child born in the control group GROUP (a descriptor, -1 =
 * ours); what it returns is the child's exit code.  The process, or a negative
 * errno: -ENOSYS where it can't be done (other machines than those at the end
 * of vclone.c, Linux before 5.7, under sanitizers), then fork.
 */
pid_t vclone(int group, vclone_fn *fn, void *arg);

#endif
