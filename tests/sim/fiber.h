/* fiber - a process of a simulation: runs until it waits, and goes on where it
 * was when it is told to.
 *
 * So the program's own code, which waits in the midst of a call for storage,
 * runs as it is.  One that is killed never goes on: what it had on its stack
 * is gone, what it had allocated leaks.
 */
#ifndef HOLDFAST_TESTS_SIM_FIBER_H
#define HOLDFAST_TESTS_SIM_FIBER_H

#include <stdbool.h>
#include <ucontext.h>

#define FIBER_STACK (256u * 1024) /* bytes */

struct fiber {
	ucontext_t own;
	ucontext_t caller;
	void *stack; /* kept from one start to the next */
	void (*run)(void *arg);
	void *arg;
	bool alive;
	/* for the address sanitizer */
	void *fake;
	const void *caller_stack;
	size_t caller_size;
};

/* RUN(ARG) begins at the next fiber_resume. */
void fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg);
/* Until it waits or returns. */
void fiber_resume(struct fiber *fiber);
/* Inside: back to who resumed it. */
void fiber_wait(struct fiber *fiber);
void fiber_kill(struct fiber *fiber);
/* Frees the stack. */
void fiber_fini(struct fiber *fiber);

#endif
