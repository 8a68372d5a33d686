/* cgroup_path - where the kernel's files say a control group is.
 *
 * Pure.
 */
#ifndef HOLDFAST_CORE_CGROUP_PATH_H
#define HOLDFAST_CORE_CGROUP_PATH_H

#include "core/text.h"

/* The directory of the version 2 group of a process, from the contents of its
 * /proc/PID/cgroup and /proc/PID/mountinfo; unified and hybrid layout.  0;
 * -ENOENT where there is none or it lies outside what is mounted;
 * -ENAMETOOLONG.
 */
int cgroup_path(struct text groups, struct text mounts, char *path, size_t cap);

#endif
