/* logs - what a service or a job printed. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "core/job.h"

#define LINES_DEFAULT 20
#define LINES_ALL     100000
#define LOOK_MS	      300
#define KNOWN_MAX     512 /* bytes by which what was shown is found again */

static const struct usage logs_usage = {
	.name = "logs",
	.synopsis = "[-f] [-n LINES | -a] NAME|ID",
	.text = "Shows what a service, a singleton or a job printed; the last "
		"20 lines unless\ntold otherwise.\n",
	.accepts = "fnaqw",
	.arguments_min = 1,
	.arguments_max = 1,
};

struct logs {
	struct api api;
	const char *name;
	bool is_job;
	char target[API_TARGET_MAX];
	char known[KNOWN_MAX]; /* the end of what was shown */
	size_t known_len;
};

/* Finds what is called so. */
static int find(struct logs *logs)
{
	if (!logs->is_job)
		return api_find_unit(&logs->api, logs->name, logs->target);
	snprintf(logs->target, sizeof(logs->target), "/v1/jobs/");
	target_add(logs->target, logs->name);
	return 0;
}

static int ask(struct logs *logs, long lines)
{
	char target[API_TARGET_MAX];
	char rest[32];

	memcpy(target, logs->target, sizeof(target));
	snprintf(rest, sizeof(rest), "/log?tail=%ld", lines);
	strncat(target, rest, sizeof(target) - strlen(target) - 1);
	return api_call(&logs->api, "GET", target, NULL);
}

/* What of TEXT has not been shown: all of it if nothing is found again. */
static struct text new_part(const struct logs *logs, struct text text)
{
	size_t len = logs->known_len;

	if (len == 0)
		return text;
	for (size_t at = text.len; at >= len; at--)
		if (memcmp(text.at + at - len, logs->known, len) == 0)
			return (struct text){ text.at + at, text.len - at };
	return text;
}

static void show(struct logs *logs)
{
	struct text text = { logs->api.response.body,
			     logs->api.response.body_len };
	size_t len = text.len < KNOWN_MAX ? text.len : KNOWN_MAX;
	struct text part = new_part(logs, text);

	fwrite(part.at, 1, part.len, stdout);
	fflush(stdout);
	if (len == 0)
		return;
	memcpy(logs->known, text.at + text.len - len, len);
	logs->known_len = len;
}

/* Has the job ended?  An answer that does not come says no. */
static bool has_ended(struct logs *logs)
{
	enum job_state state;

	if (!logs->is_job)
		return false;
	if (api_ask(&logs->api, "GET", logs->target, NULL, NULL) != 0)
		return false;
	state = job_state_of(text_of(json_text(logs->api.answer, "state")));
	return state >= JOB_READY;
}

static int follow(struct logs *logs)
{
	static const struct timespec span = { 0, LOOK_MS * 1000000L };
	bool ended;
	int rc;

	do {
		ended = has_ended(logs);
		nanosleep(&span, NULL);
		rc = ask(logs, LINES_ALL);
		if (rc == 0)
			show(logs);
	} while (rc == 0 && !ended);
	return rc;
}

int command_logs(int argc, char **argv)
{
	struct options options;
	struct logs logs = { .known_len = 0 };
	long lines;
	int rc = options_parse(&options, &logs_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	lines = options.number > 0 ? options.number : LINES_DEFAULT;
	logs.name = options.argv[0];
	logs.is_job = job_id_is_valid(text_of(logs.name));
	rc = api_open(&logs.api, &options);
	if (rc == 0)
		rc = find(&logs);
	if (rc == 0)
		rc = ask(&logs, options.all ? LINES_ALL : lines);
	if (rc == 0)
		show(&logs);
	if (rc == 0 && options.follow)
		rc = follow(&logs);
	api_close(&logs.api);
	return rc;
}
