/* config - the effective configuration of a node, as plain data.
 *
 * Read by everyone, changed by nobody once loaded.  io/conffile.h makes one
 * from files; core/schema.h says which keys there are.
 *
 * Strings marked "template" go through expand_run (core/expand.h) before use,
 * for every kind of unit: a literal dollar is stored in them as "$$".  They
 * may name ${param.…} as declared, and of a job ${job.…}: id, type, user, key,
 * output, scratch, token, attempt, node; `output` and `unique` only the first
 * four, which are known when the job is asked for.
 */
#ifndef HOLDFAST_CORE_CONFIG_H
#define HOLDFAST_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_UNITS_MAX   4096 /* services, singletons and jobs together */
#define CONFIG_KEPT_MAX	   1000 /* services; singletons likewise */
#define CONFIG_LISTEN_MAX  8	/* addresses one node listens on */
#define CONFIG_HTTP_MAX	   8	/* http processes */
#define CONFIG_WORKERS_MAX 1024

struct strings {
	char **at; /* NULL-terminated */
	size_t count;
};

enum unit_kind { UNIT_SERVICE, UNIT_SINGLETON, UNIT_JOB };
enum unit_restart { RESTART_PERMANENT, RESTART_TRANSIENT, RESTART_TEMPORARY };
enum unit_ready {
	READY_AT_ONCE,
	READY_NOTIFY,
	READY_FD,
	READY_TCP,
	READY_AFTER
};
enum unit_missed { MISSED_SKIP, MISSED_RUN_ONCE };
enum unit_rebalance { REBALANCE_NEVER, REBALANCE_JOIN };
enum job_unique { UNIQUE_NONE, UNIQUE_USER, UNIQUE_VALUE };
enum job_when_busy { BUSY_JOIN, BUSY_REJECT, BUSY_QUEUE };
enum job_resume { RESUME_RESTART, RESUME_CHECKPOINT };

struct config_param {
	char *name;
	char *match;	/* POSIX extended regular expression of the whole value,
			   NULL = anything */
	char *fallback; /* value when absent, NULL = none */
	bool required;
};

struct unit {
	enum unit_kind kind;
	char *name;
	/* every unit */
	struct strings command; /* templates */
	struct strings env;	/* "NAME=VALUE"; templates */
	char *env_file;		/* NULL = none, as every char * here */
	char *user;
	char *group;
	char *dir;
	int umask; /* -1 = as inherited */
	int nice;
	uint64_t limit_memory; /* bytes; 0 = none, as for the others */
	unsigned limit_files;
	unsigned limit_processes;
	enum unit_restart restart;
	unsigned max_restarts;
	int64_t max_seconds_ms;
	int64_t backoff_ms;
	int64_t backoff_max_ms;
	int stop_signal;
	int64_t stop_timeout_ms;
	enum unit_ready ready;
	char *ready_tcp;     /* READY_TCP: port or host:port */
	int64_t ready_value; /* READY_FD: number; READY_AFTER: ms */
	int64_t watchdog_ms;
	char *log;	     /* "stderr", "syslog", "file:PATH" */
	uint64_t log_rotate; /* bytes */
	unsigned log_keep;
	int ok_exit[16];
	size_t ok_exit_count;
	bool essential;
	struct strings after;
	bool enabled;
	/* singletons; timeout also jobs (0 = none) */
	int64_t every_ms;
	char *cron;
	char *time_zone;
	enum unit_missed missed;
	int64_t timeout_ms;
	struct strings prefer;
	struct strings require;
	enum unit_rebalance rebalance;
	unsigned min_nodes;
	/* jobs */
	struct config_param *params;
	size_t params_count;
	char *output;	   /* template: name users see; NULL = no file.  Once
			      expanded it may hold '/': then it is unfit */
	char *output_type; /* MIME type */
	enum job_unique unique;
	char *unique_value; /* UNIQUE_VALUE: template */
	enum job_when_busy when_busy;
	unsigned attempts;
	int64_t keep_ms;
	unsigned per_node;    /* 0 = no limit of its own */
	unsigned max_running; /* in the whole cluster; 0 = as many as fit */
	unsigned max_pending;
	uint64_t max_output; /* bytes */
	enum job_resume resume;
};

/* A singleton that runs at its times, not always. */
static inline bool unit_is_timed(const struct unit *unit)
{
	return unit->every_ms > 0 || unit->cron != NULL;
}

struct config_cluster {
	bool present;
	char *name;
	char *listen;
	struct strings peers;
	char *multicast;
	char *key_file;
	int64_t lease_ms;
	int64_t heartbeat_ms;
	unsigned slots;
	struct strings tags;
	char *watchdog; /* device, NULL = none */
};

struct config_http {
	struct strings listen; /* "127.0.0.1:8080", "[::]:8080" */
	struct strings trusted_proxies;
	char *user_header;
	char *request_header;
	char *token_file;
	char *base; /* begins and ends with '/' */
	unsigned processes;
	unsigned connections;
	uint64_t max_body; /* bytes */
	char *cookie_key_file;
};

enum config_log_format { LOG_TEXT, LOG_JSON, LOG_SYSLOG };

struct config {
	char *path; /* the file it came from, "" for the defaults */
	char *node;
	char *user; /* NULL: stay who we are */
	char *shared;
	char *state;
	unsigned workers;
	struct config_cluster cluster;
	struct config_http http;
	int log_level; /* enum log_level of io/log.h */
	enum config_log_format log_format;
	struct unit *units; /* in the order of the files */
	size_t units_count;
};

/* The unit of that kind and name, NULL if there is none. */
const struct unit *config_unit(const struct config *config, enum unit_kind kind,
			       const char *name, size_t name_len);

#endif
