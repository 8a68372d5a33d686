/* conffile_report - the mistakes of a configuration, told all at once. */
#ifndef HOLDFAST_IO_CONFFILE_REPORT_H
#define HOLDFAST_IO_CONFFILE_REPORT_H

#include <stdio.h>

#include "io/conffile_source.h"

#define CONFFILE_MISTAKES_MAX 1000 /* told; more are only counted */

struct conffile_mistake {
	const struct conffile_source *source;
	unsigned line; /* 0 = the file as a whole */
	size_t number; /* in the order found */
	char *what;
	bool mild;
};

struct conffile_report {
	struct conffile_mistake *at;
	size_t count;	  /* in `at` */
	size_t all_count; /* found */
};

void conffile_report_fini(struct conffile_report *report);

/* A mistake that finds no memory is still counted. */
void conffile_report_add(struct conffile_report *report,
			 const struct conffile_source *source, unsigned line,
			 const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* One that is not told when its setting, the words before ": ", has another. */
void conffile_report_add_mild(struct conffile_report *report,
			      const struct conffile_source *source,
			      unsigned line, const char *what);

/* Writes them in the order of the files (pointers into one array) and lines.
 */
void conffile_report_print(struct conffile_report *report, FILE *out);

#endif
