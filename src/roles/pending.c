/* pending - stands in for roles whose own file is not there yet.
 *
 * Linked as an object, so it wins over an archive: take a function away here
 * when the real one lands, and the file with the last one.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "io/clock.h"
#include "io/loop.h"
#include "roles/heritage.h"

static int wait_for_term(struct heritage *heritage, enum role role)
{
	static const int signals[] = { SIGTERM, 0 };
	static struct loop loop;

	if (loop_open(&loop, signals) != 0)
		return 1;
	while (!loop_took(&loop, SIGTERM)) {
		heritage->board->roles[role].beat_ms = clock_ms();
		loop_wait(&loop, clock_ms() + 1000);
	}
	return 0;
}

__attribute__((weak)) int control_main(struct heritage *heritage)
{
	return wait_for_term(heritage, ROLE_CONTROL);
}

__attribute__((weak)) int http_main(struct heritage *heritage, int number)
{
	return wait_for_term(heritage, ROLE_HTTP + (enum role)number);
}

