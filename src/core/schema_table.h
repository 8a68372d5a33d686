/* schema_table - the rows of core/schema.c. */
#ifndef HOLDFAST_CORE_SCHEMA_TABLE_H
#define HOLDFAST_CORE_SCHEMA_TABLE_H

#include "core/lease_terms.h"
#include "core/life.h"
#include "core/schema.h"

#define DAY_MS	   INT64_C(86400000)
#define TERA	   (INT64_C(1) << 40)
#define KEYS(ROWS) (ROWS), sizeof(ROWS) / sizeof((ROWS)[0])

static const char *const levels[] = { "err", "warn", "info", "debug", NULL };
static const char *const formats[] = { "text", "json", "syslog", NULL };
static const char *const restarts[] = { "permanent", "transient", "temporary",
					NULL };
static const char *const misseds[] = { "skip", "run-once", NULL };
static const char *const rebalances[] = { "never", "join", NULL };
static const char *const busies[] = { "join", "reject", "queue", NULL };
static const char *const resumes[] = { "restart", "checkpoint", NULL };

#define AT(FIELD) .at = offsetof(struct config, FIELD)

static const struct schema_key cluster_keys[] = {
	{ "name", SCHEMA_STRING, AT(cluster.name), .form = FORM_NODE,
	  .flags = SCHEMA_MUST, .help = "name of the cluster" },
	{ "listen", SCHEMA_STRING, AT(cluster.listen),
	  .fallback = "0.0.0.0:7400", .form = FORM_ADDRESS,
	  .help = "UDP address for hints between the nodes" },
	{ "peers", SCHEMA_STRINGS, AT(cluster.peers), .max = 256,
	  .form = FORM_PEER, .flags = SCHEMA_ONE,
	  .help = "other nodes: address, address:port or dns:NAME" },
	{ "multicast", SCHEMA_STRING, AT(cluster.multicast),
	  .form = FORM_ADDRESS, .help = "group for discovery without a list" },
	{ "key-file", SCHEMA_STRING, AT(cluster.key_file), .form = FORM_PATH,
	  .help = "one \"ID HEX\" line per key, the first one sends" },
	{ "lease", SCHEMA_DURATION, AT(cluster.lease_ms), .fallback = "3s",
	  .min = LEASE_MS_MIN, .max = LEASE_MS_MAX,
	  .help = "a dead node's work moves after about this long" },
	{ "heartbeat", SCHEMA_DURATION, AT(cluster.heartbeat_ms),
	  .fallback = "500ms", .min = 20, .max = 60000,
	  .help = "time between hints" },
	{ "slots", SCHEMA_COUNT, AT(cluster.slots), .fallback = "64", .min = 1,
	  .max = LEASE_SLOTS_MAX,
	  .help = "size of the lease file, fixed when it is made" },
	{ "tags", SCHEMA_STRINGS, AT(cluster.tags), .max = 64,
	  .form = FORM_FILLED, .help = "what `require` of a unit asks" },
	{ "watchdog", SCHEMA_STRING, AT(cluster.watchdog), .form = FORM_PATH,
	  .help = "device that resets the machine should work outlive its "
		  "lease" },
};

static const struct schema_section cluster_section = { "cluster",
						       KEYS(cluster_keys) };

static const struct schema_key http_keys[] = {
	{ "listen", SCHEMA_STRINGS, AT(http.listen),
	  .fallback = "127.0.0.1:8080", .max = CONFIG_LISTEN_MAX,
	  .form = FORM_ADDRESS, .flags = SCHEMA_ONE | SCHEMA_FIXED,
	  .help = "TCP address, or a list; an empty list serves the Unix "
		  "socket alone" },
	{ "trusted-proxies", SCHEMA_STRINGS, AT(http.trusted_proxies),
	  .max = 64, .form = FORM_IP, .flags = SCHEMA_ONE,
	  .help = "addresses whose user-header and request-header are "
		  "believed" },
	{ "user-header", SCHEMA_STRING, AT(http.user_header),
	  .form = FORM_HEADER,
	  .help = "header in which a trusted proxy names the user" },
	{ "request-header", SCHEMA_STRING, AT(http.request_header),
	  .form = FORM_HEADER,
	  .help = "header in which a trusted proxy gives each request an id "
		  "of its own" },
	{ "token-file", SCHEMA_STRING, AT(http.token_file), .form = FORM_PATH,
	  .help = "bearer token of operators" },
	{ "base", SCHEMA_STRING, AT(http.base), .fallback = "/",
	  .form = FORM_BASE, .help = "path prefix behind a proxy" },
	{ "processes", SCHEMA_COUNT, AT(http.processes), .fallback = "2",
	  .min = 1, .max = CONFIG_HTTP_MAX, .flags = SCHEMA_FIXED,
	  .help = "http processes" },
	{ "connections", SCHEMA_COUNT, AT(http.connections),
	  .fallback = "20000", .min = 1, .max = 1000000, .flags = SCHEMA_FIXED,
	  .help = "connections of one http process" },
	{ "max-body", SCHEMA_SIZE, AT(http.max_body), .fallback = "64K",
	  .min = 256, .max = 16 << 20, .help = "longest request body" },
	{ "cookie-key-file", SCHEMA_STRING, AT(http.cookie_key_file),
	  .form = FORM_PATH, .flags = SCHEMA_FIXED,
	  .help = "key that signs cookies; default: made once in the shared "
		  "directory" },
};

static const struct schema_section http_section = { "http", KEYS(http_keys) };

static const struct schema_key log_keys[] = {
	{ "level", SCHEMA_WORD, AT(log_level), .fallback = "info",
	  .words = levels, .flags = SCHEMA_FIXED,
	  .help = "least that is logged" },
	{ "format", SCHEMA_WORD, AT(log_format), .fallback = "text",
	  .words = formats, .flags = SCHEMA_FIXED,
	  .help = "form of a log line" },
};

static const struct schema_section log_section = { "log", KEYS(log_keys) };

#undef AT
#define AT(FIELD) .at = offsetof(struct unit, FIELD)

static const struct schema_key limits_keys[] = {
	{ "memory", SCHEMA_SIZE, AT(limit_memory), .fallback = "none",
	  .min = 1 << 20, .max = 1024 * TERA, .flags = SCHEMA_NONE,
	  .help = "memory of the whole unit" },
	{ "files", SCHEMA_COUNT, AT(limit_files), .fallback = "none", .min = 3,
	  .max = 1 << 30, .flags = SCHEMA_NONE,
	  .help = "open files of a process" },
	{ "processes", SCHEMA_COUNT, AT(limit_processes), .fallback = "none",
	  .min = 1, .max = 4 << 20, .flags = SCHEMA_NONE,
	  .help = "processes of the unit" },
};

static const struct schema_section limits_section = { "limits",
						      KEYS(limits_keys) };

static const struct schema_key unit_log_keys[] = {
	{ "to", SCHEMA_STRING, AT(log), .fallback = "stderr",
	  .form = FORM_DESTINATION, .help = "stderr, syslog or file:PATH" },
	{ "rotate", SCHEMA_SIZE, AT(log_rotate), .fallback = "10M", .min = 4096,
	  .max = TERA, .help = "size at which a new file begins" },
	{ "keep", SCHEMA_COUNT, AT(log_keep), .fallback = "5", .min = 0,
	  .max = 1000, .help = "old files kept" },
};

static const struct schema_section unit_log_section = { "log",
							KEYS(unit_log_keys) };

#undef AT
#define AT(FIELD) .at = offsetof(struct config_param, FIELD)

static const struct schema_key param_keys[] = {
	{ "match", SCHEMA_STRING, AT(match), .form = FORM_REGEX,
	  .help = "POSIX extended regular expression of the whole value" },
	{ "required", SCHEMA_BOOL, AT(required), .fallback = "false",
	  .help = "a request without it is refused" },
	{ "default", SCHEMA_STRING, AT(fallback),
	  .help = "value when a request has none" },
};

static const struct schema_section param_section = { "params",
						     KEYS(param_keys) };

#undef AT
#define AT(FIELD) .at = offsetof(struct unit, FIELD)

#define UNIT_KEYS                                                              \
	{ "command",                                                           \
	  SCHEMA_STRINGS,                                                      \
	  AT(command),                                                         \
	  .min = 1,                                                            \
	  .max = 250,                                                          \
	  .flags = SCHEMA_MUST | SCHEMA_TEMPLATE,                              \
	  .help = "argument list; nothing goes through a shell" },             \
		{ "user", SCHEMA_STRING, AT(user), .form = FORM_FILLED,        \
		  .help = "who it runs as; default: `user` of the node" },     \
		{ "group", SCHEMA_STRING, AT(group), .form = FORM_FILLED,      \
		  .help = "default: the user's" },                             \
		{ "dir", SCHEMA_STRING, AT(dir), .form = FORM_PATH,            \
		  .help = "working directory; default: a job's scratch, else " \
			  "/" },                                               \
		{ "env",                                                       \
		  SCHEMA_ENV,                                                  \
		  AT(env),                                                     \
		  .max = 200,                                                  \
		  .flags = SCHEMA_TEMPLATE,                                    \
		  .help = "a list of \"NAME=VALUE\", or a group" },            \
		{ "env-file", SCHEMA_STRING, AT(env_file), .form = FORM_PATH,  \
		  .help = "NAME=VALUE lines, read at every start" },           \
		{ "umask", SCHEMA_UMASK, AT(umask),                            \
		  .help = "octal digits; default: the node's" },               \
		{ "nice",                                                      \
		  SCHEMA_NUMBER,                                               \
		  AT(nice),                                                    \
		  .fallback = "0",                                             \
		  .min = -20,                                                  \
		  .max = 19,                                                   \
		  .help = "added to the node's" },                             \
		{ "limits", SCHEMA_GROUP, .section = &limits_section,          \
		  .help = "what the unit may use" },                           \
		{ "restart",                                                   \
		  SCHEMA_WORD,                                                 \
		  AT(restart),                                                 \
		  .fallback = "permanent",                                     \
		  .words = restarts,                                           \
		  .help = "permanent: always; transient: after a failure; "    \
			  "temporary: never" },                                \
		{ "max-restarts",                                              \
		  SCHEMA_COUNT,                                                \
		  AT(max_restarts),                                            \
		  .fallback = "3",                                             \
		  .min = 0,                                                    \
		  .max = LIFE_RESTARTS_MAX,                                    \
		  .help = "restarts within max-seconds before giving up" },    \
		{ "max-seconds",                                               \
		  SCHEMA_SECONDS,                                              \
		  AT(max_seconds_ms),                                          \
		  .fallback = "5s",                                            \
		  .min = 1000,                                                 \
		  .max = DAY_MS,                                               \
		  .help = "span in which restarts are counted" },              \
		{ "backoff",                                                   \
		  SCHEMA_DURATION,                                             \
		  AT(backoff_ms),                                              \
		  .fallback = "1s",                                            \
		  .min = 0,                                                    \
		  .max = DAY_MS,                                               \
		  .help = "first wait before another try; it doubles" },       \
		{ "backoff-max",                                               \
		  SCHEMA_DURATION,                                             \
		  AT(backoff_max_ms),                                          \
		  .fallback = "1m",                                            \
		  .min = 0,                                                    \
		  .max = DAY_MS,                                               \
		  .help = "longest wait before another try" },                 \
		{ "stop-signal", SCHEMA_SIGNAL, AT(stop_signal),               \
		  .fallback = "TERM", .help = "signal that asks it to stop" }, \
		{ "stop-timeout",                                              \
		  SCHEMA_DURATION,                                             \
		  AT(stop_timeout_ms),                                         \
		  .fallback = "10s",                                           \
		  .min = 0,                                                    \
		  .max = DAY_MS,                                               \
		  .help = "from asking to killing" },                          \
		{ "ready", SCHEMA_READY, .fallback = "none",                   \
		  .help = "notify, fd:N, tcp:PORT or a duration; none: at "    \
			  "once" },                                            \
		{ "watchdog",                                                  \
		  SCHEMA_DURATION,                                             \
		  AT(watchdog_ms),                                             \
		  .fallback = "none",                                          \
		  .min = 100,                                                  \
		  .max = DAY_MS,                                               \
		  .flags = SCHEMA_NONE,                                        \
		  .help = "longest silence between WATCHDOG=1" },              \
		{ "log", SCHEMA_LOG, .section = &unit_log_section,             \
		  .help = "stderr, syslog, file:PATH, or { to, rotate, keep "  \
			  "}" },                                               \
		{ "ok-exit", SCHEMA_EXITS, .min = 0, .max = 255,               \
		  .help = "exit codes that are no failure, besides 0" },       \
		{ "essential", SCHEMA_BOOL, AT(essential),                     \
		  .fallback = "false",                                         \
		  .help = "the node is not ready without it" },                \
		{ "after",                                                     \
		  SCHEMA_STRINGS,                                              \
		  AT(after),                                                   \
		  .max = 64,                                                   \
		  .form = FORM_UNIT,                                           \
		  .help = "services and singletons that start first" },        \
	{                                                                      \
		"enabled", SCHEMA_BOOL, AT(enabled),                           \
			.fallback = "true", .help = "false: kept, not started" \
	}

#define UNIT_TIMEOUT                                                        \
	{                                                                   \
		"timeout", SCHEMA_DURATION, AT(timeout_ms),                 \
			.fallback = "none", .min = 10, .max = 365 * DAY_MS, \
			.flags = SCHEMA_NONE,                               \
			.help = "longest time one run may take"             \
	}

static const struct schema_key service_keys[] = { UNIT_KEYS };

static const struct schema_key singleton_keys[] = {
	UNIT_KEYS,
	UNIT_TIMEOUT,
	{ "every", SCHEMA_DURATION, AT(every_ms), .min = 100,
	  .max = 365 * DAY_MS, .help = "run again and again, this far apart" },
	{ "cron", SCHEMA_STRING, AT(cron), .form = FORM_CRON,
	  .help = "run at these times: minute hour day month weekday" },
	{ "time-zone", SCHEMA_STRING, AT(time_zone), .form = FORM_ZONE,
	  .help = "of cron; default: the node's" },
	{ "missed", SCHEMA_WORD, AT(missed), .fallback = "skip",
	  .words = misseds, .flags = SCHEMA_TIMED,
	  .help = "runs missed while nothing ran" },
	{ "prefer", SCHEMA_STRINGS, AT(prefer), .max = 64, .form = FORM_NODE,
	  .help = "nodes to run on, the best first" },
	{ "require", SCHEMA_STRINGS, AT(require), .max = 64,
	  .form = FORM_FILLED, .help = "tags a node must have" },
	{ "rebalance", SCHEMA_WORD, AT(rebalance), .fallback = "never",
	  .words = rebalances, .help = "move to a better node that joins" },
	{ "min-nodes", SCHEMA_COUNT, AT(min_nodes), .fallback = "1", .min = 1,
	  .max = 1024, .help = "run only with that many nodes present" },
};

static const struct schema_key job_keys[] = {
	UNIT_KEYS,
	UNIT_TIMEOUT,
	{ "params", SCHEMA_PARAMS, .max = 32, .section = &param_section,
	  .help = "what a request may say; everything else is refused" },
	{ "output", SCHEMA_STRING, AT(output), .form = FORM_FILE_NAME,
	  .flags = SCHEMA_TEMPLATE | SCHEMA_ASKED,
	  .help = "name of the file users get; default: there is none" },
	{ "type", SCHEMA_STRING, AT(output_type),
	  .fallback = "application/octet-stream", .form = FORM_MIME,
	  .help = "media type of the file" },
	{ "unique", SCHEMA_UNIQUE, .fallback = "none",
	  .flags = SCHEMA_TEMPLATE | SCHEMA_ASKED,
	  .help = "one live job per user, or per value of ${param.…}, in the "
		  "whole cluster" },
	{ "when-busy", SCHEMA_WORD, AT(when_busy), .fallback = "join",
	  .words = busies, .help = "what a request does that is not unique" },
	{ "attempts", SCHEMA_COUNT, AT(attempts), .fallback = "1", .min = 1,
	  .max = 1000,
	  .help = "tries in all; more than 1 only where a retry is safe" },
	{ "keep", SCHEMA_DURATION, AT(keep_ms), .fallback = "24h", .min = 1000,
	  .max = 3650 * DAY_MS,
	  .help = "how long job and file stay, from the end" },
	{ "per-node", SCHEMA_COUNT, AT(per_node), .fallback = "none", .min = 1,
	  .max = CONFIG_WORKERS_MAX, .flags = SCHEMA_NONE,
	  .help = "of this type running at once on a node" },
	{ "max-running", SCHEMA_COUNT, AT(max_running), .fallback = "none",
	  .min = 1, .max = 1000000, .flags = SCHEMA_NONE,
	  .help = "of this type running at once in the whole cluster" },
	{ "require", SCHEMA_STRINGS, AT(require), .max = 64,
	  .form = FORM_FILLED, .help = "tags a node must have" },
	{ "max-pending", SCHEMA_COUNT, AT(max_pending), .fallback = "1000",
	  .min = 1, .max = 1000000,
	  .help = "of this type waiting; more are refused for now" },
	{ "max-output", SCHEMA_SIZE, AT(max_output), .fallback = "1G", .min = 1,
	  .max = 1024 * TERA, .flags = SCHEMA_NONE,
	  .help = "a longer file ends the job in error" },
	{ "resume", SCHEMA_WORD, AT(resume), .fallback = "restart",
	  .words = resumes,
	  .help = "a further attempt begins anew or from its checkpoint" },
};

static const struct schema_section service_section = { "services",
						       KEYS(service_keys) };
static const struct schema_section singleton_section = { "singletons",
							 KEYS(singleton_keys) };
static const struct schema_section job_section = { "jobs", KEYS(job_keys) };

#undef AT
#define AT(FIELD) .at = offsetof(struct config, FIELD)

static const struct schema_key root_keys[] = {
	{ "node", SCHEMA_STRING, AT(node), .form = FORM_NODE,
	  .flags = SCHEMA_FIXED,
	  .help = "name of this node; default: the host name" },
	{ "user", SCHEMA_STRING, AT(user), .form = FORM_FILLED,
	  .flags = SCHEMA_FIXED,
	  .help = "of everything unprivileged, when started as root" },
	{ "shared", SCHEMA_STRING, AT(shared), .form = FORM_PATH,
	  .flags = SCHEMA_FIXED,
	  .help = "what must survive; a cluster: the shared storage; default: "
		  "/var/lib/holdfast, or $XDG_STATE_HOME/holdfast" },
	{ "state", SCHEMA_STRING, AT(state), .form = FORM_STATE,
	  .flags = SCHEMA_FIXED,
	  .help = "node-local, never on a network file system; default: "
		  "/run/holdfast, or $XDG_RUNTIME_DIR/holdfast" },
	{ "workers", SCHEMA_COUNT, AT(workers), .min = 1,
	  .max = CONFIG_WORKERS_MAX,
	  .help = "jobs running at once; default: number of cores" },
	{ "cluster", SCHEMA_GROUP, .section = &cluster_section,
	  .flags = SCHEMA_FIXED, .help = "makes this node one of several" },
	{ "http", SCHEMA_GROUP, .section = &http_section,
	  .help = "the API and the page over TCP" },
	{ "log", SCHEMA_GROUP, .section = &log_section,
	  .help = "what the node says on stderr" },
	{ "services", SCHEMA_UNITS, .min = UNIT_SERVICE,
	  .section = &service_section, .help = "kept up on every node" },
	{ "singletons", SCHEMA_UNITS, .min = UNIT_SINGLETON,
	  .section = &singleton_section,
	  .help = "kept up on exactly one node" },
	{ "jobs", SCHEMA_UNITS, .min = UNIT_JOB, .section = &job_section,
	  .help = "run when asked for" },
};

#undef AT

#endif
