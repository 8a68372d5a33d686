/* conffile_source - one configuration file: its text and its settings. */
#ifndef HOLDFAST_IO_CONFFILE_SOURCE_H
#define HOLDFAST_IO_CONFFILE_SOURCE_H

#include <libconfig.h>

#include "core/text.h"
#include "io/conffile_syntax.h"

#define CONFFILE_BYTES_MAX (1024u * 1024) /* of one file */

struct conffile_source {
	char *path;
	char *text; /* NULL until read */
	config_t settings;
	bool parsed; /* `settings` holds the whole file */
	bool mended; /* but for what had no form: see conffile_syntax */
	bool cut;    /* but for its end */
};

/* Remembers PATH; 0 or -ENOMEM. */
int conffile_source_init(struct conffile_source *source, const char *path);
void conffile_source_fini(struct conffile_source *source);

/* Reads the file, with MUST_BE_REGULAR without waiting for anyone to write it.
 * 0 or a negative errno (-EFBIG: above the limit; -EILSEQ: zero bytes; -ENODEV:
 * neither a regular file nor a directory).
 */
int conffile_source_read(struct conffile_source *source, bool must_be_regular);
/* Parses what was read.  0, or -EINVAL (-ENOMEM) after FN was told why; then
 * `parsed` says whether what else is in the file can be judged.
 */
int conffile_source_parse(struct conffile_source *source,
			  conffile_syntax_fn *fn, void *arg);

/* That line, without its end; the empty text when there is none. */
struct text conffile_source_line(const struct conffile_source *source,
				 unsigned line);

#endif
