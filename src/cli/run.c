#include "cli/command.h"

int command_run_node(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr, "holdfast: %s: nothing to run yet\n", argv[0]);
	return EXIT_CODE_FAILED;
}
