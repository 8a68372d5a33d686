#define _GNU_SOURCE
#include "io/vclone.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/clone3.h"

#define STACK_BYTES ((size_t)64 * 1024)
#define FLAG_VM	    UINT64_C(0x100)  /* CLONE_VM */
#define FLAG_VFORK  UINT64_C(0x4000) /* CLONE_VFORK */

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)

/* The child returns on another stack than it was called on, hence no C. */
static long clone3(struct clone3_arguments *arguments, vclone_fn *fn, void *arg)
{
	long rc = SYS_clone3;

	/* FN and ARG are named registers, since the child clears rbp. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[arg], %%rdi\n\t"
			 "call *%[fn]\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[leave], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:\n"
			 : "+a"(rc)
			 : "D"(arguments),
			   "S"(sizeof(*arguments)), [fn] "d"(fn),
			   [arg] "b"(arg), [leave] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory", "cc");
	return rc;
}
#else
static long clone3(struct clone3_arguments *arguments, vclone_fn *fn, void *arg)
{
	(void)arguments;
	(void)fn;
	(void)arg;
	return -ENOSYS;
}
#endif

pid_t vclone(int group, vclone_fn *fn, void *arg)
{
	/* Mapped, and given back: on our own stack it would stay ours. */
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	struct clone3_arguments arguments = {
		.flags = FLAG_VM | FLAG_VFORK,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = STACK_BYTES,
	};
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	if (group >= 0) {
		arguments.flags |= CLONE3_INTO_CGROUP;
		arguments.cgroup = (uint64_t)group;
	}
	pid = (pid_t)clone3(&arguments, fn, arg);
	/* It has a program of its own, or is gone. */
	munmap(stack, STACK_BYTES);
	return pid;
}
