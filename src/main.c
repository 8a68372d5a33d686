/* holdfast - options to role or command. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

int main(int argc, char **argv)
{
	if (argc < 2) {
		command_usage(stderr);
		return EXIT_CODE_USAGE;
	}
	return command_run(argc - 1, argv + 1);
}
