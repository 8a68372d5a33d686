#define _GNU_SOURCE
#include "io/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/core/test.h"

#define BYTES	    300000
#define PATIENCE_MS 10000

static int stuck[2]; /* a child that reads from it waits */
static int known;    /* a descriptor of the parent */
static uint8_t got[BYTES + 1];

static int open_bytes(void *arg, uint64_t *size)
{
	FILE *file = tmpfile();

	(void)arg;
	/* What is not the child's is closed. */
	if (file == NULL || fcntl(known, F_GETFD) != -1)
		return -EIO;
	for (int i = 0; i < BYTES; i++)
		putc(i % 251, file);
	fflush(file);
	*size = BYTES;
	return fileno(file);
}

static int open_none(void *arg, uint64_t *size)
{
	(void)arg;
	(void)size;
	return -ENOENT;
}

static int open_slowly(void *arg, uint64_t *size)
{
	(void)arg;
	(void)size;
	poll(NULL, 0, 1000);
	return -EIO;
}

static void nothing(void *arg)
{
	(void)arg;
}

static int start(int (*open)(void *arg, uint64_t *size), int64_t patience_ms,
		 uint64_t *size)
{
	const struct courier_file file = { open, nothing, nothing, NULL };

	return courier_start(&file, patience_ms, size);
}

static void wait_gone(void)
{
	int64_t until_ms = clock_ms() + PATIENCE_MS;

	while (courier_reap()) {
		ck_assert_int_lt(clock_ms(), until_ms);
		poll(NULL, 0, 5);
	}
}

START_TEST(it_brings_what_was_ordered)
{
	uint64_t size = 0;
	int fd;

	ck_assert_int_eq(pipe(stuck), 0);
	known = stuck[0];
	fd = start(open_bytes, PATIENCE_MS, &size);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(size, BYTES);
	ck_assert_int_eq(courier_order(fd, 7, BYTES - 7), 0);
	ck_assert_int_eq(courier_read(fd, got, BYTES + 1, PATIENCE_MS),
			 BYTES - 7);
	for (int i = 0; i < BYTES - 7; i++)
		ck_assert_int_eq(got[i], (i + 7) % 251);
	close(fd);
	wait_gone();
}
END_TEST

START_TEST(it_tells_why_it_can_not)
{
	uint64_t size;

	ck_assert_int_eq(start(open_none, PATIENCE_MS, &size), -ENOENT);
	wait_gone();
}
END_TEST

START_TEST(one_that_hangs_is_left_alone)
{
	int64_t began_ms = clock_ms();
	uint64_t size;

	ck_assert_int_eq(start(open_slowly, 50, &size), -ETIMEDOUT);
	ck_assert_int_lt(clock_ms() - began_ms, 900);
	ck_assert(courier_reap());
	wait_gone();
}
END_TEST

START_TEST(it_ends_when_nobody_wants_it)
{
	uint64_t size;
	int fd;

	known = 900; /* none */
	fd = start(open_bytes, PATIENCE_MS, &size);
	ck_assert_int_ge(fd, 0);
	close(fd);
	wait_gone();
	fd = start(open_bytes, PATIENCE_MS, &size);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(courier_order(fd, 0, BYTES), 0);
	ck_assert_int_eq(courier_read(fd, got, 10, PATIENCE_MS), 10);
	close(fd);
	wait_gone();
}
END_TEST

TEST_MAIN("courier", it_brings_what_was_ordered, it_tells_why_it_can_not,
	  one_that_hangs_is_left_alone, it_ends_when_nobody_wants_it)
