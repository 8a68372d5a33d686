/* spec - all a worker needs to know to run one thing.
 *
 * Pure.  The journal role resolves configuration and job into a spec and
 * leaves it in STATE/work/TOKEN (16 hex digits) before the board shows the
 * holding; the worker reads it, so neither it nor the supervisor needs the
 * configuration, the view or shared storage to start something.
 */
#ifndef HOLDFAST_CORE_SPEC_H
#define HOLDFAST_CORE_SPEC_H

#include "core/codec.h"
#include "core/config.h"

#define SPEC_MAX	 (256u * 1024) /* bytes encoded */
#define SPEC_STRINGS_MAX 256	       /* argv entries; env entries likewise */
#define SPEC_OK_EXIT_MAX 16

struct spec {
	uint64_t token;
	enum unit_kind kind;
	bool keep; /* it is to stay up: the worker starts it again as `restart`
		      says; else it runs once */
	uint32_t attempt;
	const char *unit; /* configured name: the type of a job */
	const char *id;	  /* of the job, "" for other units */
	/* NULL-terminated; expanded, nothing goes through a shell */
	const char *argv[SPEC_STRINGS_MAX + 1];
	/* "NAME=VALUE", NULL-terminated, all the work gets besides PATH,
	 * HOME, USER, LOGNAME, SHELL of its user, LANG and TZ of the node,
	 * and what only the worker knows (NOTIFY_SOCKET,
	 * HOLDFAST_PROGRESS_FD) */
	const char *env[SPEC_STRINGS_MAX + 1];
	const char *dir;   /* working directory, "" = scratch, or / */
	const char *user;  /* "" = as the node runs */
	const char *group; /* "" = the user's */
	int32_t umask;	   /* -1 = as inherited */
	int32_t nice;	   /* added to the node's */
	int32_t stop_signal;
	int64_t stop_timeout_ms; /* TERM to KILL */
	int64_t timeout_ms;	 /* 0 = none */
	const char *work_dir;	 /* SHARED/jobs/ID/TOKEN, made by the worker, ""
				    if none: holds `output`, `scratch/`, `log` */
	bool wants_output;	 /* done without the file is an error */
	bool final;		 /* no further attempt follows a failure */
	uint64_t max_output;	 /* bytes, 0 = no limit */
	int32_t ok_exit[SPEC_OK_EXIT_MAX];
	size_t ok_exit_count;
	/* of a unit that is kept up */
	enum unit_restart restart;
	uint32_t max_restarts; /* in max_seconds_ms, then it is given up */
	int64_t max_seconds_ms;
	int64_t backoff_ms;
	int64_t backoff_max_ms;
	enum unit_ready ready;
	int64_t ready_value;   /* READY_FD: number; READY_AFTER: ms */
	const char *ready_tcp; /* READY_TCP: port or host:port, else "" */
	/* of every unit */
	int64_t watchdog_ms;	  /* 0 = none, as the limits */
	uint64_t limit_memory;	  /* bytes */
	uint32_t limit_files;	  /* of a process */
	uint32_t limit_processes; /* of the unit */
	const char *env_file;	  /* "" = none; read at every start */
	const char *log;	  /* "stderr", "syslog", "file:PATH" */
	uint64_t log_rotate;	  /* bytes */
	uint32_t log_keep;	  /* old files */
};

/* Bytes written or -ENOSPC (also when a single string passes 64 KiB). */
int spec_encode(const struct spec *spec, void *buf, size_t cap);
/* 0 or -EBADMSG; strings are borrowed from BUF. */
int spec_decode(struct spec *spec, const void *buf, size_t len);

#endif
