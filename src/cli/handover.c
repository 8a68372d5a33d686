/* handover - gives a singleton to another node, and waits until it is there. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

#define NODE_MAX  128
#define TOKEN_MAX 32

static const struct usage usage = {
	.name = "handover",
	.synopsis = "NAME [NODE]",
	.text = "Stops a singleton where it runs and has it go on on NODE, or "
		"on any other node\nthat can take it, and waits for that.\n",
	.accepts = "qw",
	.arguments_min = 1,
	.arguments_max = 2,
};

/* Who has it under another token than this has been given it since. */
static bool has_moved(const json_t *unit, const void *arg)
{
	const char *token_before = arg;

	return *json_text(unit, "node") != '\0' &&
	       strcmp(json_text(unit, "token"), token_before) != 0;
}

/* It has moved, but perhaps not as it was wished. */
static int tell_end(const struct api *api, const char *before, const char *to)
{
	const char *name = api->options->argv[0];
	const char *node = json_text(api->answer, "node");

	if (to != NULL ? strcmp(node, to) != 0 : strcmp(node, before) == 0) {
		complain("%s is on %s: %s can't take it now", name, node,
			 to != NULL ? to : "no other node");
		return EXIT_CODE_FAILED;
	}
	if (!api->options->quiet) {
		printf("%s is on ", name);
		print_plain(stdout, node);
		putchar('\n');
	}
	return EXIT_CODE_DONE;
}

static int hand_over(struct api *api)
{
	const struct options *options = api->options;
	const char *name = options->argv[0];
	const char *to = options->argc > 1 ? options->argv[1] : NULL;
	char before[NODE_MAX];
	char token[TOKEN_MAX];
	char target[API_TARGET_MAX];
	char path[API_TARGET_MAX];
	json_t *body = NULL;
	int rc = api_find_unit(api, name, target);

	if (rc != 0)
		return rc;
	snprintf(before, sizeof(before), "%s", json_text(api->answer, "node"));
	snprintf(token, sizeof(token), "%s", json_text(api->answer, "token"));
	if (to != NULL && strcmp(to, before) == 0)
		return tell_end(api, "", to);
	memcpy(path, target, sizeof(path));
	strncat(path, "/handover", sizeof(path) - strlen(path) - 1);
	if (to != NULL)
		body = json_pack("{s:s}", "node", to);
	rc = api_call(api, "POST", path, body);
	json_decref(body);
	if (rc == 0)
		rc = api_follow_unit(api, name, target, has_moved, token);
	return rc != 0 ? rc : tell_end(api, before, to);
}

int command_handover(int argc, char **argv)
{
	return api_command(&usage, argc, argv, hand_over);
}
