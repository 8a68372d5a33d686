#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "io/clock.h"

#define PAGE_LIMIT 100

static const struct usage jobs_usage = {
	.name = "jobs",
	.synopsis = "[--type JOB] [--user U] [--state STATE] [-n NUMBER | -a]",
	.text = "Lists jobs, newest first; 20 of them unless told otherwise.\n",
	.accepts = "TUSnaJqw",
	.arguments_max = 0,
};

static const struct usage cancel_usage = {
	.name = "cancel",
	.synopsis = "ID",
	.text = "Stops a job.  One that has ended is forgotten, with its "
		"file.\n",
	.accepts = "Jqw",
	.arguments_min = 1,
	.arguments_max = 1,
};

/* "3s", "12m", "5h", "9d" since MS. */
static void age_text(int64_t ms, char *buf, size_t cap)
{
	long long s = ms > 0 ? (clock_wall_ms() - ms) / 1000 : 0;

	if (s < 0)
		s = 0;
	if (s < 120)
		snprintf(buf, cap, "%llds", s);
	else if (s < 120 * 60)
		snprintf(buf, cap, "%lldm", s / 60);
	else if (s < 48 * 3600)
		snprintf(buf, cap, "%lldh", s / 3600);
	else
		snprintf(buf, cap, "%lldd", s / 86400);
}

/* The last column: what it says, what came of it, why it failed. */
static void print_words(const struct answer *answer)
{
	char size[32];

	if (strcmp(answer->state, "ready") == 0 &&
	    *answer->output_name != '\0') {
		size_text(answer->output_size, size, sizeof(size));
		print_plain(stdout, answer->output_name);
		printf(", %s", size);
	} else if (strcmp(answer->state, "error") == 0) {
		print_plain(stdout, *answer->error_detail != '\0'
					    ? answer->error_detail
					    : answer->error_title);
	} else {
		print_plain(stdout, answer->message);
	}
	putchar('\n');
}

static void print_job(const json_t *job)
{
	struct answer answer = answer_of(job);
	char age[16];
	char percent[16] = "-";

	age_text(answer.created_ms, age, sizeof(age));
	if (answer.percent >= 0)
		snprintf(percent, sizeof(percent), "%d%%", (int)answer.percent);
	printf("%-26s  %-12s %-10s %4s  %4s  ", answer.id, answer.type,
	       answer.state, percent, age);
	print_words(&answer);
}

static void add_filter(char *target, const char *name, const char *value)
{
	size_t len = strlen(target);

	if (value == NULL)
		return;
	snprintf(target + len, API_TARGET_MAX - len, "&%s=", name);
	target_add(target, value);
}

/* Prints one page; the id to go on after is copied to AFTER. */
static int print_page(struct api *api, long limit, char *after, size_t cap,
		      long *printed)
{
	const struct options *options = api->options;
	char target[API_TARGET_MAX];
	const json_t *job;
	size_t i;
	int rc;

	snprintf(target, sizeof(target), "/v1/jobs?limit=%ld", limit);
	add_filter(target, "type", options->type);
	add_filter(target, "user", options->user);
	add_filter(target, "state", options->state);
	add_filter(target, "after", *after != '\0' ? after : NULL);
	rc = api_call(api, "GET", target, NULL);
	if (rc != 0)
		return rc;
	if (options->json) {
		api_print(api);
	} else {
		json_array_foreach(json_object_get(api->answer, "jobs"), i, job)
		{
			if ((*printed)++ == 0 && !options->quiet)
				printf("%-26s  %-12s %-10s %4s  %4s\n", "ID",
				       "TYPE", "STATE", "", "AGE");
			print_job(job);
		}
	}
	text_copy(text_of(json_text(api->answer, "next")), after, cap);
	return 0;
}

static int print_jobs(struct api *api)
{
	const struct options *options = api->options;
	long left = options->number > 0 ? options->number : 20;
	char after[128] = "";
	long printed = 0;
	int rc;

	do {
		long limit =
			options->all || left > PAGE_LIMIT ? PAGE_LIMIT : left;

		rc = print_page(api, limit, after, sizeof(after), &printed);
		left -= limit;
	} while (rc == 0 && *after != '\0' && (options->all || left > 0));
	if (rc == 0 && printed == 0 && !options->json && !options->quiet)
		puts("no jobs");
	return rc;
}

int command_jobs(int argc, char **argv)
{
	return api_command(&jobs_usage, argc, argv, print_jobs);
}

/* One that has ended and is shown once more will be forgotten. */
static const char *what_becomes_of(const struct api *api)
{
	struct answer answer = answer_of(api->answer);

	if (api->response.status == 204)
		return "forgotten";
	if (strcmp(answer.state, "ready") == 0 ||
	    strcmp(answer.state, "error") == 0)
		return "forgetting";
	return "cancelling";
}

static int cancel(struct api *api)
{
	const struct options *options = api->options;
	char target[API_TARGET_MAX] = "/v1/jobs/";
	int rc;

	target_add(target, options->argv[0]);
	rc = api_call(api, "DELETE", target, NULL);
	if (rc == 0 && options->json && api->answer != NULL)
		api_print(api);
	else if (rc == 0 && !options->quiet)
		printf("%s %s\n", options->argv[0], what_becomes_of(api));
	return rc;
}

int command_cancel(int argc, char **argv)
{
	return api_command(&cancel_usage, argc, argv, cancel);
}
