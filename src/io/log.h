/* log - one event, one line, one write, to stderr or to the log daemon.
 *
 * Role and pid first, then "noun: what happened key=value".  err needs a
 * person, warn may, info marks a change of state, debug is off.  Never call
 * from a signal handler.  A line longer than LOG_LINE_MAX is cut.  Without a
 * daemon its lines go to stderr; what it does not take in time is dropped,
 * counted and said.
 */
#ifndef HOLDFAST_IO_LOG_H
#define HOLDFAST_IO_LOG_H

#include <stdbool.h>

#define LOG_LINE_MAX 2048 /* bytes */

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* The name every line of this process begins with; not copied. */
void log_role(const char *role);
/* FORMAT is enum config_log_format. */
void log_setup(enum log_level level, int format);
/* Do lines on stderr begin with <N>, their severity?  So they do where the
 * system's journal reads them, see sd-daemon(3), and in place of a log daemon.
 */
bool log_is_prefixed(void);
/* With which a line begins that is written to stderr by other means: "<N>" or
 * "".
 */
const char *log_prefix(enum log_level level);

/* RC is a negative errno, its text ends the line; 0 for none. */
void log_err(int rc, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_warn(int rc, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
