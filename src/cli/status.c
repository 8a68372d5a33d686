#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

static const struct usage status_usage = {
	.name = "status",
	.synopsis = "[NAME]",
	.text = "Shows the node, its units and jobs at a glance; with NAME, "
		"that unit only.\n",
	.accepts = "Jqw",
	.arguments_max = 1,
};

static const struct usage health_usage = {
	.name = "health",
	.synopsis = "",
	.text = "Exit code 0 when the node is healthy, 3 when something "
		"meant to run is not.\n",
	.accepts = "Jqw",
	.arguments_max = 0,
};

/* Members of the status that are plain values, one line each. */
static void print_values(json_t *status)
{
	const char *name;
	json_t *value;

	json_object_foreach(status, name, value)
	{
		if (json_is_string(value)) {
			printf("%-12s ", name);
			print_plain(stdout, json_string_value(value));
			putchar('\n');
		} else if (json_is_integer(value)) {
			printf("%-12s %lld\n", name,
			       (long long)json_integer_value(value));
		} else if (json_is_boolean(value)) {
			printf("%-12s %s\n", name,
			       json_is_true(value) ? "yes" : "no");
		}
	}
}

static void print_type(const json_t *type)
{
	const json_t *param;
	size_t i;

	printf("job %s", json_text(type, "type"));
	json_array_foreach(json_object_get(type, "params"), i, param)
	{
		const char *fallback = json_text(param, "default");
		bool required =
			json_is_true(json_object_get(param, "required"));

		printf(required ? " %s=" : " [%s=", json_text(param, "name"));
		print_plain(stdout, fallback);
		printf("%s", required ? "" : "]");
	}
	if (*json_text(type, "output") != '\0') {
		printf(" -> ");
		print_plain(stdout, json_text(type, "output"));
	}
	putchar('\n');
}

/* 0, or EXIT_CODE_NO_SUCH when NAME is not among them. */
static int print_types(const json_t *status, const char *name)
{
	const json_t *type;
	size_t found = 0;
	size_t i;

	json_array_foreach(json_object_get(status, "jobs"), i, type)
	{
		if (name != NULL && strcmp(name, json_text(type, "type")) != 0)
			continue;
		print_type(type);
		found++;
	}
	if (name == NULL || found > 0)
		return 0;
	complain("nothing is called \"%s\"", name);
	return EXIT_CODE_NO_SUCH;
}

int command_status(int argc, char **argv)
{
	struct options options;
	struct api api;
	const char *name;
	int rc = options_parse(&options, &status_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	name = options.argc > 0 ? options.argv[0] : NULL;
	rc = api_open(&api, &options);
	if (rc == 0)
		rc = api_call(&api, "GET", "/v1/status", NULL);
	if (rc == 0 && options.json) {
		api_print(&api);
	} else if (rc == 0) {
		if (name == NULL)
			print_values(api.answer);
		rc = print_types(api.answer, name);
	}
	api_close(&api);
	return rc;
}

int command_health(int argc, char **argv)
{
	struct options options;
	struct api api;
	int rc = options_parse(&options, &health_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	rc = api_open(&api, &options);
	if (rc == 0) {
		rc = api_ask(&api, "GET", "/healthz", NULL, NULL);
		if (rc != 0)
			rc = api_failed(&api, rc);
		else if (api.response.status >= 300)
			rc = EXIT_CODE_DOWN;
		if (api.response.body_len > 0 && !options.quiet)
			api_print(&api);
	}
	api_close(&api);
	return rc;
}
