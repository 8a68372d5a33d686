/* joblog - what a command prints, kept in a bounded file.
 *
 * Of a long log the beginning and the end are kept: the file never passes
 * JOBLOG_MAX bytes, a line in the middle tells how much is left out.  A log
 * that can't be written costs a warning, never the job.
 */
#ifndef HOLDFAST_IO_JOBLOG_H
#define HOLDFAST_IO_JOBLOG_H

#include <stdint.h>

#include "core/text.h"

#define JOBLOG_MAX  (1u << 20) /* bytes */
#define JOBLOG_HEAD (1u << 19) /* bytes kept of the beginning */
#define JOBLOG_TAIL (1u << 18) /* bytes kept of the end, at least */

struct outputdir;

struct joblog {
	const struct outputdir *dir; /* borrowed */
	int fd;			     /* -1 = nothing printed yet */
	bool failed;
	uint64_t len;	   /* bytes in the file */
	uint64_t left_out; /* bytes */
};

struct joblog joblog_init(const struct outputdir *dir);
/* The file is made when there is something to write. */
void joblog_write(struct joblog *log, struct text data);
void joblog_close(struct joblog *log);

#endif
