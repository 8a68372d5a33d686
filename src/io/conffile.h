/* conffile - the effective configuration, from files and back.
 *
 * The only module that knows libconfig.  Reads the main file, then every
 * *.conf of the directory NAME.d beside it in name order: groups merge, a
 * setting given again in a later file wins, a unit defined twice is an
 * error.  ${NAME} is expanded and defaults are filled in here; what depends
 * on the run stays in the strings core/config.h calls templates.
 */
#ifndef HOLDFAST_IO_CONFFILE_H
#define HOLDFAST_IO_CONFFILE_H

#include <stdio.h>

struct config;
struct conffile_origins;

/* Loads PATH, or with NULL the default file: /etc/holdfast/holdfast.conf, for
 * a plain user $XDG_CONFIG_HOME/holdfast/holdfast.conf.  A default file that
 * does not exist is an empty configuration; one asked for by name must exist.
 *
 * 0, and *CONFIG is the caller's to free; or -EINVAL (or -ENOMEM) with *CONFIG
 * NULL, after every mistake of every file went to ERRORS as
 * "FILE:LINE: error: what" with the line it is about.
 */
int conffile_load(const char *path, struct config **config, FILE *errors);

/* The same, and keeps in *ORIGINS, NULL on failure, where each value was given.
 */
int conffile_load_origins(const char *path, struct config **config,
			  struct conffile_origins **origins, FILE *errors);

/* NULL is allowed. */
void conffile_free(struct config *config);
void conffile_origins_free(struct conffile_origins *origins);

/* Writes CONFIG so that conffile_load gives the same configuration again,
 * whatever the environment is then.  0, or a negative errno of the stream.
 */
int conffile_dump(const struct config *config, FILE *out);

/* The same, with a comment behind each value that tells its origin: file and
 * line, what of the environment is in it, or that it is the default.
 */
int conffile_dump_origins(const struct config *config,
			  const struct conffile_origins *origins, FILE *out);

/* Where conffile_load(NULL, …) looks, into BUF of CAP bytes.  0 or -ENOSPC. */
int conffile_default_path(char *buf, size_t cap);

#endif
