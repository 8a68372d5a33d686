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

#include "core/text.h"
#include "io/board_cluster.h"

/* Holdings below BOARD_LEADER_FIRST are control's, for services; the others
 * are the journal role's, for singletons and jobs. */
#define BOARD_HOLDINGS_MAX  4096 /* things one node holds at once */
#define BOARD_LEADER_FIRST  1024
#define BOARD_CHANGES_MAX   4096 /* latest changes a reader may be behind */
#define BOARD_TEXT_MAX	    251	 /* bytes of a text */
#define BOARD_NAME_MAX	    64	 /* bytes of a unit's name */
#define BOARD_EVENTS_MAX    1024 /* latest events kept */
#define BOARD_SINGLES_MAX   1024 /* singletons */
#define BOARD_DIFFERS_WORDS 68	 /* bits of the types of jobs, 64 each */

enum role {
	ROLE_GUARDIAN,
	ROLE_SUPERVISOR,
	ROLE_LEASE, /* cluster only, as this: */
	ROLE_HEARTBEAT,
	ROLE_JOURNAL,
	ROLE_SWEEPER, /* there when it has something to do */
	ROLE_CONTROL,
	ROLE_HTTP, /* the first of up to CONFIG_HTTP_MAX */
	ROLE_MAX = ROLE_HTTP + 8,
};

/* What the node wants of a holding (written by its owner: control for a
 * service, journal for the rest). */
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
	/* owner: what to run; TOKEN published last, 0 = slot is free.
	 * A slot is reused only when PHASE is PHASE_IDLE. */
	_Atomic uint64_t token;
	_Atomic uint32_t kind; /* enum unit_kind; only jobs take one of the
				  node's places */
	_Atomic uint64_t generation; /* of the lease under which it is held:
					started only while that holds; 0 = not
					leased, as all on a node alone */
	_Atomic uint32_t wanted;     /* enum wanted */
	_Atomic uint64_t settled; /* token whose outcome is durable: its worker
				     may go */
	/* supervisor and worker, as said at enum phase */
	_Atomic uint32_t phase;
	_Atomic uint64_t phase_token; /* the token PHASE is about */
};

/* A text with one writer, who may die while writing: use board_text_set and
 * board_text_get. */
struct board_text {
	_Atomic uint32_t seq; /* odd while it is written */
	char at[BOARD_TEXT_MAX + 1];
};

/* How far a unit is that is kept up (written by its worker). */
enum life {
	LIFE_NONE,     /* no worker yet */
	LIFE_STARTING, /* its command runs and is not ready yet */
	LIFE_READY,
	LIFE_STOPPING, /* it was asked to stop */
	LIFE_PAUSING,  /* it ended; the next start waits for the back-off */
	LIFE_ENDED,    /* it ended and is not started again by the worker */
};

/* Why a unit is up or not (written by its owner). */
enum goal {
	GOAL_NONE,     /* no such unit */
	GOAL_UP,       /* it should run */
	GOAL_WAITING,  /* for what it starts after */
	GOAL_STOPPED,  /* by an operator, until told to start */
	GOAL_DISABLED, /* by configuration or an operator */
	GOAL_DONE,     /* it ended as it may */
	GOAL_FAILED,   /* it ended too often: given up */
};

/* What a unit shows of itself; of each holding one, touched only when it is
 * used.  What a worker wrote stays after its end, until the next. */
struct board_unit {
	/* owner, before the token */
	struct board_text name;
	_Atomic uint32_t goal; /* enum goal */
	/* worker */
	_Atomic uint32_t life;	    /* enum life */
	_Atomic int32_t pid;	    /* of the command, 0 = none runs */
	_Atomic int64_t since_ms;   /* clock_wall_ms() of the latest change of
				       LIFE */
	_Atomic int64_t started_ms; /* clock_wall_ms() of the latest start */
	_Atomic int64_t next_ms;    /* PAUSING: clock_wall_ms() of the start */
	_Atomic uint32_t starts;    /* of the command by this worker */
	_Atomic uint32_t how;	    /* ENDED: enum message_how */
	_Atomic int32_t exit;	/* of the latest end: its code, 128 + signal */
	_Atomic uint64_t lines; /* it wrote to its log */
	_Atomic uint64_t dropped;  /* of them, since they came too fast */
	struct board_text status;  /* STATUS= */
	struct board_text words;   /* last ones on stderr before its end */
	struct board_text address; /* X_HOLDFAST_ADDRESS= */
};

/* What a singleton shows of itself; touched only when it is used.  While it
 * runs here its holding's board_unit shows the rest.  All of it is written by
 * the journal role; NAME first, and an empty one ends the table.
 */
struct board_single {
	struct board_text name;
	_Atomic uint32_t goal;	  /* enum goal */
	_Atomic uint32_t slot;	  /* of its holding, 0 = it has none */
	_Atomic uint64_t token;	  /* of the latest assignment */
	struct board_text node;	  /* that has it, empty = none does; without a
				     cluster, and while it has a holding here,
				     it may be empty */
	_Atomic int64_t next_ms;  /* wall clock: its next time, or when it is
				     tried again; 0 = neither */
	_Atomic int64_t slot_ms;  /* the latest of its times that was used */
	_Atomic int64_t ahead_ms; /* how far that is in the future, the clock
				     having been set back */
	_Atomic int64_t began_ms; /* the latest assignment */
	_Atomic int64_t ended_ms; /* its latest end */
	_Atomic uint32_t how;	  /* enum message_how, 0 before that */
	_Atomic int32_t exit;	  /* likewise: code, 128 + signal */
	_Atomic uint32_t differs; /* 1 = nodes define it differently */
	_Atomic uint64_t runs;	  /* since the node started, as these: */
	_Atomic uint64_t failures;
	_Atomic uint64_t missed; /* of its times */
	struct board_text words; /* the last ones of its latest end */
};

enum drain_wish { DRAIN_WISH_NONE, DRAIN_WISH_ON, DRAIN_WISH_OFF };

/* One that happened; io/events.h. */
struct board_event {
	_Atomic uint64_t number; /* its own, from 1; 0 while it is written */
	int64_t wall_ms;
	uint32_t kind; /* enum event_kind */
	char subject[BOARD_NAME_MAX + 1];
	char text[BOARD_TEXT_MAX + 1];
};

struct board_role {
	_Atomic int32_t pid;	    /* supervisor; 0 = not running */
	_Atomic uint32_t restarts;  /* supervisor */
	_Atomic int64_t beat_ms;    /* the role itself: clock_ms() of its last
				       turn */
	_Atomic int32_t health;	    /* the role itself: 0, or an errno */
	_Atomic int64_t reading_ms; /* control and http: clock_ms() since when
				       they read shared storage, 0 = do not */
	_Atomic uint32_t watching;  /* the role itself sets it: ring me once
				       when there are news; who rings clears */
};

struct board {
	/* guardian */
	_Atomic uint32_t config_generation; /* grows at each good reload; the
					       files are in STATE/config */
	_Atomic uint32_t reload_refused;    /* reloads that changed nothing */
	_Atomic int64_t refused_wall_ms; /* when the latest was, 0 once a good
					    one has followed */
	struct board_text at_next_start; /* names of keys that changed in the
					    files and wait for a start */
	_Atomic uint32_t stopping;	 /* 1 orderly stop, 2 waits cut short,
					    3 stop at once */
	_Atomic uint32_t life;		 /* number of this supervisor, from 1 */
	/* guardian and supervisor: 1 = all work is killed at once, set before
	 * the first of it is; how something ends meanwhile is not told.  0 when
	 * a supervisor starts */
	_Atomic uint32_t ending;
	/* supervisor */
	_Atomic int64_t supervisor_beat_ms;
	_Atomic uint32_t drain;	       /* USR2: 1 = take nothing new */
	_Atomic int32_t workers_delta; /* TTIN, TTOU: journal adds it */
	/* journal */
	_Atomic uint32_t epoch;	  /* 0 until it leads */
	_Atomic uint32_t ready;	  /* 1 = takes submissions */
	_Atomic int32_t storage;  /* 0, or the errno shared storage gave */
	_Atomic uint32_t pending; /* jobs that wait */
	_Atomic uint32_t running; /* jobs that run */
	_Atomic uint32_t kept;	  /* jobs in the view, ended ones included */
	_Atomic uint64_t workers; /* jobs it lets run at once */
	/* a bit of each configured unit that is a job: other nodes define it
	 * differently */
	_Atomic uint64_t jobs_differ[BOARD_DIFFERS_WORDS];
	/* journal: ring of what changed: changes[n % MAX] is the n-th change,
	 * the board_hash() of a job id; CHANGE counts them, published last */
	_Atomic uint64_t changes[BOARD_CHANGES_MAX];
	_Atomic uint64_t change;
	/* any process, each its own entry: the n-th event is at n % MAX;
	 * EVENT counts them */
	_Atomic uint64_t event;
	struct board_event events[BOARD_EVENTS_MAX];
	/* any process: counts changes of units and events; roles/news.h */
	_Atomic uint64_t news;
	/* control and http: wishes of operators, acted upon by guardian
	 * (reload: a counter) and supervisor (drain), who clears it */
	_Atomic uint32_t reload_wish;
	_Atomic uint32_t drain_wish; /* enum drain_wish */
	/* control */
	_Atomic uint32_t service_counter; /* of the latest service token */
	_Atomic uint32_t services_failed; /* given up: the node is not ready */
	_Atomic int64_t stop_budget_ms;	  /* to stop all services in order */
	/* control, of services, and journal, of singletons: the first one
	 * counts.  An essential unit ended for good: the node stops and exits
	 * so. */
	_Atomic uint32_t exit_set;
	_Atomic int32_t exit_code;
	struct board_role roles[ROLE_MAX];
	struct board_cluster cluster;
	struct holding holdings[BOARD_HOLDINGS_MAX];
	struct board_unit units[BOARD_HOLDINGS_MAX];
	struct board_single singles[BOARD_SINGLES_MAX];
};

/* Tokens of services fence nothing; they are told from others by this bit. */
#define BOARD_SERVICE_TOKEN (UINT64_C(1) << 63)

/* NULL with errno set when the mapping can't be had. */
struct board *board_new(void);

/* TEXT is cut to BOARD_TEXT_MAX bytes. */
void board_text_set(struct board_text *into, struct text text);
/* Copies it, terminated; the length.  A text whose writer died half way may
 * come out mixed, but never unterminated. */
size_t board_text_get(const struct board_text *from, char *buf, size_t cap);

/* A hash of an id for the ring of changes. */
uint64_t board_hash(const char *id, size_t len);

#endif
