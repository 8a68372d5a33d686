/* conffile_origin - where each value of a configuration was given.
 *
 * Nothing is written down while files are read: who wants origins keeps the
 * files' settings, and each is looked up by its names, in the last file first.
 */
#ifndef HOLDFAST_IO_CONFFILE_ORIGIN_H
#define HOLDFAST_IO_CONFFILE_ORIGIN_H

#include <stdio.h>

#include "core/schema.h"
#include "io/conffile_source.h"

#define CONFFILE_DEPTH_MAX 4 /* groups below the root or a unit */

/* Parts what is in effect from its comment, in a line of a dump. */
#define CONFFILE_TAB '\t'

struct conffile_origin {
	const struct conffile_source *source;
	config_setting_t *setting;
};

struct conffile_origins {
	struct conffile_source *sources; /* the main file comes first */
	size_t sources_count;
	struct conffile_origin *units; /* of each unit of the configuration */
};

/* A group on the way through a configuration. */
struct conffile_where {
	const struct conffile_origins *origins;
	const struct conffile_origin *unit; /* NULL: below the root */
	const char *names[CONFFILE_DEPTH_MAX];
	const struct schema_section *sections[CONFFILE_DEPTH_MAX];
	size_t depth;
};

void conffile_where_enter(struct conffile_where *where, const char *name,
			  const struct schema_section *section);
void conffile_where_leave(struct conffile_where *where);
/* From the root into unit INDEX, and back. */
void conffile_where_enter_unit(struct conffile_where *where, size_t index);
void conffile_where_leave_unit(struct conffile_where *where);

/* Writes " # FILE:LINE", or that it is the default, with CONFFILE_TAB for the
 * blank: the origin of KEY in the group, or of the unit itself.
 */
void conffile_where_put(const struct conffile_where *where,
			const struct schema_key *key, FILE *out);
void conffile_where_put_unit(const struct conffile_where *where, FILE *out);

/* Writes, as comments, which files were read. */
void conffile_origins_put(const struct conffile_origins *origins, FILE *out);

/* Writes TEXT with its comments below each other. */
void conffile_origins_align(const char *text, FILE *out);

#endif
