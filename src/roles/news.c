#define _GNU_SOURCE
#include "roles/news.h"

#include "io/loop.h"

void news_tell(const struct heritage *heritage)
{
	struct board *board = heritage->board;

	/* Before the look at WATCHING: who puts itself down later sees it. */
	atomic_fetch_add(&board->news, 1);
	for (int role = ROLE_CONTROL; role < ROLE_MAX; role++)
		if (atomic_load(&board->roles[role].watching) != 0 &&
		    atomic_exchange(&board->roles[role].watching, 0) != 0)
			bell_ring(heritage->bells[role]);
}
