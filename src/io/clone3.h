/* clone3 - what the kernel's call wants, which not every C library's headers
 * know.
 */
#ifndef HOLDFAST_IO_CLONE3_H
#define HOLDFAST_IO_CLONE3_H

#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#define CLONE3_INTO_CGROUP UINT64_C(0x200000000) /* CLONE_INTO_CGROUP */

/* The kernel's struct clone_args, as of Linux 5.7. */
struct clone3_arguments {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

#endif
