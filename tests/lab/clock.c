/* clock - clocks of its own for a program, for who can't set the machine's.
 *
 * To be preloaded.  The file that LAB_CLOCK names is a struct clocks, which
 * the test changes as it goes along (clock.py).  CLOCK_REALTIME is set by
 * STEP_NS; it, CLOCK_MONOTONIC and CLOCK_BOOTTIME are slewed by PPM, as
 * adjtimex(2) does it; CLOCK_MONOTONIC_RAW is left alone.  Timers go on by the
 * machine's clocks: they tell when to look, and nothing else.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

struct clocks {
	_Atomic uint32_t version; /* odd while the rest is changed */
	int32_t ppm;
	int64_t step_ns;
	int64_t since_ns;  /* CLOCK_MONOTONIC from which PPM holds */
	int64_t gained_ns; /* by then */
};

static struct clocks none;
static struct clocks *clocks = &none;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("LAB_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *found = MAP_FAILED;

	if (fd != -1) {
		found = mmap(NULL, sizeof(*clocks), PROT_READ, MAP_SHARED, fd,
			     0);
		close(fd);
	}
	if (found != MAP_FAILED)
		clocks = found;
}

static int64_t read_ns(clockid_t id)
{
	struct timespec now;

	syscall(SYS_clock_gettime, id, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* How far ours is ahead of the machine's. */
static int64_t ahead_ns(bool is_wall)
{
	int64_t ahead;
	uint32_t version;

	do {
		version = atomic_load(&clocks->version);
		ahead = clocks->gained_ns + (is_wall ? clocks->step_ns : 0);
		if (clocks->ppm != 0)
			ahead += (read_ns(CLOCK_MONOTONIC) - clocks->since_ns) /
				 1000 * clocks->ppm / 1000;
		atomic_thread_fence(memory_order_acquire);
	} while ((version & 1) != 0 ||
		 version != atomic_load(&clocks->version));
	return ahead;
}

static int64_t ours_ns(clockid_t id)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return read_ns(id) + ahead_ns(true);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return read_ns(id) + ahead_ns(false);
	default:
		return read_ns(id);
	}
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int64_t ns = ours_ns(id);

	*now = (struct timespec){ ns / SECOND_NS, ns % SECOND_NS };
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int64_t ns = ours_ns(CLOCK_REALTIME);

	(void)zone;
	*now = (struct timeval){ ns / SECOND_NS, ns % SECOND_NS / 1000 };
	return 0;
}

time_t time(time_t *now)
{
	time_t seconds = ours_ns(CLOCK_REALTIME) / SECOND_NS;

	if (now != NULL)
		*now = seconds;
	return seconds;
}
