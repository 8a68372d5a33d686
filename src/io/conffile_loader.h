/* conffile_loader - what the parts of the loader share while files are read.
 *
 * Whatever the configuration points to is allocated with conffile_alloc and
 * freed with the configuration.  When memory runs out that returns NULL and
 * remembers it; parts go on with what they have, conffile_load fails at the
 * end.
 */
#ifndef HOLDFAST_IO_CONFFILE_LOADER_H
#define HOLDFAST_IO_CONFFILE_LOADER_H

#include "core/config.h"
#include "core/schema.h"
#include "io/conffile_origin.h"
#include "io/conffile_report.h"

#define CONFFILE_STRING_MAX (64u * 1024) /* bytes of one string, expanded */
#define CONFFILE_PATH_MAX   512		 /* bytes of "jobs.report.timeout" */

#define CONFFILE_SHOWN_MAX 80 /* bytes of a value in a message */

/* Whoever reports this one adds the range of the table. */
#define CONFFILE_OUT_OF_RANGE "out of range"

struct conffile_owned {
	struct conffile_owned *next;
	_Alignas(max_align_t) char data[];
};

/* `config` comes first: that is what callers see. */
struct conffile {
	struct config config;
	struct conffile_owned *owned;
};

struct conffile_loader {
	struct conffile *file;
	struct conffile_report report;
	struct conffile_source *sources;
	size_t sources_count;
	const struct conffile_source *source; /* being read */
	struct conffile_origin *origins;      /* where each unit was defined */
	struct conffile_origin cluster;	      /* where it was last given */
	struct unit *units; /* of the configuration, while there may be more */
	size_t units_cap;
	char *scratch;	 /* CONFFILE_STRING_MAX bytes */
	bool incomplete; /* units may be missing that a file meant to give */
	bool out_of_memory;
};

/* Zeroed; NULL when there is no memory. */
void *conffile_alloc(struct conffile_loader *loader, size_t bytes);
char *conffile_strdup(struct conffile_loader *loader, struct text text);

/* Reports a mistake at SETTING, NULL for the file as a whole, of
 * loader->source.  The message begins with the setting's path.
 */
void conffile_error(struct conffile_loader *loader,
		    const config_setting_t *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Was SETTING, of loader->source, mended?  Then its value was reported. */
bool conffile_is_broken(const struct conffile_loader *loader,
			const config_setting_t *setting);

/* The string SETTING, expanded as FLAGS (schema_flag) say, in
 * loader->scratch until the next call.  False after a report.
 */
bool conffile_string(struct conffile_loader *loader,
		     const config_setting_t *setting, unsigned flags,
		     struct text *text);

/* ---- conffile_value: text into the field of a key ---- */

/* NULL, or what is wrong with TEXT as a value of KEY; stores it in BASE. */
const char *conffile_set_text(struct conffile_loader *loader,
			      const struct schema_key *key, struct text text,
			      void *base);

/* ---- conffile_complain: what is wrong with a value, and the cure ---- */

/* FAULT is what conffile_set_text found about TEXT as a value of KEY. */
void conffile_complain(struct conffile_loader *loader,
		       const config_setting_t *setting,
		       const struct schema_key *key, struct text text,
		       const char *fault);
/* A bare NUMBER where a unit is needed: 3000 was seconds or milliseconds. */
void conffile_complain_unit(struct conffile_loader *loader,
			    const config_setting_t *setting,
			    const struct schema_key *key, long long number);
void conffile_complain_type(struct conffile_loader *loader,
			    const config_setting_t *setting,
			    const struct schema_key *key);
/* SETTING is no key of SECTION. */
void conffile_complain_unknown(struct conffile_loader *loader,
			       const struct schema_section *section,
			       const config_setting_t *setting);

/* ---- conffile_section: groups of settings into structs ---- */

/* Fills what SECTION has from the settings of GROUP into the struct at BASE. */
void conffile_section(struct conffile_loader *loader,
		      const struct schema_section *section,
		      const config_setting_t *group, void *base);
/* Fills in every default of SECTION. */
void conffile_defaults(struct conffile_loader *loader,
		       const struct schema_section *section, void *base);
/* A list of strings; SETTING may be a single string where KEY allows it. */
void conffile_set_strings(struct conffile_loader *loader,
			  const struct schema_key *key,
			  const config_setting_t *setting,
			  struct strings *strings);

/* ---- conffile_unit: what only units have ---- */

void conffile_units(struct conffile_loader *loader,
		    const struct schema_key *key,
		    const config_setting_t *group);
void conffile_params(struct conffile_loader *loader,
		     const struct schema_key *key,
		     const config_setting_t *group, struct unit *unit);
void conffile_env(struct conffile_loader *loader, const struct schema_key *key,
		  const config_setting_t *setting, struct unit *unit);
void conffile_exits(struct conffile_loader *loader,
		    const config_setting_t *setting, struct unit *unit);
/* NULL, or what is wrong with TEXT. */
const char *conffile_ready(struct conffile_loader *loader, struct text text,
			   struct unit *unit);
const char *conffile_unique(struct conffile_loader *loader, struct text text,
			    struct unit *unit);

/* ---- conffile_form: what a string must look like ---- */

/* NULL, or what is wrong with TEXT. */
const char *conffile_form(enum schema_form form, struct text text);

/* ---- conffile_time: times ---- */

/* NULL, or what is wrong with TEXT. */
const char *conffile_cron(struct conffile_loader *loader, struct text text);
const char *conffile_zone(struct conffile_loader *loader, struct text text);

/* ---- conffile_check: what only the whole shows ---- */

void conffile_check(struct conffile_loader *loader);

/* ---- conffile_order: what starts after what ---- */

void conffile_order(struct conffile_loader *loader);

/* ---- conffile_case: a unit, and what its file says of it ---- */

struct conffile_case {
	struct conffile_loader *loader;
	const struct unit *unit;
	config_setting_t *setting;
};

/* Unit INDEX; its file is loader->source from then on. */
struct conffile_case conffile_case(struct conffile_loader *loader,
				   size_t index);
/* Was KEY given, right or wrong? */
bool conffile_has(const struct conffile_case *at, const char *key);
/* Was KEY given and mended? */
bool conffile_at_broken(const struct conffile_case *at, const char *key);
/* The setting of KEY where there is one, else the unit: where to point at. */
const config_setting_t *conffile_place(const struct conffile_case *at,
				       const char *key);
/* Its element INDEX. */
const config_setting_t *conffile_place_in(const struct conffile_case *at,
					  const char *key, size_t index);

/* ---- conffile_place: where things are by default ---- */

/* What no file said and no table knows: node, shared, state, workers. */
void conffile_places(struct conffile_loader *loader);

#endif
