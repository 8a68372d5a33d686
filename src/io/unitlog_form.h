/* unitlog_form - a unit's line as it is written. */
#ifndef HOLDFAST_IO_UNITLOG_FORM_H
#define HOLDFAST_IO_UNITLOG_FORM_H

#include "io/unitlog.h"

#define UNITLOG_FILE	 "file:"
#define UNITLOG_FILE_LEN (sizeof(UNITLOG_FILE) - 1)

/* Named and stamped, for files, into BUF of UNITLOG_LINE_MAX bytes; its length
 * with the end.
 */
size_t unitlog_put_stamped(const struct unitlog *log, char *buf,
			   struct text line, int64_t wall_ms);
/* For stderr. */
size_t unitlog_put(const struct unitlog *log, char *buf, struct text line,
		   bool is_stderr, int64_t wall_ms);

#endif
