/* schema - every key of the configuration: what it takes, what it is for.
 *
 * Pure.  One table for the loader, the writer, the messages and the manual.
 * A section is a group of keys that fill one struct of core/config.h: the root
 * and what hangs below it fill struct config, the others struct unit or struct
 * config_param.
 *
 * To add a key: a field in core/config.h, a row here, a line in INTERFACE.
 */
#ifndef HOLDFAST_CORE_SCHEMA_H
#define HOLDFAST_CORE_SCHEMA_H

#include "core/config.h"
#include "core/text.h"

#define SCHEMA_NAME_MAX 64 /* bytes: units, parameters, nodes */

enum schema_kind {
	SCHEMA_STRING,	 /* char * */
	SCHEMA_STRINGS,	 /* struct strings */
	SCHEMA_WORD,	 /* an enum or int: index into `words` */
	SCHEMA_COUNT,	 /* unsigned: a whole number */
	SCHEMA_NUMBER,	 /* int: a whole number */
	SCHEMA_SIZE,	 /* uint64_t bytes: "64K" */
	SCHEMA_DURATION, /* int64_t ms: "3s" */
	SCHEMA_SECONDS,	 /* int64_t ms: a whole number of seconds or "3s" */
	SCHEMA_BOOL,	 /* bool */
	SCHEMA_UMASK,	 /* int: octal digits in a string */
	SCHEMA_SIGNAL,	 /* int: "TERM" or "SIGTERM" */
	SCHEMA_GROUP,	 /* `section` fills the struct at `at` */
	/* of units only; these know their fields */
	SCHEMA_ENV,    /* a list of "NAME=VALUE" or a group */
	SCHEMA_READY,  /* ready, ready_tcp, ready_value */
	SCHEMA_EXITS,  /* ok_exit */
	SCHEMA_LOG,    /* a string, or `section` */
	SCHEMA_UNIQUE, /* unique, unique_value */
	SCHEMA_PARAMS, /* names to `section` */
	SCHEMA_UNITS,  /* names to `section`, of kind `min` */
};

/* What a string must look like. */
enum schema_form {
	FORM_ANY,
	FORM_FILLED,	  /* not empty */
	FORM_NODE,	  /* a node's name */
	FORM_PATH,	  /* an absolute path */
	FORM_STATE,	  /* and short enough to hold a socket */
	FORM_ADDRESS,	  /* 127.0.0.1:8080, [::]:8080 */
	FORM_PEER,	  /* host, host:port, dns:name */
	FORM_IP,	  /* 127.0.0.1, ::1 */
	FORM_BASE,	  /* /, /app/ */
	FORM_HEADER,	  /* X-Remote-User */
	FORM_MIME,	  /* application/pdf */
	FORM_FILE_NAME,	  /* no '/' */
	FORM_REGEX,	  /* a POSIX extended regular expression */
	FORM_UNIT,	  /* the name of a unit that exists */
	FORM_DESTINATION, /* stderr, syslog, file:PATH */
	FORM_CRON,	  /* 15 3 * * mon-fri */
	FORM_ZONE,	  /* Europe/Berlin */
};

enum schema_flag {
	SCHEMA_MUST = 1 << 0,	  /* no default: must be there */
	SCHEMA_TEMPLATE = 1 << 1, /* job.… and param.… may stay in it */
	SCHEMA_ASKED = 1 << 2,	  /* of those only what is known when a job is
				     asked for */
	SCHEMA_NONE = 1 << 3,	  /* "none" may be written for 0 */
	SCHEMA_ONE = 1 << 4,	  /* a single string stands for a list */
	SCHEMA_TIMED = 1 << 5,	  /* only with "every" or "cron" */
	SCHEMA_FIXED = 1 << 6,	  /* read at the start of the node, no reload
				     changes it; of a group: all of it */
};

struct schema_section;

struct schema_key {
	const char *name;
	enum schema_kind kind;
	size_t at;	      /* offset of the field */
	const char *fallback; /* the default as it would be written without
				 quotes; NULL = none, or found at load: see
				 help */
	int64_t min;	      /* of the value, or of the length of a list */
	int64_t max;
	const char *const *words; /* NULL-terminated */
	const struct schema_section *section;
	enum schema_form form;
	unsigned flags;
	const char *help;
};

struct schema_section {
	const char *name;
	const struct schema_key *keys;
	size_t count;
};

extern const struct schema_section schema_root;
/* By unit_kind. */
extern const struct schema_section *const schema_units[3];

/* The key of that name, NULL if there is none. */
const struct schema_key *schema_find(const struct schema_section *section,
				     struct text name);
/* The name in SECTION nearest to NAME, the empty text when none is. */
struct text schema_nearest(const struct schema_section *section,
			   struct text name);
/* The key of SECTION that other programs call NAME, NULL if there is none. */
const char *schema_synonym(const struct schema_section *section,
			   struct text name);
/* The index of WORD, -1 if it is none of WORDS. */
int schema_word(const char *const *words, struct text word);
/* Does the run know ${NAME} (job.…) in a string with these FLAGS? */
bool schema_is_job_name(struct text name, unsigned flags);

/* [a-z0-9][a-z0-9_-]*, at most 64 bytes. */
bool schema_is_unit_name(struct text name);
/* Letters of both cases too. */
bool schema_is_param_name(struct text name);

#endif
