#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "cli/watch.h"
#include "io/clock.h"

#define RETRY_MS	250
#define RETRY_FOR_MS	10000
#define KEY_RANDOM_SIZE 16 /* bytes */

static const struct usage usage = {
	.name = "submit",
	.synopsis = "JOB [NAME=VALUE...] [--watch | --wait]",
	.text = "Starts a job, or joins the one that runs already, and prints "
		"its id.\n",
	.accepts = "WAUKJqwC",
	.arguments_min = 1,
	.arguments_max = -1,
};

/* NAME=VALUE… as an object, NULL after a message. */
static json_t *params_of(const struct options *options)
{
	json_t *params = json_object();

	for (int i = 1; i < options->argc; i++) {
		char *text = options->argv[i];
		char *equals = strchr(text, '=');

		if (equals == NULL || equals == text) {
			options_wrong(options, "\"%s\" is not NAME=VALUE",
				      text);
			goto wrong;
		}
		*equals = '\0';
		if (json_object_set_new(params, text,
					json_string(equals + 1)) != 0) {
			options_wrong(options, "%s: not UTF-8", text);
			goto wrong;
		}
	}
	return params;
wrong:
	json_decref(params);
	return NULL;
}

/* A key makes it safe to ask again when an answer got lost. */
static json_t *key_of(const struct options *options)
{
	unsigned char bytes[KEY_RANDOM_SIZE];
	char key[KEY_RANDOM_SIZE * 2 + 1];

	if (options->key != NULL)
		return json_string(options->key);
	if (sodium_init() < 0)
		return NULL;
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(key, sizeof(key), bytes, sizeof(bytes));
	return json_string(key);
}

static json_t *request_of(const struct options *options)
{
	json_t *params = params_of(options);
	json_t *request;

	if (params == NULL)
		return NULL;
	request = json_object();
	json_object_set_new(request, "type", json_string(options->argv[0]));
	json_object_set_new(request, "params", params);
	json_object_set_new(request, "key", key_of(options));
	if (options->user != NULL)
		json_object_set_new(request, "user",
				    json_string(options->user));
	return request;
}

/* Asks until there is an answer that won't change by itself. */
static int submit(struct api *api, const json_t *request)
{
	int64_t until_ms = api_deadline(api, RETRY_FOR_MS);
	bool heard = false;
	int rc;

	for (;;) {
		rc = api_ask(api, "POST", "/v1/jobs", NULL, request);
		heard = heard || rc == 0 || rc == -ECONNRESET;
		if (!api_is_passing(api, rc) || clock_ms() >= until_ms)
			break;
		/* No daemon at all: say so at once, unless told to wait. */
		if (!heard && api->deadline_ms == INT64_MAX)
			break;
		watch_pause(api, RETRY_MS);
	}
	if (rc != 0)
		return api_failed(api, rc);
	return api->response.status < 300 ? 0 : api_refused(api);
}

static int follow(struct api *api, const char *id)
{
	const struct options *options = api->options;
	enum watch_how how = WATCH_SILENT;

	if (options->json)
		how = options->watch ? WATCH_JSON : WATCH_RESULT;
	else if (options->watch && !options->quiet)
		how = WATCH_BAR;
	return watch_leave(options, id, watch_job(api, id, how));
}

static int report(struct api *api)
{
	const struct options *options = api->options;
	struct answer answer = answer_of(api->answer);
	bool follows = options->watch || options->wait;
	char id[128];

	if (*answer.id == '\0') {
		complain("the daemon's answer names no job");
		return EXIT_CODE_FAILED;
	}
	text_copy(text_of(answer.id), id, sizeof(id));
	if (options->json && !follows)
		return api_print(api);
	if (!options->json) {
		puts(id);
		fflush(stdout);
	}
	if (answer.joined && !options->quiet && !options->json)
		complain("joined a job that is there already");
	if (follows)
		return follow(api, id);
	if (!options->quiet && isatty(STDOUT_FILENO)) {
		options_hint(stderr, options, "watch", id);
		fputs(" shows how far it is\n", stderr);
	}
	return EXIT_CODE_DONE;
}

int command_submit(int argc, char **argv)
{
	struct options options;
	struct api api;
	json_t *request;
	int rc = options_parse(&options, &usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	request = request_of(&options);
	if (request == NULL)
		return EXIT_CODE_USAGE;
	rc = api_open(&api, &options);
	if (rc == 0)
		rc = submit(&api, request);
	if (rc == 0)
		rc = report(&api);
	api_close(&api);
	json_decref(request);
	return rc;
}
