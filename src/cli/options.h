/* options - what follows a command's name, the same for all commands. */
#ifndef HOLDFAST_CLI_OPTIONS_H
#define HOLDFAST_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_FOREVER (-1)
#define OPTIONS_GO_ON	(-1)

/* What a command takes beside -c, -s and -h, which all of them take. */
struct usage {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *text;     /* lines of help */
	const char *accepts;  /* letters of options, see options.c */
	int arguments_min;
	int arguments_max; /* -1 = any number */
};

struct options {
	const struct usage *usage;
	const char *config; /* -c, NULL = the default */
	const char *socket; /* -s, NULL = STATE/control */
	const char *user;
	const char *key;
	const char *output;
	const char *type;
	const char *state;
	int64_t wait_ms; /* -w, or OPTIONS_FOREVER */
	long number;	 /* -n, 0 if not given */
	long port;	 /* 0 if not given */
	bool json;
	bool quiet;
	bool no_color;
	bool watch;
	bool wait;
	bool once;
	bool all;
	bool follow;
	int argc; /* the arguments that are left */
	char **argv;
};

/* Reads ARGV, ARGV[0] being the command's name.  OPTIONS_GO_ON, or the exit
 * code after a message or the help was printed.
 */
int options_parse(struct options *options, const struct usage *usage, int argc,
		  char **argv);

/* Says what is wrong and how to learn more; the exit code for it. */
int options_wrong(const struct options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints how to call COMMAND for ID with the same -c or -s, in backquotes. */
void options_hint(FILE *file, const struct options *options,
		  const char *command, const char *id);

/* Prints "holdfast: " and the text to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
