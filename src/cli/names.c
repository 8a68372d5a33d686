/* names - where services and singletons are. */
#define _GNU_SOURCE
#include <stdio.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

static const struct usage names_usage = {
	.name = "names",
	.synopsis = "",
	.text = "Lists services and singletons: kind, state, node and the "
		"address each told.\n",
	.accepts = "Jqw",
};
static const struct usage whereis_usage = {
	.name = "whereis",
	.synopsis = "NAME",
	.text = "Prints the node a service or singleton runs on, and the "
		"address it told.\n",
	.accepts = "Jqw",
	.arguments_min = 1,
	.arguments_max = 1,
};

static void print_place(const json_t *name)
{
	print_plain(stdout, json_text(name, "node"));
	if (*json_text(name, "address") != '\0') {
		putchar(' ');
		print_plain(stdout, json_text(name, "address"));
	}
	putchar('\n');
}

static void print_names(const json_t *answer)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(answer, "names"), i, name)
	{
		printf("%-16s %-9s %-10s ", json_text(name, "name"),
		       json_text(name, "kind"), json_text(name, "state"));
		print_place(name);
	}
}

static int names(struct api *api)
{
	int rc = api_call(api, "GET", "/v1/names", NULL);

	if (rc == 0 && api->options->json)
		api_print(api);
	else if (rc == 0)
		print_names(api->answer);
	return rc;
}

int command_names(int argc, char **argv)
{
	return api_command(&names_usage, argc, argv, names);
}

static int whereis(struct api *api)
{
	const char *name = api->options->argv[0];
	char target[API_TARGET_MAX] = "/v1/names/";
	int rc;

	target_add(target, name);
	rc = api_call(api, "GET", target, NULL);
	if (rc == 0 && api->options->json) {
		api_print(api);
	} else if (rc == 0 && *json_text(api->answer, "node") == '\0') {
		complain("%s runs nowhere: it is %s", name,
			 json_text(api->answer, "state"));
		rc = EXIT_CODE_DOWN;
	} else if (rc == 0) {
		print_place(api->answer);
	}
	return rc;
}

int command_whereis(int argc, char **argv)
{
	return api_command(&whereis_usage, argc, argv, whereis);
}
