/* act - commands by which an operator tells the node, or a unit, what to do. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"
#include "core/config.h"
#include "io/clock.h"
#include "io/conffile.h"

#define PATIENCE_MS 90000 /* unless -w says otherwise */
#define STAMP_MAX   64

#define UNIT_USAGE(NAME, TEXT)                                           \
	{                                                                \
		.name = (NAME), .synopsis = "NAME...", .text = (TEXT),   \
		.accepts = "qw", .arguments_min = 1, .arguments_max = -1 \
	}

static const struct usage start_usage = UNIT_USAGE(
	"start",
	"Starts services and singletons, and waits until they are ready.\n"
	"One with times runs at once, besides its times.\n");
static const struct usage stop_usage = UNIT_USAGE(
	"stop",
	"Stops services and singletons until they are told to start, and "
	"waits.\n");
static const struct usage restart_usage = UNIT_USAGE(
	"restart",
	"Stops services and singletons, starts them again, and waits.\n");
static const struct usage enable_usage = UNIT_USAGE(
	"enable", "Lets services and singletons start, now and after every "
		  "restart of the node.\n");
static const struct usage disable_usage = UNIT_USAGE(
	"disable",
	"Stops services and singletons, also after every restart of the "
	"node.\n");
static const struct usage reload_usage = {
	.name = "reload",
	.synopsis = "",
	.text = "Has the node read its configuration again: all of it, or "
		"nothing.\n",
	.accepts = "qw",
};
static const struct usage drain_usage = {
	.name = "drain",
	.synopsis = "",
	.text = "Has the node give up its jobs and singletons and take no "
		"more.\n",
	.accepts = "qw",
};
static const struct usage undrain_usage = {
	.name = "undrain",
	.synopsis = "",
	.text = "Has the node take jobs and singletons again.\n",
	.accepts = "qw",
};

/* ---- units ---- */

static bool is_one_of(const char *state, const char *const *states)
{
	for (; *states != NULL; states++)
		if (strcmp(state, *states) == 0)
			return true;
	return false;
}

/* When it was started: a service, or a singleton, the latest time. */
static const char *start_of(const json_t *unit)
{
	return json_text(unit, json_object_get(unit, "when") != NULL
				       ? "began"
				       : "started");
}

static bool is_timed(const json_t *unit)
{
	const char *when = json_text(unit, "when");

	return *when != '\0' && strcmp(when, "always") != 0;
}

struct deed {
	const char *action;
	char before[STAMP_MAX]; /* when the unit had been started by then */
};

/* Has it come where the deed leads? */
static bool has_arrived(const json_t *unit, const void *arg)
{
	static const char *const up[] = { "ready",   "done",	  "failed",
					  "running", "elsewhere", NULL };
	static const char *const down[] = { "stopped", "disabled", "done",
					    "failed", NULL };
	const struct deed *deed = arg;
	const char *action = deed->action;
	const char *state = json_text(unit, "state");

	if (strcmp(action, "stop") == 0 || strcmp(action, "disable") == 0)
		return is_one_of(state, down);
	if (strcmp(action, "restart") == 0 &&
	    strcmp(start_of(unit), deed->before) == 0)
		return false;
	/* It may have run, and ended, since we asked. */
	if (is_timed(unit) && strcmp(state, "waiting") == 0)
		return strcmp(action, "enable") == 0 ||
		       strcmp(start_of(unit), deed->before) != 0;
	return is_one_of(state, up);
}

/* The exit code for the state UNIT has come to. */
static int judge(const json_t *unit, const char *name)
{
	/* Of a singleton that is told with its latest end. */
	const json_t *last = json_object_get(unit, "last");
	const json_t *end = json_is_object(last) ? last : unit;
	const char *words = json_text(end, "words");

	if (strcmp(json_text(unit, "state"), "failed") != 0)
		return EXIT_CODE_DONE;
	complain("%s failed, exit %lld%s%s", name,
		 (long long)json_number(end, "exit"),
		 *words != '\0' ? ": " : "", words);
	return EXIT_CODE_DOWN;
}

static int act_on(struct api *api, const char *action, const char *name)
{
	struct deed deed = { .action = action };
	char target[API_TARGET_MAX];
	char path[API_TARGET_MAX];
	int rc = api_find_unit(api, name, target);

	if (rc != 0)
		return rc;
	snprintf(deed.before, sizeof(deed.before), "%s", start_of(api->answer));
	memcpy(path, target, sizeof(path));
	strncat(path, "/", sizeof(path) - strlen(path) - 1);
	target_add(path, action);
	rc = api_call(api, "POST", path, NULL);
	if (rc == 0)
		rc = api_follow_unit(api, name, target, has_arrived, &deed);
	if (rc != 0)
		return rc;
	if (!api->options->quiet)
		printf("%s %s\n", name, json_text(api->answer, "state"));
	return judge(api->answer, name);
}

static int act_on_all(struct api *api)
{
	const struct options *options = api->options;
	int worst = 0;

	for (int i = 0; worst != EXIT_CODE_NO_DAEMON && i < options->argc;
	     i++) {
		int rc = act_on(api, options->usage->name, options->argv[i]);

		if (worst == 0)
			worst = rc;
	}
	return worst;
}

int command_start(int argc, char **argv)
{
	return api_command(&start_usage, argc, argv, act_on_all);
}

int command_stop(int argc, char **argv)
{
	return api_command(&stop_usage, argc, argv, act_on_all);
}

int command_restart(int argc, char **argv)
{
	return api_command(&restart_usage, argc, argv, act_on_all);
}

int command_enable(int argc, char **argv)
{
	return api_command(&enable_usage, argc, argv, act_on_all);
}

int command_disable(int argc, char **argv)
{
	return api_command(&disable_usage, argc, argv, act_on_all);
}

/* ---- the node ---- */

/* The node refused.  Its mistakes are shown here, where they can be seen, if
 * the file says the same here: a path may be relative, the file closed to us,
 * the environment another.
 */
static int show_mistakes(const json_t *status)
{
	const char *path = json_text(status, "config");
	struct config *config = NULL;
	bool is_known = *path == '/' && access(path, R_OK) == 0 &&
			conffile_load(path, &config, stderr) != 0;

	conffile_free(config);
	complain("the node refused it and goes on as before%s",
		 is_known ? "" : "; its log says why");
	return is_known ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static int64_t reloads_of(const json_t *status, const char *name)
{
	return json_number(json_object_get(status, "reloads"), name);
}

static void print_reloaded(const struct api *api)
{
	const char *waiting = json_text(json_object_get(api->answer, "reloads"),
					"at_next_start");

	if (api->options->quiet)
		return;
	fputs(*waiting == '\0' ? "reloaded"
			       : "reloaded; at the next start of the node: ",
	      stdout);
	print_plain(stdout, waiting);
	putchar('\n');
}

static int follow_reload(struct api *api, int64_t done, int64_t refused)
{
	int64_t deadline_ms = api_deadline(api, PATIENCE_MS);
	int rc;

	do {
		api_nap();
		rc = api_call(api, "GET", "/v1/status", NULL);
		if (rc != 0)
			return rc;
		if (reloads_of(api->answer, "refused") != refused)
			return show_mistakes(api->answer);
		if (reloads_of(api->answer, "done") != done) {
			print_reloaded(api);
			return EXIT_CODE_DONE;
		}
	} while (clock_ms() < deadline_ms);
	complain("the node has not answered yet");
	return EXIT_CODE_TIMEOUT;
}

static int reload(struct api *api)
{
	int64_t refused;
	int64_t done;
	int rc = api_call(api, "GET", "/v1/status", NULL);

	if (rc != 0)
		return rc;
	done = reloads_of(api->answer, "done");
	refused = reloads_of(api->answer, "refused");
	rc = api_call(api, "POST", "/v1/reload", NULL);
	return rc != 0 ? rc : follow_reload(api, done, refused);
}

int command_reload(int argc, char **argv)
{
	return api_command(&reload_usage, argc, argv, reload);
}

static int drain(struct api *api)
{
	return api_call(api, "POST", "/v1/node/drain", NULL);
}

int command_drain(int argc, char **argv)
{
	return api_command(&drain_usage, argc, argv, drain);
}

static int undrain(struct api *api)
{
	return api_call(api, "POST", "/v1/node/undrain", NULL);
}

int command_undrain(int argc, char **argv)
{
	return api_command(&undrain_usage, argc, argv, undrain);
}
