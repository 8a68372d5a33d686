/* A job that says how far it is, and when that was, every PERIOD_MS; each one
 * begins at another moment.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define STEPS	  10000 /* to the end */

int main(int argc, char **argv)
{
	int64_t period_ns =
		(argc > 1 ? strtoll(argv[1], NULL, 10) : 500) * 1000000;
	struct timespec at;
	int step = 0;

	clock_gettime(CLOCK_MONOTONIC, &at);
	srand((unsigned)getpid());
	at.tv_nsec += rand() % period_ns;
	for (; step < STEPS; step++) {
		struct timespec now;

		at.tv_nsec += period_ns;
		at.tv_sec += at.tv_nsec / SECOND_NS;
		at.tv_nsec %= SECOND_NS;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		clock_gettime(CLOCK_REALTIME, &now);
		if (dprintf(3, "%d.%02d %" PRId64 "\n", step / 100, step % 100,
			    now.tv_sec * SECOND_NS + now.tv_nsec) < 0)
			return 1;
	}
	return 0;
}
