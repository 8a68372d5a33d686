/* escapee - does what makes a service hard to end, and says by a line on
 * descriptor READY_FD when all of it is done.  Usage: escapee WAYS, of which
 * each is a letter:
 *
 *   d  ignores every signal that can be
 *   f  forks twice, the one that stays in a session of its own
 *   m  holds a thousand children, each in a session of its own
 *   s  stands still, as do those it forked twice
 *   b  leaves a child that forks another and ends, without end
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_FD   9
#define CHILDREN   1000
#define DAEMONS	   10
#define FORK_US	   1000
#define PATIENCE_S 1000

static const char *ways;
static volatile int *stands_still; /* how many of the daemons */

static bool has(char way)
{
	return strchr(ways, way) != NULL;
}

static void ignore_all(void)
{
	for (int number = 1; number < NSIG; number++)
		if (number != SIGCHLD)
			signal(number, SIG_IGN);
}

static void wait_long(void)
{
	sleep(PATIENCE_S);
	_exit(0);
}

static void hold_children(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == -1)
			_exit(2);
		if (pid == 0) {
			setsid();
			wait_long();
		}
	}
}

static void be_daemon(void)
{
	setsid();
	__atomic_add_fetch(stands_still, 1, __ATOMIC_SEQ_CST);
	if (has('s'))
		raise(SIGSTOP);
	wait_long();
}

static void leave_daemons(void)
{
	for (int i = 0; i < DAEMONS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			setsid();
			if (fork() == 0)
				be_daemon();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	while (*stands_still < DAEMONS)
		usleep(100);
}

static void fork_on(void)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (time(NULL) < end) {
		usleep(FORK_US);
		setsid();
		if (fork() > 0)
			_exit(0);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	ways = argv[1];
	stands_still = mmap(NULL, sizeof(*stands_still), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (has('d'))
		ignore_all();
	if (has('f'))
		leave_daemons();
	if (has('m'))
		hold_children();
	if (has('b') && fork() == 0)
		fork_on();
	if (write(READY_FD, "\n", 1) != 1)
		return 2;
	close(READY_FD);
	if (has('s'))
		raise(SIGSTOP);
	wait_long();
	return 0;
}
