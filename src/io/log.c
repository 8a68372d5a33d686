#define _GNU_SOURCE
#include "io/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/config.h"
#include "core/out.h"

/* The one module with file statics: a process has one log. */
static const char *role_name = "holdfast";
static enum log_level threshold = LOG_LEVEL_INFO;
static int log_format_now = LOG_TEXT;

static const char *const level_names[] = { "err", "warn", "info", "debug" };
static const char *const syslog_prefix[] = { "<3>", "<4>", "<6>", "<7>" };

void log_role(const char *role)
{
	role_name = role;
}

void log_setup(enum log_level level, int format)
{
	threshold = level;
	log_format_now = format;
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
	if (log_format_now == LOG_SYSLOG)
		out_string(out, syslog_prefix[level]);
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

__attribute__((format(printf, 3, 0))) static void
log_line(enum log_level level, int rc, const char *format, va_list args)
{
	char event[LOG_LINE_MAX / 2];
	char line[LOG_LINE_MAX];
	struct out out = out_init(line, sizeof(line) - 1);
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
	if (log_format_now == LOG_JSON)
		out_event_json(&out, level, event);
	else
		out_event_text(&out, level, event);
	line[out.len++] = '\n';
	/* stderr may be a full or broken pipe: nobody is left to tell. */
	if (write(STDERR_FILENO, line, out.len) < 0)
		return;
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
