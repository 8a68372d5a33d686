#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

#define AHEAD_TOLD_S 60 /* less is a clock that is being adjusted */

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

static long long number(const json_t *object, const char *name)
{
	return (long long)json_number(object, name);
}

static bool is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* What keeps the node from being all right, NULL if nothing does. */
static const char *trouble_of(const json_t *status)
{
	if (number(status, "storage") != 0)
		return strerror((int)number(status, "storage"));
	if (!is_true(status, "ready"))
		return "takes no jobs yet";
	return NULL;
}

/* How many of the node's processes are not running or not well. */
static size_t print_roles(const json_t *roles)
{
	const json_t *role;
	size_t bad = 0;
	size_t i;

	json_array_foreach(roles, i, role)
	{
		long long restarts = number(role, "restarts");
		long long health = number(role, "health");
		bool is_gone = number(role, "pid") == 0;

		printf(i == 0 ? "roles     %s" : ", %s",
		       json_text(role, "role"));
		if (restarts > 0)
			printf(" (%lld restarts)", restarts);
		if (is_gone)
			printf(" not running");
		if (health != 0)
			printf(": %s", strerror((int)health));
		bad += is_gone || health != 0;
	}
	if (i > 0)
		putchar('\n');
	return bad;
}

/* What stands in the files is not what is in effect. */
static void print_refused(const json_t *status)
{
	const json_t *reloads = json_object_get(status, "reloads");
	const char *since = json_text(reloads, "refused_at");
	const char *waiting = json_text(reloads, "at_next_start");

	if (*waiting != '\0') {
		printf("config    changed at the next start of the node: ");
		print_plain(stdout, waiting);
		putchar('\n');
	}
	if (*since == '\0')
		return;
	printf("config    the reload of %s was refused, what was in effect "
	       "before still is;\n          `holdfast check ",
	       since);
	print_plain(stdout, json_text(status, "config"));
	printf("` tells why\n");
}

/* False when this node is not in. */
static bool print_cluster(const json_t *cluster)
{
	const char *leader = json_text(cluster, "leader");
	const char *why = json_text(cluster, "why_not_in");

	if (!json_is_object(cluster))
		return true;
	printf("cluster   ");
	print_plain(stdout, json_text(cluster, "name"));
	if (*leader != '\0')
		printf(", %s leads, epoch %lld", leader,
		       number(cluster, "epoch"));
	else
		printf(", nobody leads yet");
	printf(", nodes alive: %lld", number(cluster, "alive"));
	if (*why != '\0')
		printf("; not in: %s", why);
	putchar('\n');
	return *why == '\0';
}

/* 0, or EXIT_CODE_DOWN. */
static int print_node(const json_t *status)
{
	const char *trouble = trouble_of(status);
	bool is_in;
	size_t bad;

	printf("node      ");
	print_plain(stdout, json_text(status, "node"));
	printf(", holdfast %s, %s%s\n", json_text(status, "version"),
	       trouble != NULL ? trouble : "ready",
	       is_true(status, "draining") ? ", draining" : "");
	printf("jobs      %lld running, %lld waiting",
	       number(status, "running"), number(status, "pending"));
	if (json_object_get(status, "kept") != NULL)
		printf(", %lld kept; %lld at once", number(status, "kept"),
		       number(status, "workers"));
	putchar('\n');
	is_in = print_cluster(json_object_get(status, "cluster"));
	bad = print_roles(json_object_get(status, "roles"));
	print_refused(status);
	return !is_in || trouble != NULL || bad > 0 ? EXIT_CODE_DOWN : 0;
}

static void print_type(const json_t *type)
{
	const json_t *param;
	size_t i;

	printf("offers    %s", json_text(type, "type"));
	json_array_foreach(json_object_get(type, "params"), i, param)
	{
		const char *fallback = json_text(param, "default");
		bool required = is_true(param, "required");

		printf(required ? " %s=" : " [%s=", json_text(param, "name"));
		print_plain(stdout, fallback);
		printf("%s", required ? "" : "]");
	}
	if (*json_text(type, "output") != '\0') {
		printf(" -> ");
		print_plain(stdout, json_text(type, "output"));
	}
	if (is_true(type, "differs"))
		printf(", nodes define it differently");
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

static void print_service(const json_t *unit)
{
	const char *state = json_text(unit, "state");
	const char *words = json_text(unit, "status");
	long long starts = number(unit, "starts");

	printf("service   %-16s %-10s", json_text(unit, "name"), state);
	if (number(unit, "pid") > 0)
		printf(" pid %lld", number(unit, "pid"));
	if (starts > 1)
		printf(", started %lld times, last exit %lld", starts,
		       number(unit, "exit"));
	if (strcmp(state, "failed") == 0 || *words == '\0')
		words = json_text(unit, "words");
	if (*words != '\0') {
		printf(": ");
		print_plain(stdout, words);
	}
	putchar('\n');
}

static void print_single(const json_t *unit)
{
	const json_t *last = json_object_get(unit, "last");
	const char *state = json_text(unit, "state");
	const char *next = json_text(unit, "next");

	printf("singleton %-16s %-10s", json_text(unit, "name"), state);
	if (strcmp(state, "elsewhere") == 0)
		printf(" on %s", json_text(unit, "node"));
	if (number(unit, "pid") > 0)
		printf(" pid %lld", number(unit, "pid"));
	printf(" %s", json_text(unit, "when"));
	if (*next != '\0')
		printf(", next %s", next);
	if (number(unit, "ahead_s") >= AHEAD_TOLD_S)
		printf(", the clock was set back by %lld s",
		       number(unit, "ahead_s"));
	if (json_is_true(json_object_get(unit, "differs")))
		printf(", nodes define it differently");
	if (number(unit, "missed") > 0)
		printf(", missed %lld", number(unit, "missed"));
	if (json_is_object(last) &&
	    strcmp(json_text(last, "how"), "done") != 0) {
		printf(", last %s exit %lld", json_text(last, "how"),
		       number(last, "exit"));
		if (*json_text(last, "words") != '\0') {
			printf(": ");
			print_plain(stdout, json_text(last, "words"));
		}
	}
	putchar('\n');
}

/* Prints the units of the answer's list NAMED, or the one called NAME; *FOUND
 * counts them.  0, or EXIT_CODE_DOWN when one that should run does not.
 */
static int print_units(struct api *api, const char *named, const char *name,
		       size_t *found)
{
	bool single = strcmp(named, "singletons") == 0;
	const json_t *unit;
	int down = 0;
	size_t i;

	json_array_foreach(json_object_get(api->answer, named), i, unit)
	{
		const char *state = json_text(unit, "state");

		if (name != NULL && strcmp(name, json_text(unit, "name")) != 0)
			continue;
		if (single)
			print_single(unit);
		else
			print_service(unit);
		(*found)++;
		if (strcmp(state, "failed") == 0 ||
		    strcmp(state, "restarting") == 0)
			down = EXIT_CODE_DOWN;
	}
	return down;
}

/* For operators alone; the others see the node and what it offers. */
static int print_kind(struct api *api, const char *kind, const char *name,
		      size_t *found)
{
	char target[API_TARGET_MAX] = "/v1/";
	int rc;

	target_add(target, kind);
	rc = api_ask(api, "GET", target, NULL, NULL);
	if (rc != 0)
		return api_failed(api, rc);
	return api->response.status == 200 ? print_units(api, kind, name, found)
					   : 0;
}

static int print_all(struct api *api, const char *name)
{
	json_t *status = json_incref(api->answer);
	int down = name == NULL ? print_node(status) : 0;
	size_t found = 0;
	int rc;

	rc = print_kind(api, "services", name, &found);
	down = down != 0 ? down : rc;
	rc = print_kind(api, "singletons", name, &found);
	down = down != 0 ? down : rc;
	rc = found > 0 && name != NULL ? 0 : print_types(status, name);
	json_decref(status);
	return rc != 0 ? rc : down;
}

static int status(struct api *api)
{
	const struct options *options = api->options;
	int rc = api_call(api, "GET", "/v1/status", NULL);

	if (rc == 0 && options->json)
		api_print(api);
	else if (rc == 0)
		rc = print_all(api,
			       options->argc > 0 ? options->argv[0] : NULL);
	return rc;
}

int command_status(int argc, char **argv)
{
	return api_command(&status_usage, argc, argv, status);
}

/* What is alive may wait for its storage, or its lease: no ill health, but to
 * be told.
 */
static void tell_readiness(struct api *api)
{
	if (api_ask(api, "GET", "/readyz", NULL, NULL) == 0 &&
	    api->response.status >= 300) {
		printf("not ready: ");
		print_plain(stdout, json_text(api->answer, "detail"));
		putchar('\n');
	}
}

static int health(struct api *api)
{
	const struct options *options = api->options;
	int rc = api_ask(api, "GET", "/healthz", NULL, NULL);

	if (rc != 0)
		rc = api_failed(api, rc);
	else if (api->response.status >= 300)
		rc = EXIT_CODE_DOWN;
	if (api->response.body_len > 0 && !options->quiet)
		api_print(api);
	if (rc == 0 && !options->quiet && !options->json)
		tell_readiness(api);
	return rc;
}

int command_health(int argc, char **argv)
{
	return api_command(&health_usage, argc, argv, health);
}
