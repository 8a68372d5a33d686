/* events - what happened on the node, and why. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

#define SHOWN_DEFAULT 20

static const struct usage events_usage = {
	.name = "events",
	.synopsis = "[-f] [-n NUMBER | -a]",
	.text = "Shows the latest events of the node, 20 of them unless told "
		"otherwise.\n",
	.accepts = "fnaJqw",
};

static void print_event(const json_t *event)
{
	printf("%s  %-15s %-16s ", json_text(event, "time"),
	       json_text(event, "event"), json_text(event, "subject"));
	print_plain(stdout, json_text(event, "text"));
	putchar('\n');
}

/* Prints what came after *AFTER, the latest MOST of them. */
static int print_after(struct api *api, int64_t *after, size_t most, bool wait)
{
	char target[API_TARGET_MAX];
	const json_t *events;
	const json_t *event;
	size_t count;
	size_t i;
	int rc;

	snprintf(target, sizeof(target), "/v1/events?after=%" PRId64 "%s",
		 *after, wait ? "&wait=25s" : "");
	rc = api_call(api, "GET", target, NULL);
	if (rc != 0)
		return rc;
	events = json_object_get(api->answer, "events");
	count = json_array_size(events);
	*after = json_number(api->answer, "after");
	json_array_foreach(events, i, event) if (i + most >= count)
		print_event(event);
	fflush(stdout);
	return 0;
}

/* To the end of what there is; the answers are bounded. */
static int print_latest(struct api *api, int64_t *after, size_t most)
{
	char target[API_TARGET_MAX];
	int64_t from = 0;
	int rc;

	for (;;) {
		snprintf(target, sizeof(target), "/v1/events?after=%" PRId64,
			 from);
		rc = api_call(api, "GET", target, NULL);
		if (rc != 0)
			return rc;
		*after = json_number(api->answer, "after");
		if (*after == from || api->options->json)
			break;
		from = *after;
	}
	if (api->options->json) {
		api_print(api);
		return 0;
	}
	*after = most < (size_t)from ? from - (int64_t)most : 0;
	return print_after(api, after, most, false);
}

static int events(struct api *api)
{
	const struct options *options = api->options;
	size_t most =
		options->number > 0 ? (size_t)options->number : SHOWN_DEFAULT;
	int64_t after = 0;
	int rc = print_latest(api, &after, options->all ? SIZE_MAX / 2 : most);

	while (rc == 0 && options->follow)
		rc = print_after(api, &after, SIZE_MAX / 2, true);
	return rc;
}

int command_events(int argc, char **argv)
{
	return api_command(&events_usage, argc, argv, events);
}
