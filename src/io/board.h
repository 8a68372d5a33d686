/* board - what must never wait: a small mapping shared by all processes.
 *
 * Made before the first fork, anonymous, zeroed.  Every field has ONE writing
 * role, named at its definition; everyone may read.  Fields are C11 atomics;
 * a reader that needs several together reads the one marked "published last"
 * first.  Nothing here allocates, blocks or touches a disk.
 */
#ifndef HOLDFAST_IO_BOARD_H
#define HOLDFAST_IO_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_HOLDINGS_MAX 2048 /* things one node holds at once */
#define BOARD_CHANGES_MAX  4096 /* latest changes a reader may be behind */

enum role {
	ROLE_GUARDIAN,
	ROLE_SUPERVISOR,
	ROLE_JOURNAL,
	ROLE_CONTROL,
	ROLE_HTTP, /* the first of up to CONFIG_HTTP_MAX */
	ROLE_MAX = ROLE_HTTP + 8,
};

/* What the node wants of a holding (written by journal). */
enum wanted {
	WANTED_NONE,
	WANTED_RUN,
	WANTED_STOP, /* politely: stop signal, grace, KILL */
	WANTED_KILL, /* at once */
};

/* How far a holding is (written by its worker, by supervisor before the fork
 * and after the end). */
enum phase {
	PHASE_IDLE,    /* supervisor: nothing runs, nothing is left */
	PHASE_FORKED,  /* supervisor: a worker exists */
	PHASE_RUNNING, /* worker: the command was started */
	PHASE_STOPPED, /* worker: all it started is proven dead, outcome sent;
			  another holding may start in its place */
	PHASE_LOST,    /* supervisor: worker died before its outcome was
			  settled, or was told to stop before there was
			  one; all it started is proven dead */
};

struct holding {
	/* journal: what to run; TOKEN published last, 0 = slot is free.
	 * A slot is reused only when PHASE is PHASE_IDLE. */
	_Atomic uint64_t token;
	_Atomic uint32_t wanted;  /* enum wanted */
	_Atomic uint64_t settled; /* token whose outcome is durable: its worker
				     may go */
	/* supervisor and worker, as said at enum phase */
	_Atomic uint32_t phase;
	_Atomic uint64_t phase_token; /* the token PHASE is about */
	_Atomic int32_t worker_pid;   /* supervisor */
};

struct board_role {
	_Atomic int32_t pid;	   /* supervisor; 0 = not running */
	_Atomic uint32_t restarts; /* supervisor */
	_Atomic int64_t beat_ms;   /* the role itself: clock_ms() of its last
				      turn */
	_Atomic int32_t health;	   /* the role itself: 0, or an errno */
};

struct board {
	/* guardian */
	_Atomic uint32_t config_generation; /* grows at each good reload; the
					       files are in STATE/config */
	_Atomic uint32_t stopping; /* 1 orderly stop, 2 waits cut short,
				      3 stop at once */
	_Atomic uint32_t life;	   /* number of this supervisor, from 1 */
	_Atomic int64_t guardian_beat_ms;
	/* supervisor */
	_Atomic int64_t supervisor_beat_ms;
	_Atomic uint32_t drain;	       /* USR2: 1 = take nothing new */
	_Atomic int32_t workers_delta; /* TTIN, TTOU */
	/* journal */
	_Atomic uint32_t epoch;	  /* 0 until it leads */
	_Atomic uint32_t ready;	  /* 1 = takes submissions */
	_Atomic int32_t storage;  /* 0, or the errno shared storage gave */
	_Atomic uint32_t pending; /* jobs that wait */
	_Atomic uint32_t running; /* jobs that run */
	_Atomic uint32_t kept;	  /* jobs in the view, ended ones included */
	_Atomic uint64_t workers; /* jobs it lets run at once */
	/* journal: ring of what changed: changes[n % MAX] is the n-th change,
	 * the board_hash() of a job id; CHANGE counts them, published last */
	_Atomic uint64_t changes[BOARD_CHANGES_MAX];
	_Atomic uint64_t change;
	struct board_role roles[ROLE_MAX];
	struct holding holdings[BOARD_HOLDINGS_MAX];
};

/* NULL with errno set when the mapping can't be had. */
struct board *board_new(void);

/* A hash of an id for the ring of changes. */
uint64_t board_hash(const char *id, size_t len);

#endif
