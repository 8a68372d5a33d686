#include "roles/unitspec.h"

#include <errno.h>

#include "core/config.h"
#include "core/expand.h"

#define SETTINGS_MAX 6 /* that are added to those of the configuration */

static const char *or_empty(const char *string)
{
	return string != NULL ? string : "";
}

void unitspec_settings(struct spec *spec, const struct unit *unit)
{
	spec->kind = unit->kind;
	spec->unit = unit->name;
	spec->dir = or_empty(unit->dir);
	spec->user = or_empty(unit->user);
	spec->group = or_empty(unit->group);
	spec->umask = unit->umask;
	spec->nice = unit->nice;
	spec->stop_signal = unit->stop_signal;
	spec->stop_timeout_ms = unit->stop_timeout_ms;
	spec->timeout_ms = unit->timeout_ms;
	spec->wants_output = unit->output != NULL;
	spec->max_output = unit->max_output;
	for (size_t i = 0; i < unit->ok_exit_count && i < SPEC_OK_EXIT_MAX; i++)
		spec->ok_exit[spec->ok_exit_count++] = unit->ok_exit[i];
	spec->restart = unit->restart;
	spec->max_restarts = unit->max_restarts;
	spec->max_seconds_ms = unit->max_seconds_ms;
	spec->backoff_ms = unit->backoff_ms;
	spec->backoff_max_ms = unit->backoff_max_ms;
	spec->ready = unit->ready;
	spec->ready_value = unit->ready_value;
	spec->ready_tcp = or_empty(unit->ready_tcp);
	spec->watchdog_ms = unit->watchdog_ms;
	spec->limit_memory = unit->limit_memory;
	spec->limit_files = unit->limit_files;
	spec->limit_processes = unit->limit_processes;
	spec->env_file = or_empty(unit->env_file);
	spec->log = unit->log != NULL ? unit->log : "stderr";
	spec->log_rotate = unit->log_rotate;
	spec->log_keep = unit->log_keep;
}

/* Nothing is known by name here but what every string may hold: "$$". */
static bool look_up(void *arg, struct text name, struct text *value)
{
	(void)arg;
	(void)name;
	(void)value;
	return false;
}

/* Ends the string that began at START of WORDS. */
static const char *end_string(struct out *words, size_t start)
{
	out_text(words, (struct text){ "", 1 });
	return words->buf + start;
}

static int put_strings(const char **into, const struct strings *templates,
		       size_t max, struct out *words)
{
	if (templates->count > max)
		return -ENOSPC;
	for (size_t i = 0; i < templates->count; i++) {
		size_t start = words->len;
		int rc = expand_run(text_of(templates->at[i]), look_up, NULL,
				    words);

		if (rc != 0)
			return rc;
		into[i] = end_string(words, start);
	}
	return 0;
}

static const char *setting(struct out *words, const char *name,
			   const char *value)
{
	size_t start = words->len;

	out_string(words, name);
	out_char(words, '=');
	out_string(words, value);
	return end_string(words, start);
}

static const char *number(struct out *words, const char *name, uint64_t value)
{
	size_t start = words->len;

	out_string(words, name);
	out_char(words, '=');
	out_u64(words, value);
	return end_string(words, start);
}

static const char *file(struct out *words, const char *name, const char *dir,
			const char *base)
{
	size_t start = words->len;

	out_string(words, name);
	out_char(words, '=');
	out_string(words, dir);
	out_char(words, '/');
	out_string(words, base);
	return end_string(words, start);
}

static void put_env(struct spec *spec, size_t count,
		    const struct unitspec_run *run, struct out *words)
{
	spec->env[count++] = setting(words, "HOLDFAST_NODE", run->node);
	spec->env[count++] = setting(words, "HOLDFAST_UNIT", spec->unit);
	spec->env[count++] = number(words, "HOLDFAST_ATTEMPT", run->attempt);
	/* A service runs on every node: nothing of it is fenced. */
	if (spec->kind != UNIT_SERVICE)
		spec->env[count++] =
			number(words, "HOLDFAST_TOKEN", run->token);
	if (run->work_dir[0] == '\0')
		return;
	/* The worker leaves HOLDFAST_STATE out when nothing was saved. */
	spec->env[count++] =
		file(words, "HOLDFAST_CHECKPOINT", run->work_dir, "checkpoint");
	spec->env[count++] =
		file(words, "HOLDFAST_STATE", run->work_dir, "state");
}

int unitspec_build(const struct unit *unit, const struct unitspec_run *run,
		   struct out words, void *buf, size_t cap)
{
	struct spec spec = { .token = run->token,
			     .attempt = run->attempt,
			     .keep = run->keep,
			     .id = "",
			     .work_dir = run->work_dir };
	int rc;

	unitspec_settings(&spec, unit);
	/* What it saves lies there, what it does need not. */
	if (spec.dir[0] == '\0')
		spec.dir = "/";
	rc = put_strings(spec.argv, &unit->command, SPEC_STRINGS_MAX, &words);
	if (rc == 0)
		rc = put_strings(spec.env, &unit->env,
				 SPEC_STRINGS_MAX - SETTINGS_MAX, &words);
	if (rc != 0)
		return rc;
	put_env(&spec, unit->env.count, run, &words);
	return words.full ? -ENOSPC : spec_encode(&spec, buf, cap);
}
