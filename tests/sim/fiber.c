#define _GNU_SOURCE
#include "tests/sim/fiber.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define LEAVE(FAKE, STACK, SIZE) \
	__sanitizer_start_switch_fiber(FAKE, STACK, SIZE)
#define ARRIVE(FAKE, STACK, SIZE) \
	__sanitizer_finish_switch_fiber(FAKE, STACK, SIZE)
#else
#define LEAVE(FAKE, STACK, SIZE)  ((void)(FAKE))
#define ARRIVE(FAKE, STACK, SIZE) ((void)(FAKE))
#endif

/* makecontext passes integers alone. */
static void enter(unsigned high, unsigned low)
{
	struct fiber *fiber =
		(struct fiber *)(uintptr_t)((uint64_t)high << 32 | low);

	ARRIVE(NULL, &fiber->caller_stack, &fiber->caller_size);
	fiber->run(fiber->arg);
	fiber->alive = false;
	LEAVE(NULL, fiber->caller_stack, fiber->caller_size);
	swapcontext(&fiber->own, &fiber->caller);
	abort();
}

void fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg)
{
	uint64_t at = (uintptr_t)fiber;

	if (fiber->stack == NULL)
		fiber->stack = mmap(NULL, FIBER_STACK, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fiber->stack == MAP_FAILED || getcontext(&fiber->own) != 0)
		abort();
	fiber->own.uc_stack.ss_sp = fiber->stack;
	fiber->own.uc_stack.ss_size = FIBER_STACK;
	fiber->own.uc_link = NULL;
	fiber->run = run;
	fiber->arg = arg;
	fiber->alive = true;
	fiber->fake = NULL;
	makecontext(&fiber->own, (void (*)(void))enter, 2, (unsigned)(at >> 32),
		    (unsigned)at);
}

void fiber_resume(struct fiber *fiber)
{
	void *fake = NULL;

	assert(fiber->alive);
	LEAVE(&fake, fiber->stack, FIBER_STACK);
	swapcontext(&fiber->caller, &fiber->own);
	ARRIVE(fake, NULL, NULL);
}

void fiber_wait(struct fiber *fiber)
{
	LEAVE(&fiber->fake, fiber->caller_stack, fiber->caller_size);
	swapcontext(&fiber->own, &fiber->caller);
	ARRIVE(fiber->fake, &fiber->caller_stack, &fiber->caller_size);
}

void fiber_kill(struct fiber *fiber)
{
	fiber->alive = false;
}

void fiber_fini(struct fiber *fiber)
{
	if (fiber->stack != NULL)
		munmap(fiber->stack, FIBER_STACK);
	fiber->stack = NULL;
}
