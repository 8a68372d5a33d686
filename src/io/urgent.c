#define _GNU_SOURCE
#include "io/urgent.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define URGENT_NICE (-15)

/* As it was before the first raise, by us or who forked us. */
static struct {
	bool raised;
	int nice;
	struct rlimit locked;
} before;

void urgent_raise(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (before.raised)
		return;
	before.nice = getpriority(PRIO_PROCESS, 0);
	(void)getrlimit(RLIMIT_MEMLOCK, &before.locked);
	before.raised = true;
	(void)setpriority(PRIO_PROCESS, 0, URGENT_NICE);
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

void urgent_relax(void)
{
	if (!before.raised)
		return;
	before.raised = false;
	(void)setpriority(PRIO_PROCESS, 0, before.nice);
	(void)setrlimit(RLIMIT_MEMLOCK, &before.locked);
}

void urgent_lock(void)
{
	struct rlimit limit;

	/* Under a bound what is mapped later would be refused; root has none,
	 * or is refused here. */
	if (geteuid() != 0 && (getrlimit(RLIMIT_MEMLOCK, &limit) == -1 ||
			       limit.rlim_cur != RLIM_INFINITY))
		return;
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
