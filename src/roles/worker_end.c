/* worker_end - how the command ended, as its owner is told. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "roles/worker_parts.h"

#define EXIT_LATER 75 /* EX_TEMPFAIL of sysexits.h */

int32_t worker_exit_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

bool worker_is_ok(const struct worker *worker, int32_t exit)
{
	for (size_t i = 0; i < worker->spec.ok_exit_count; i++)
		if (worker->spec.ok_exit[i] == exit)
			return true;
	return exit == 0;
}

static void tell_too_large(struct worker *worker, int32_t exit)
{
	char words[128];

	snprintf(words, sizeof(words),
		 "output is larger than the limit of %llu bytes",
		 (unsigned long long)worker->spec.max_output);
	worker_set_outcome(worker, HOW_FAILED, exit, words);
}

static void publish(struct worker *worker, int32_t exit)
{
	struct message *outcome = &worker->report.outcome;
	char words[256];
	int rc;

	if (!worker->spec.wants_output) {
		worker_set_outcome(worker, HOW_DONE, exit, "");
		return;
	}
	rc = outputdir_publish(&worker->dir, &outcome->output_size);
	if (rc == 0 && worker->spec.max_output > 0 &&
	    outcome->output_size > worker->spec.max_output) {
		tell_too_large(worker, exit);
		return;
	}
	if (rc == 0) {
		outcome->has_output = true;
		worker_set_outcome(worker, HOW_DONE, exit, "");
		return;
	}
	if (rc == -ENOENT)
		snprintf(words, sizeof(words),
			 "ended without writing its output");
	else if (rc == -EINVAL)
		snprintf(words, sizeof(words),
			 "output is not a regular file of its own");
	else
		snprintf(words, sizeof(words), "cannot keep its output: %s",
			 strerror(-rc));
	worker_set_outcome(worker, HOW_FAILED, exit, words);
}

void worker_judge(struct worker *worker)
{
	struct report *report = &worker->report;
	int32_t exit = worker_exit_of(worker->status);
	char words[64];

	if (worker->watch.silent && worker->cause == HOW_FAILED) {
		snprintf(words, sizeof(words), "no sign of life for %lld ms",
			 (long long)worker->spec.watchdog_ms);
		worker_set_outcome(worker, HOW_FAILED, exit, words);
		return;
	}
	switch (worker->cause) {
	case HOW_STOPPED:
		worker_set_outcome(worker, HOW_STOPPED, exit, report->words);
		return;
	case HOW_TIMEOUT:
		snprintf(words, sizeof(words), "still running after %lld ms",
			 (long long)worker->spec.timeout_ms);
		worker_set_outcome(worker, HOW_TIMEOUT, exit,
				   report->words[0] != '\0' ? report->words
							    : words);
		return;
	case HOW_FAILED:
		tell_too_large(worker, exit);
		return;
	default:
		break;
	}
	if (worker_is_ok(worker, exit))
		publish(worker, exit);
	else
		worker_set_outcome(worker,
				   exit == EXIT_LATER ? HOW_LATER : HOW_FAILED,
				   exit, report->words);
}
