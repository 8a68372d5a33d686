/* handover - gives a singleton to another node, and waits until it is there. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "io/clock.h"

#define LOOK_MS	    20	  /* between two looks at it */
#define PATIENCE_MS 90000 /* unless -w says otherwise */
#define NODE_MAX    128

static const struct usage usage = {
	.name = "handover",
	.synopsis = "NAME [NODE]",
	.text = "Stops a singleton where it runs and has it go on on NODE, or "
		"on any other node\nthat can take it, and waits for that.\n",
	.accepts = "qw",
	.arguments_min = 1,
	.arguments_max = 2,
};

static void nap(void)
{
	static const struct timespec span = { 0, LOOK_MS * 1000000L };

	nanosleep(&span, NULL);
}

/* Is it where it was wished to? */
static bool has_arrived(const json_t *unit, const char *before, const char *to)
{
	const char *node = json_text(unit, "node");

	if (*node == '\0')
		return false;
	return to != NULL ? strcmp(node, to) == 0 : strcmp(node, before) != 0;
}

static int follow(struct api *api, const char *target, const char *before,
		  const char *to)
{
	int64_t deadline_ms = api_deadline(api, PATIENCE_MS);
	const char *name = api->options->argv[0];
	int rc;

	for (;;) {
		rc = api_call(api, "GET", target, NULL);
		if (rc != 0)
			return rc;
		if (has_arrived(api->answer, before, to))
			break;
		if (clock_ms() >= deadline_ms) {
			complain("%s is still %s", name,
				 json_text(api->answer, "state"));
			return EXIT_CODE_TIMEOUT;
		}
		nap();
	}
	if (!api->options->quiet) {
		printf("%s is on ", name);
		print_plain(stdout, json_text(api->answer, "node"));
		putchar('\n');
	}
	return EXIT_CODE_DONE;
}

static int hand_over(struct api *api, const char *name, const char *to)
{
	char target[API_TARGET_MAX];
	char deed[API_TARGET_MAX];
	char before[NODE_MAX];
	json_t *body = NULL;
	int rc = api_find_unit(api, name, target);

	if (rc != 0)
		return rc;
	snprintf(before, sizeof(before), "%s", json_text(api->answer, "node"));
	memcpy(deed, target, sizeof(deed));
	strncat(deed, "/handover", sizeof(deed) - strlen(deed) - 1);
	if (to != NULL)
		body = json_pack("{s:s}", "node", to);
	rc = api_call(api, "POST", deed, body);
	json_decref(body);
	return rc != 0 ? rc : follow(api, target, before, to);
}

int command_handover(int argc, char **argv)
{
	struct options options;
	struct api api;
	int rc = options_parse(&options, &usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	rc = api_open(&api, &options);
	if (rc == 0)
		rc = hand_over(&api, options.argv[0],
			       options.argc > 1 ? options.argv[1] : NULL);
	api_close(&api);
	return rc;
}
