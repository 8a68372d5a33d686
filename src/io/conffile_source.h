/* conffile_source - one configuration file: its text and its settings. */
#ifndef HOLDFAST_IO_CONFFILE_SOURCE_H
#define HOLDFAST_IO_CONFFILE_SOURCE_H

#include <libconfig.h>

#include "core/text.h"

#define CONFFILE_BYTES_MAX (1024u * 1024) /* of one file */

struct conffile_source {
	char *path;
	char *text; /* NULL until read */
	config_t settings;
	bool parsed; /* `settings` holds the whole file */
};

/* What is wrong with the file as a whole; line 0 = no line to show. */
struct conffile_fault {
	unsigned line;
	const char *what;
};

/* Remembers PATH; 0 or -ENOMEM. */
int conffile_source_init(struct conffile_source *source, const char *path);
void conffile_source_fini(struct conffile_source *source);

/* Reads the file.  0 or a negative errno (-EFBIG: above the limit). */
int conffile_source_read(struct conffile_source *source);
/* Parses what was read.  0, or -EINVAL with *FAULT. */
int conffile_source_parse(struct conffile_source *source,
			  struct conffile_fault *fault);

/* That line, without its end; the empty text when there is none. */
struct text conffile_source_line(const struct conffile_source *source,
				 unsigned line);

#endif
