/* loop - waits for descriptors, signals and a deadline.
 *
 * A thin layer over epoll and signalfd; no threads, no allocation.  Signals
 * named to loop_open are blocked and arrive through loop_took.
 */
#ifndef HOLDFAST_IO_LOOP_H
#define HOLDFAST_IO_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define LOOP_FDS_MAX	 1280
#define LOOP_NO_DEADLINE INT64_MAX

/* EVENTS are those of epoll. */
typedef void loop_fn(void *arg, uint32_t events);

struct loop_watch {
	loop_fn *fn;
	void *arg;
	int fd; /* -1 = free */
};

struct loop {
	int epoll;
	int signals;	/* signalfd */
	uint64_t taken; /* bit n: signal n arrived */
	struct loop_watch watches[LOOP_FDS_MAX];
	int watches_count;
};

/* SIGNALS ends with 0.  0 or a negative errno. */
int loop_open(struct loop *loop, const int *signals);
/* Closes what was opened; accepts a half-opened loop and a forked copy. */
void loop_close(struct loop *loop);
/* 0; -ENOSPC beyond LOOP_FDS_MAX; or what epoll said. */
int loop_add(struct loop *loop, int fd, uint32_t events, loop_fn *fn,
	     void *arg);
int loop_change(struct loop *loop, int fd, uint32_t events);
void loop_remove(struct loop *loop, int fd);

/* Waits until something happens or clock_ms() reaches DEADLINE_MS, then calls
 * the functions of what is ready, once each.
 */
void loop_wait(struct loop *loop, int64_t deadline_ms);
/* Did SIGNAL arrive since the last call for it? */
bool loop_took(struct loop *loop, int signal);

/* A bell is an eventfd made before the fork: ring it to make its owner look.
 * Bells carry no data; a lost ring costs time, never correctness.
 */
int bell_open(void); /* the descriptor or a negative errno */
void bell_ring(int fd);
void bell_clear(int fd);

#endif
