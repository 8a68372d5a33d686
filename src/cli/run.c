#include "cli/command.h"
#include "cli/options.h"
#include "io/conffile.h"
#include "roles/heritage.h"

static const struct usage run_usage = {
	.name = "run",
	.synopsis = "",
	.text = "Is a node, in the foreground, until it is told to stop.\n",
	.accepts = "",
	.arguments_max = 0,
};

int command_run_node(int argc, char **argv)
{
	struct options options;
	struct config *config;
	int rc = options_parse(&options, &run_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (conffile_load(options.config, &config, stderr) != 0)
		return EXIT_CODE_USAGE;
	/* The words of argv make room for the title of the process. */
	return guardian_main(config,
			     options.config != NULL ? config->path : NULL);
}
