/* lease - the role that renews the lease and watches the others'. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "io/loop.h"
#include "roles/heritage.h"

static void hear_bell(void *arg, uint32_t events)
{
	(void)events;
	bell_clear(*(const int *)arg);
}

int lease_main(struct heritage *heritage)
{
	static const int signals[] = { SIGTERM, 0 };
	static struct loop loop;
	int *bell = &heritage->bells[ROLE_LEASE];

	if (loop_open(&loop, signals) != 0 ||
	    loop_add(&loop, *bell, EPOLLIN, hear_bell, bell) != 0)
		return EXIT_FAILURE;
	while (!loop_took(&loop, SIGTERM))
		loop_wait(&loop, LOOP_NO_DEADLINE);
	return EXIT_SUCCESS;
}
