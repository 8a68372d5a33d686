/* command - what `holdfast NAME …` does. */
#ifndef HOLDFAST_CLI_COMMAND_H
#define HOLDFAST_CLI_COMMAND_H

#include <stdio.h>

/* INTERFACE section 2. */
enum exit_code {
	EXIT_CODE_DONE = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_DOWN = 3,
	EXIT_CODE_NO_DAEMON = 4,
	EXIT_CODE_NO_SUCH = 5,
	EXIT_CODE_NOT_ALLOWED = 6,
	EXIT_CODE_TIMEOUT = 7,
};

/* ARGV[0] is the command's name.  Each returns an exit code. */
typedef int command_fn(int argc, char **argv);

command_fn command_cancel;
command_fn command_check;
command_fn command_checkpoint;
command_fn command_demo;
command_fn command_disable;
command_fn command_drain;
command_fn command_enable;
command_fn command_events;
command_fn command_fetch;
command_fn command_handover;
command_fn command_health;
command_fn command_init;
command_fn command_jobs;
command_fn command_lease;
command_fn command_logs;
command_fn command_names;
command_fn command_nodes;
command_fn command_probe;
command_fn command_progress;
command_fn command_reload;
command_fn command_restart;
command_fn command_run_node;
command_fn command_start;
command_fn command_status;
command_fn command_stop;
command_fn command_submit;
command_fn command_undrain;
command_fn command_wait;
command_fn command_watch;
command_fn command_whereis;

void command_usage(FILE *file);
int command_run(int argc, char **argv);

#endif
