/* worker_parts - what the files of the worker share.
 *
 * worker.c is its life; worker_start.c reads the spec and starts the command,
 * worker_env.c makes its environment; worker_streams.c hears what the command
 * says, worker_log.c keeps it, worker_watch.c hears whether it is ready and
 * alive; worker_end.c judges how it ended, worker_keep.c starts it again;
 * worker_report.c tells the owner, worker_show.c the board.
 */
#ifndef HOLDFAST_ROLES_WORKER_PARTS_H
#define HOLDFAST_ROLES_WORKER_PARTS_H

#include "core/life.h"
#include "core/message.h"
#include "core/progress.h"
#include "core/rate.h"
#include "core/spec.h"
#include "io/account.h"
#include "io/events.h"
#include "io/joblog.h"
#include "io/knock.h"
#include "io/lines.h"
#include "io/loop.h"
#include "io/outputdir.h"
#include "io/unitlog.h"
#include "roles/heritage.h"

#define WORKER_READ_BYTES   65536
#define WORKER_SIZE_MS	    1000   /* between two looks at the output */
#define WORKER_ENV_MAX	    512	   /* settings of an environment */
#define WORKER_ENV_FILE_MAX 65536u /* bytes of an env-file */

enum worker_stage {
	STAGE_RUNNING,	 /* the command runs */
	STAGE_STOPPING,	 /* it was told to stop */
	STAGE_KILLING,	 /* everything is being killed */
	STAGE_PAUSING,	 /* all is dead; it is started again later */
	STAGE_REPORTING, /* all is dead; until the outcome is kept */
};

enum worker_stream { STREAM_OUT, STREAM_ERR, STREAM_PROGRESS, STREAMS };

struct stream {
	struct worker *worker;
	enum worker_stream kind;
	int fd;		   /* our end, -1 = ended */
	int64_t resume_ms; /* looks away until then, 0 = it listens */
	int64_t read_ms;   /* when it last read */
	struct lines lines;
};

/* What is to be told, and when. */
struct report {
	bool started_due;
	bool started; /* was told */
	bool progress_due;
	int32_t percent; /* hundredths, or JOB_PERCENT_NONE */
	char message[JOB_MESSAGE_MAX + 1];
	int64_t next_ms; /* no progress is sent before */
	bool outcome_due;
	struct message outcome;
	char words[JOB_DETAIL_MAX + 1]; /* the last ones on stderr, or ours */
	bool stopped;			/* the board says so */
	int64_t repeat_ms;		/* the outcome is said again */
	int64_t retry_ms;   /* the channel was full: not before; 0 = it wasn't
			     */
	int64_t look_ms;    /* the board is looked at next */
	int64_t look_after; /* and then after that many ms, growing */
};

/* Of a unit that is kept up; worker_keep.c. */
struct keep {
	struct life_record record;
	bool stop_asked;
	bool not_started; /* the latest run: the command could not be run */
	bool pausing;	  /* the next start is at START_MS */
	int64_t start_ms;
	int32_t exit; /* of the latest end */
};

/* Is it ready, is it alive; worker_watch.c. */
struct watch {
	bool ready;
	bool silent;	    /* it gave no sign of life for too long */
	int fd;		    /* READY_FD: our end, -1 = none */
	int theirs;	    /* the other, until it is handed over */
	int64_t started_ms; /* clock_ms() */
	int64_t look_ms;    /* ready, or looked at again, then */
	int64_t look_after; /* and next after so many ms, growing */
	int64_t silent_ms;  /* when its watchdog runs out */
	struct knock knock;
};

struct worker {
	struct heritage *heritage;
	struct holding *holding;
	uint32_t slot;
	uint64_t token;
	struct loop loop;
	enum worker_stage stage;
	bool orphaned; /* the supervisor is gone or ends all: no more reports */
	struct board_unit *shown; /* NULL for a job: it is shown elsewhere */
	/* the command */
	struct spec spec;
	struct account account;
	struct outputdir dir;
	bool made_dir;
	bool has_saved; /* what was saved before is in it */
	struct joblog log;
	struct unitlog unitlog; /* of a service or singleton */
	int unitlog_fd;		/* in LOOP, 0 = none */
	char tail_path[256];	/* STATE/log/NAME */
	pid_t pid;		/* 0 = not started, or reaped */
	bool ended;		/* STATUS is its end */
	bool childless;		/* proven: nothing it started is left */
	int status;
	int group;	  /* descriptor of its control group, -1 = none */
	bool group_spent; /* it was killed: nothing can be born in it */
	bool group_bound; /* limits were set in it */
	bool has_account; /* ACCOUNT was looked up */
	struct stream streams[STREAMS];
	int notify; /* -1 = none */
	char notify_path[256];
	/* the first reason why we stop it, 0 = none */
	enum message_how cause;
	/* deadlines in clock_ms(), LOOP_NO_DEADLINE = none */
	int64_t timeout_ms;
	int64_t kill_ms;       /* when stopping: KILL follows */
	int64_t kill_again_ms; /* when killing */
	int64_t kill_after_ms; /* and then after so many ms, growing */
	int64_t size_ms;       /* the output is measured next */
	int64_t size_after;    /* so long after the last time */
	uint64_t size;	       /* what it was */
	struct report report;
	struct watch watch;
	struct keep keep;
	struct rate events;	   /* what is told of starts and ends */
	unsigned untold;	   /* left out since */
	char account_text[5][256]; /* HOME=… and the like */
	uint8_t spec_bytes[SPEC_MAX];
	char read_buf[WORKER_READ_BYTES];
};

/* Stops the command: SIGNAL, a while of grace, KILL.  The first CAUSE counts,
 * and none after the command ended by itself.
 */
void worker_stop(struct worker *worker, enum message_how cause, int signal,
		 int64_t now_ms);

/* Of a status as waitpid has it: the code, or 128 + the signal. */
int32_t worker_exit_of(int status);
bool worker_is_ok(const struct worker *worker, int32_t exit);
/* Sets the outcome of a run that is over, and publishes its output. */
void worker_judge(struct worker *worker);

/* Reads the spec and starts the command.  Where that can't be, it ended. */
void worker_start(struct worker *worker);
/* Starts it again; all of the earlier run is dead. */
void worker_start_again(struct worker *worker);

struct worker_env {
	const char *at[WORKER_ENV_MAX + 1]; /* NULL-terminated */
	size_t count;
	char notify[300];
	char watchdog[48];
	char pid[32];
	char *pid_text; /* for struct spawn */
	char *text;	/* of the env-file */
	char fault[JOB_DETAIL_MAX];
};

/* 0, or a negative errno with FAULT when the env-file can't be used. */
int worker_env_make(struct worker *worker, struct worker_env *env);
void worker_env_free(struct worker_env *env);

/* Of what is no job: where its output goes; worker_log.c. */
void worker_log_open(struct worker *worker);
void worker_log_flush(struct worker *worker);
/* First of a turn: it looks at a descriptor that others may close. */
void worker_log_step(struct worker *worker, int64_t now_ms);
/* Last of a turn. */
void worker_log_wait(struct worker *worker);

/* Listens to the command's ends of PIPES; takes our ends. */
void worker_streams_open(struct worker *worker, const int fds[STREAMS]);
void worker_notify_open(struct worker *worker);
/* Listens again to what it looked away from. */
void worker_streams_step(struct worker *worker, int64_t now_ms);
/* The earliest time worker_streams_step has something to do. */
int64_t worker_streams_deadline(const struct worker *worker);
/* Nobody writes any more: takes what is left and closes. */
void worker_streams_finish(struct worker *worker);

struct notice;

/* Readies what tells that the command is ready; 0 or a negative errno. */
int worker_watch_open(struct worker *worker);
/* The command runs. */
void worker_watch_begin(struct worker *worker, int64_t now_ms);
/* The command says so itself. */
void worker_watch_notice(struct worker *worker, const struct notice *notice);
void worker_watch_step(struct worker *worker, int64_t now_ms);
/* The earliest time worker_watch_step has something to do. */
int64_t worker_watch_deadline(const struct worker *worker);
/* The run is over. */
void worker_watch_end(struct worker *worker);

/* The command could not be run; WORDS say why. */
void worker_keep_refused(struct worker *worker, int32_t exit,
			 const char *words);
/* A run is over, all it started is dead.  True when the unit goes on: it was
 * started again, or pauses before that; else its outcome is set.
 */
bool worker_keep_goes_on(struct worker *worker, int64_t now_ms);
void worker_keep_step(struct worker *worker, int64_t now_ms);
/* The earliest time worker_keep_step has something to do. */
int64_t worker_keep_deadline(const struct worker *worker);

/* What follows is for the board, and does nothing for a job. */
void worker_show_begin(struct worker *worker);
void worker_show_life(struct worker *worker, enum life life);
void worker_show_start(struct worker *worker);
void worker_show_end(struct worker *worker);
void worker_show_notice(struct worker *worker, const struct notice *notice);
void worker_show_outcome(struct worker *worker);
/* What happened, on the board and in the log; of a unit that is kept up. */
void worker_tell(struct worker *worker, enum event_kind kind,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets what is told about the end; WORDS may be report.words. */
void worker_set_outcome(struct worker *worker, enum message_how how,
			int32_t exit, const char *words);
/* Sends what is due. */
void worker_report_step(struct worker *worker, int64_t now_ms);
int64_t worker_report_deadline(const struct worker *worker);
/* Is the outcome durable, or the holding no longer ours? */
bool worker_is_settled(const struct worker *worker);

#endif
