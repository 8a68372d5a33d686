#define _GNU_SOURCE
#include "io/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/config.h"
#include "core/out.h"
#include "io/clock.h"
#include "io/devlog.h"

#define TAG_MAX 64

/* The one module with file statics: a process has one log. */
static const char *role_name = "holdfast";
static enum log_level threshold = LOG_LEVEL_INFO;
static int log_format_now = LOG_TEXT;
static bool was_set_up;
static bool prefixed;	     /* lines on stderr begin with <N> */
static struct devlog devlog; /* with LOG_SYSLOG */
static bool devlog_failed;   /* was said */
static uint64_t untold;	     /* lines the daemon did not take in time */

static const char *const level_names[] = { "err", "warn", "info", "debug" };
static const char *const prefixes[] = { "<3>", "<4>", "<6>", "<7>" };
static const enum devlog_severity severities[] = { DEVLOG_ERR, DEVLOG_WARNING,
						   DEVLOG_INFO, DEVLOG_DEBUG };

void log_role(const char *role)
{
	role_name = role;
}

/* Does the system's journal read our stderr?  See systemd.exec(5). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[48];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	return strcmp(stream, here) == 0;
}

static int send_event(enum devlog_severity severity, const char *event)
{
	char tag[TAG_MAX];
	struct devlog_line line = { .severity = severity,
				    .tag = tag,
				    .pid = (int)getpid(),
				    .text = text_of(event) };

	snprintf(tag, sizeof(tag), "holdfast/%s", role_name);
	return devlog_send(&devlog, &line, clock_ms(), clock_wall_ms());
}

void log_setup(enum log_level level, int format)
{
	threshold = level;
	log_format_now = format;
	was_set_up = true;
	prefixed = format == LOG_SYSLOG || stderr_is_journal();
	if (format == LOG_SYSLOG)
		devlog_open(&devlog, NULL);
}

bool log_is_prefixed(void)
{
	return was_set_up ? prefixed : stderr_is_journal();
}

const char *log_prefix(enum log_level level)
{
	return log_is_prefixed() ? prefixes[level] : "";
}

static void out_event_json(struct out *out, enum log_level level,
			   const char *event)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	out_string(out, "{\"time\":\"");
	out_time(out, now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000);
	out_string(out, "\",\"level\":\"");
	out_string(out, level_names[level]);
	out_string(out, "\",\"role\":");
	out_json(out, text_of(role_name));
	out_string(out, ",\"pid\":");
	out_i64(out, getpid());
	out_string(out, ",\"event\":");
	out_json(out, text_of(event));
	out_char(out, '}');
}

static void out_event_text(struct out *out, enum log_level level,
			   const char *event)
{
	out_string(out, role_name);
	out_char(out, '[');
	out_i64(out, getpid());
	out_string(out, "]: ");
	if (level <= LOG_LEVEL_WARN) {
		out_string(out, level_names[level]);
		out_string(out, ": ");
	}
	out_string(out, event);
}

static void write_stderr(enum log_level level, const char *event)
{
	char line[LOG_LINE_MAX];
	struct out out = out_init(line, sizeof(line) - 1);

	out_string(&out, log_prefix(level));
	if (log_format_now == LOG_JSON)
		out_event_json(&out, level, event);
	else
		out_event_text(&out, level, event);
	line[out.len++] = '\n';
	/* stderr may be a full or broken pipe: nobody is left to tell. */
	if (write(STDERR_FILENO, line, out.len) < 0)
		return;
}

/* Once, until it works again: not from every role, children inherit it. */
static void say_unreachable(int rc)
{
	char event[128];

	if (devlog_failed)
		return;
	devlog_failed = true;
	snprintf(event, sizeof(event),
		 "log: cannot reach " DEVLOG_PATH ", lines go to stderr: %s",
		 strerror(-rc));
	write_stderr(LOG_LEVEL_WARN, event);
}

static void say_reached(void)
{
	char event[64];

	if (devlog_failed)
		(void)send_event(DEVLOG_INFO,
				 "log: " DEVLOG_PATH " is there again");
	devlog_failed = false;
	if (untold == 0)
		return;
	snprintf(event, sizeof(event), "log: (%llu lines dropped)",
		 (unsigned long long)untold);
	if (send_event(DEVLOG_WARNING, event) == 0)
		untold = 0;
}

static void write_devlog(enum log_level level, const char *event)
{
	int rc = send_event(severities[level], event);

	if (rc == 0) {
		say_reached();
	} else if (rc == -EAGAIN) {
		untold++;
	} else {
		say_unreachable(rc);
		write_stderr(level, event);
	}
}

__attribute__((format(printf, 3, 0))) static void
log_line(enum log_level level, int rc, const char *format, va_list args)
{
	char event[LOG_LINE_MAX / 2];
	size_t len;

	if (level > threshold)
		return;
	vsnprintf(event, sizeof(event), format, args);
	len = strlen(event);
	if (rc < 0)
		snprintf(event + len, sizeof(event) - len, ": %s",
			 strerror(-rc));
	for (char *c = event; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	if (log_format_now == LOG_SYSLOG)
		write_devlog(level, event);
	else
		write_stderr(level, event);
}

#define LOG_FUNCTION(LEVEL, RC)                    \
	do {                                       \
		va_list args;                      \
		va_start(args, format);            \
		log_line(LEVEL, RC, format, args); \
		va_end(args);                      \
	} while (0)

void log_err(int rc, const char *format, ...)
{
	LOG_FUNCTION(LOG_LEVEL_ERR, rc);
}

void log_warn(int rc, const char *format, ...)
{
	LOG_FUNCTION(LOG_LEVEL_WARN, rc);
}

void log_info(const char *format, ...)
{
	LOG_FUNCTION(LOG_LEVEL_INFO, 0);
}

void log_debug(const char *format, ...)
{
	LOG_FUNCTION(LOG_LEVEL_DEBUG, 0);
}
