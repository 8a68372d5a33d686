#define _GNU_SOURCE
#include "io/urgent.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define URGENT_NICE (-15)

void urgent_raise(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setpriority(PRIO_PROCESS, 0, URGENT_NICE);
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

void urgent_lock(void)
{
	struct rlimit limit;

	/* Under a bound what is mapped later would be refused. */
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == -1 ||
	    limit.rlim_cur != RLIM_INFINITY)
		return;
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
