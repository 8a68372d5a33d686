/* A service that wakes every PERIOD_MS and notes how late it was, in the file
 * named by its argument: a table of counts by lateness for each of two
 * windows, of which the first word tells which is open.  Without an argument it
 * crashes, but not more than a thousand times a second.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS 50
#define SECOND_NS INT64_C(1000000000)
#define CRASH_NS  INT64_C(1000000)
#define FINE	  8 /* classes for each doubling */
#define CLASSES	  (64 * FINE)

struct table {
	uint64_t window;
	uint64_t counts[2][CLASSES];
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
	struct timespec at = { at_ns / SECOND_NS, at_ns % SECOND_NS };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Of a lateness of 2^n the classes are FINE * n and on. */
static unsigned class_of(int64_t late_ns)
{
	uint64_t value = late_ns < FINE ? FINE : (uint64_t)late_ns;
	unsigned power = 63 - (unsigned)__builtin_clzll(value);

	return power * FINE + ((value >> (power - 3)) & (FINE - 1));
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	struct table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);
	int64_t at_ns = now_ns();

	if (table == MAP_FAILED) {
		sleep_until(now_ns() + CRASH_NS);
		return 2;
	}
	srand((unsigned)getpid());
	at_ns += rand() % PERIOD_MS * 1000000 + rand() % 1000000;
	for (;; at_ns += PERIOD_MS * 1000000) {
		sleep_until(at_ns);
		__atomic_add_fetch(&table->counts[table->window & 1]
						 [class_of(now_ns() - at_ns)],
				   1, __ATOMIC_RELAXED);
	}
}
