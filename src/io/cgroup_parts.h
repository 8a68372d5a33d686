/* cgroup_parts - what the files of the cgroup module share. */
#ifndef HOLDFAST_IO_CGROUP_PARTS_H
#define HOLDFAST_IO_CGROUP_PARTS_H

#include <fcntl.h>
#include <sys/stat.h>

#define CGROUP_OPEN	 (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define CGROUP_DEPTH_MAX 16 /* groups within groups that work may make */

/* Says that a group was killed: nothing is born alive into it (Linux 6.14 and
 * stable kernels of that time compare its count of kills with that of the
 * parent's group), so it has to be made anew. */
#define CGROUP_SPENT_MODE (S_ISVTX | 0755)

/* Writes TEXT to a file of the group.  0 or a negative errno. */
int cgroup_put(int group, const char *file, const char *text);

#endif
