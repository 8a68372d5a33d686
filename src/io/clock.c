#define _GNU_SOURCE
#include "io/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_raw_ms(void)
{
	return read_ms(CLOCK_MONOTONIC_RAW);
}

static int64_t read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

struct lease_time clock_lease(void)
{
	return (struct lease_time){ .boot_us = read_us(CLOCK_BOOTTIME),
				    .raw_us = read_us(CLOCK_MONOTONIC_RAW) };
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}
