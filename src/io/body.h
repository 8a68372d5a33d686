/* body - what a request to run a job says.
 *
 * The only module that reads JSON from the outside.  Takes a JSON object or an
 * HTML form of the small kind; what is neither is refused with a clause for
 * the problem document.
 */
#ifndef HOLDFAST_IO_BODY_H
#define HOLDFAST_IO_BODY_H

#include "core/job.h"

struct body {
	struct text type;
	struct text key;
	struct text user; /* operators may submit for somebody */
	struct job_param params[JOB_PARAMS_MAX];
	size_t params_count;
	/* where it went wrong */
	const char *why;	      /* a sentence, NULL if nothing did */
	char field[JOB_NAME_MAX + 1]; /* the member at fault, "" if none */
	/* private: what the texts point at */
	void *json;
	char *form;
	char numbers[JOB_PARAMS_MAX][24];
};

/* Reads {"type": …, "params": {…}, "key": …, "user": …}.  Values of params may
 * be strings, integers or booleans.  0; -EBADMSG for what is not JSON;
 * -EINVAL for JSON that is not this; -ENOMEM.  body_fini follows in any case.
 */
int body_json(struct body *body, struct text bytes);

/* Reads type=…&key=…&param.NAME=…, as application/x-www-form-urlencoded.  An
 * empty value of a parameter counts as absent: browsers send every field.
 */
int body_form(struct body *body, struct text bytes);

/* Reads {"NAME": "TEXT"}, or nothing, into TEXT, terminated; without that
 * member it is empty.  0; -EBADMSG for what is not JSON; -EINVAL for JSON that
 * is not this, or a text that is none, or longer than CAP - 1 bytes.
 */
int body_text(struct text bytes, const char *name, char *text, size_t cap);

void body_fini(struct body *body);

#endif
