#include "cli/command.h"

#include <stdbool.h>
#include <string.h>

#include "cli/options.h"
#include "config.h"

struct command {
	const char *name;
	command_fn *fn;
	const char *usage;
};

static const struct command commands[] = {
	{ "run", command_run_node, "be a node, in the foreground" },
	{ "check", command_check, "test the configuration" },
	{ "init", command_init, "print a starter configuration" },
	{ "demo", command_demo, "a node with example jobs, until Ctrl-C" },
	{ "status", command_status, "the node and what it offers" },
	{ "health", command_health, "is it well? for HEALTHCHECK" },
	{ "nodes", command_nodes, "the cluster as seen from here" },
	{ "names", command_names, "where services and singletons are" },
	{ "whereis", command_whereis, "where one of them is" },
	{ "start", command_start, "start services and singletons" },
	{ "stop", command_stop, "stop them until told to start" },
	{ "restart", command_restart, "stop them and start them again" },
	{ "enable", command_enable, "let them start, kept over restarts" },
	{ "disable", command_disable, "let them not start" },
	{ "reload", command_reload, "read the configuration again" },
	{ "handover", command_handover, "give a singleton to another node" },
	{ "drain", command_drain, "give up jobs and singletons, take no more" },
	{ "undrain", command_undrain, "take them again" },
	{ "logs", command_logs, "what a unit or a job printed" },
	{ "events", command_events, "what happened, and why" },
	{ "probe", command_probe, "is a directory fit to be shared?" },
	{ "lease", command_lease, "what is in a lease file" },
	{ "submit", command_submit, "start a job" },
	{ "watch", command_watch, "show how far a job is until it ends" },
	{ "wait", command_wait, "wait until a job ends" },
	{ "fetch", command_fetch, "get the file a job made" },
	{ "jobs", command_jobs, "list jobs" },
	{ "cancel", command_cancel, "stop a job, or forget an ended one" },
	{ "progress", command_progress, "inside a unit: tell how far it is" },
	{ "checkpoint", command_checkpoint,
	  "inside a unit: keep state for the next attempt" },
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

void command_usage(FILE *file)
{
	fprintf(file, "usage: holdfast COMMAND [OPTION...] [ARGUMENT...]\n"
		      "       holdfast help [COMMAND]\n\n");
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		fprintf(file, "  %-10s %s\n", commands[i].name,
			commands[i].usage);
	fprintf(file, "\nholdfast %s\n", PACKAGE_VERSION);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int complain_of(const char *name)
{
	complain("no command \"%s\"; `holdfast help` lists them", name);
	return EXIT_CODE_USAGE;
}

static bool is_any(const char *word, const char *one, const char *other,
		   const char *third)
{
	return strcmp(word, one) == 0 || strcmp(word, other) == 0 ||
	       strcmp(word, third) == 0;
}

static bool is_help(const char *word)
{
	return is_any(word, "help", "--help", "-h");
}

/* Of NAME, or with NULL of them all. */
static int help(char *name)
{
	const struct command *command = name != NULL ? find(name) : NULL;
	char option[] = "-h";
	char *asked[] = { name, option, NULL };

	if (command != NULL)
		return command->fn(2, asked);
	if (name != NULL && !is_help(name))
		return complain_of(name);
	command_usage(stdout);
	return EXIT_CODE_DONE;
}

int command_run(int argc, char **argv)
{
	const struct command *command = find(argv[0]);

	if (command != NULL)
		return command->fn(argc, argv);
	if (is_help(argv[0]))
		return help(argc > 1 ? argv[1] : NULL);
	if (is_any(argv[0], "version", "--version", "-V")) {
		printf("holdfast %s\n", PACKAGE_VERSION);
		return EXIT_CODE_DONE;
	}
	return complain_of(argv[0]);
}
