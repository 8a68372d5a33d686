/* worker_parts - what the files of the worker share.
 *
 * worker.c is its life; worker_start.c reads the spec and starts the command;
 * worker_streams.c hears what the command says; worker_report.c tells the
 * journal role.
 */
#ifndef HOLDFAST_ROLES_WORKER_PARTS_H
#define HOLDFAST_ROLES_WORKER_PARTS_H

#include "core/message.h"
#include "core/progress.h"
#include "core/spec.h"
#include "io/account.h"
#include "io/joblog.h"
#include "io/lines.h"
#include "io/loop.h"
#include "io/outputdir.h"
#include "roles/heritage.h"

#define WORKER_READ_BYTES 65536

enum worker_stage {
	STAGE_RUNNING,	 /* the command runs */
	STAGE_STOPPING,	 /* it was told to stop */
	STAGE_KILLING,	 /* everything is being killed */
	STAGE_REPORTING, /* all is dead; until the outcome is kept */
};

enum worker_stream { STREAM_OUT, STREAM_ERR, STREAM_PROGRESS, STREAMS };

struct stream {
	struct worker *worker;
	enum worker_stream kind;
	int fd;		   /* our end, -1 = ended */
	int64_t resume_ms; /* looks away until then, 0 = it listens */
	struct lines lines;
};

/* What is to be told, and when. */
struct report {
	bool started_due;
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

struct worker {
	struct heritage *heritage;
	struct holding *holding;
	uint32_t slot;
	uint64_t token;
	struct loop loop;
	enum worker_stage stage;
	bool orphaned; /* the supervisor is gone: nobody to report to */
	/* the command */
	struct spec spec;
	struct account account;
	struct outputdir dir;
	struct joblog log;
	pid_t pid;	/* 0 = not started, or reaped */
	bool ended;	/* STATUS is its end */
	bool childless; /* proven: nothing it started is left */
	int status;
	int group; /* descriptor of its control group, -1 = none */
	struct stream streams[STREAMS];
	int notify; /* -1 = none */
	char notify_path[256];
	/* the first reason why we stop it, 0 = none */
	enum message_how cause;
	/* deadlines in clock_ms(), LOOP_NO_DEADLINE = none */
	int64_t timeout_ms;
	int64_t kill_ms;       /* when stopping: KILL follows */
	int64_t kill_again_ms; /* when killing */
	int64_t size_ms;       /* the output is measured next */
	struct report report;
	char account_text[5][256]; /* HOME=… and the like */
	uint8_t spec_bytes[SPEC_MAX];
	char read_buf[WORKER_READ_BYTES];
};

/* Reads the spec and starts the command.  On failure the outcome is set. */
void worker_start(struct worker *worker);

/* Listens to the command's ends of PIPES; takes our ends. */
void worker_streams_open(struct worker *worker, const int fds[STREAMS]);
void worker_notify_open(struct worker *worker);
/* Listens again to what it looked away from. */
void worker_streams_step(struct worker *worker, int64_t now_ms);
/* The earliest time worker_streams_step has something to do. */
int64_t worker_streams_deadline(const struct worker *worker);
/* Nobody writes any more: takes what is left and closes. */
void worker_streams_finish(struct worker *worker);

/* Sets what is told about the end; WORDS may be report.words. */
void worker_set_outcome(struct worker *worker, enum message_how how,
			int32_t exit, const char *words);
/* Sends what is due. */
void worker_report_step(struct worker *worker, int64_t now_ms);
int64_t worker_report_deadline(const struct worker *worker);
/* Is the outcome durable, or the holding no longer ours? */
bool worker_is_settled(const struct worker *worker);

#endif
