/* api - how a command asks the daemon, and tells what went wrong.
 *
 * Turns errors and problem documents into a line on stderr and an exit code.
 */
#ifndef HOLDFAST_CLI_API_H
#define HOLDFAST_CLI_API_H

#include <jansson.h>

#include "cli/options.h"
#include "io/client.h"

#define API_PATIENCE_MS 10000 /* for an answer that needs no waiting */
#define API_TARGET_MAX	1024

struct api {
	const struct options *options;
	struct client client;
	int64_t deadline_ms; /* by -w; INT64_MAX = none */
	json_t *answer;	     /* of the last call, NULL if it was not JSON */
	struct client_response response;
};

/* The whole of a command: reads its options, opens the API, has ASK do the rest
 * (api->options are the options), and closes.  ASK returns an exit code, and so
 * does this.
 */
int api_command(const struct usage *usage, int argc, char **argv,
		int (*ask)(struct api *api));

/* Finds the socket.  0, or an exit code after a message. */
int api_open(struct api *api, const struct options *options);
void api_close(struct api *api);

/* One request; the answer is in API until the next.  0 or a negative errno of
 * io/client.h.  EXTRA is header lines or NULL, BODY may be NULL.
 */
int api_ask(struct api *api, const char *method, const char *target,
	    const char *extra, const json_t *body);

/* GETs what is long into SINK; the deadline is -w alone, or a minute. */
int api_ask_sink(struct api *api, const char *target, const char *extra,
		 const struct client_sink *sink);

/* As api_ask, with a message; 0, or an exit code when the answer is no 2xx. */
int api_call(struct api *api, const char *method, const char *target,
	     const json_t *body);

/* Finds the service or singleton NAME: TARGET, of API_TARGET_MAX bytes, becomes
 * its path, and the answer is what it shows.  0, or an exit code with a
 * message.
 */
int api_find_unit(struct api *api, const char *name, char *target);

/* Looks at the unit NAME, whose path is TARGET, until HAS_ARRIVED says that it
 * is where ARG tells: then the answer is what it shows.  0, or an exit code
 * with a message.
 */
int api_follow_unit(struct api *api, const char *name, const char *target,
		    bool (*has_arrived)(const json_t *unit, const void *arg),
		    const void *arg);

/* Between two looks at what the node is about to do. */
void api_nap(void);

/* Says why there is no answer, RC being a negative errno of io/client.h, or
 * what the problem document in the answer says; the exit code for it.
 */
int api_failed(const struct api *api, int rc);
int api_refused(const struct api *api);

/* Is it worth asking again: daemon restarting, role not up yet? */
bool api_is_passing(const struct api *api, int rc);

/* When a request that begins now has to be answered. */
int64_t api_deadline(const struct api *api, int64_t patience_ms);

/* Prints the answer as it came, for --json. */
int api_print(const struct api *api);

/* Appends VALUE to the target, percent-encoded.  TARGET has API_TARGET_MAX
 * bytes; what does not fit is left out.
 */
void target_add(char *target, const char *value);

/* The answer's member, or "" and 0 when it is missing or of another type. */
const char *json_text(const json_t *object, const char *name);
int64_t json_number(const json_t *object, const char *name);

#endif
