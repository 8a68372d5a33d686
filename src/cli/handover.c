/* handover - gives a singleton to another node, and waits until it is there. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

#define NODE_MAX 128

static const struct usage usage = {
	.name = "handover",
	.synopsis = "NAME [NODE]",
	.text = "Stops a singleton where it runs and has it go on on NODE, or "
		"on any other node\nthat can take it, and waits for that.\n",
	.accepts = "qw",
	.arguments_min = 1,
	.arguments_max = 2,
};

struct move {
	char before[NODE_MAX]; /* the node it was on */
	const char *to;	       /* NULL = any other */
};

/* Is it where it was wished to? */
static bool has_arrived(const json_t *unit, const void *arg)
{
	const struct move *move = arg;
	const char *node = json_text(unit, "node");

	if (*node == '\0')
		return false;
	return move->to != NULL ? strcmp(node, move->to) == 0
				: strcmp(node, move->before) != 0;
}

static int hand_over(struct api *api)
{
	const struct options *options = api->options;
	const char *name = options->argv[0];
	struct move move = { .to = options->argc > 1 ? options->argv[1]
						     : NULL };
	char target[API_TARGET_MAX];
	char path[API_TARGET_MAX];
	json_t *body = NULL;
	int rc = api_find_unit(api, name, target);

	if (rc != 0)
		return rc;
	snprintf(move.before, sizeof(move.before), "%s",
		 json_text(api->answer, "node"));
	memcpy(path, target, sizeof(path));
	strncat(path, "/handover", sizeof(path) - strlen(path) - 1);
	if (move.to != NULL)
		body = json_pack("{s:s}", "node", move.to);
	rc = api_call(api, "POST", path, body);
	json_decref(body);
	if (rc == 0)
		rc = api_follow_unit(api, name, target, has_arrived, &move);
	if (rc == 0 && !options->quiet) {
		printf("%s is on ", name);
		print_plain(stdout, json_text(api->answer, "node"));
		putchar('\n');
	}
	return rc;
}

int command_handover(int argc, char **argv)
{
	return api_command(&usage, argc, argv, hand_over);
}
