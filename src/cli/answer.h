/* answer - a job as the API shows it, and how people like to read it. */
#ifndef HOLDFAST_CLI_ANSWER_H
#define HOLDFAST_CLI_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Texts are borrowed from the JSON and never NULL. */
struct answer {
	const char *id;
	const char *type;
	const char *user;
	const char *state;
	const char *message;
	double percent; /* below 0: not known */
	int64_t eta_s;	/* below 0: not known */
	int attempt;
	int64_t created_ms; /* since 1970; 0 = not known, as updated_ms */
	int64_t updated_ms;
	const char *output_name; /* "" = no file */
	int64_t output_size;	 /* bytes */
	const char *error_title;
	const char *error_detail;
	bool joined;
};

struct answer answer_of(const json_t *job);
bool answer_has_ended(const struct answer *answer);
/* The exit code of watch and wait for a job that has ended. */
int answer_exit_code(const struct answer *answer);

/* 812 B, 1.2 kB, 34.5 MB */
void size_text(int64_t bytes, char *buf, size_t cap);
/* Milliseconds since 1970 of RFC 3339 in UTC, 0 when it is not that. */
int64_t time_of(const char *text);
/* Prints TEXT with control characters left out: a job must not be able to
 * steer somebody's terminal.
 */
void print_plain(FILE *file, const char *text);

#endif
