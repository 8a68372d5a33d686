#include "roles/jobspec.h"

#include <errno.h>

#include "core/config.h"
#include "core/expand.h"
#include "roles/unitspec.h"

struct run {
	const struct job *job;
	struct text work_dir; /* empty where there is none yet */
	bool resumes;	      /* from what an earlier attempt saved */
	char numbers[2][24];  /* token and attempt, decimal */
	char paths[2][JOBSPEC_PATH_MAX];
};

static struct text number(char *buf, size_t cap, uint64_t value)
{
	struct out out = out_init(buf, cap);

	out_u64(&out, value);
	return (struct text){ buf, out.len };
}

static struct text path(char *buf, size_t cap, struct text dir,
			const char *name)
{
	struct out out = out_init(buf, cap);

	out_text(&out, dir);
	out_char(&out, '/');
	out_string(&out, name);
	return (struct text){ buf, out.len };
}

static bool look_up_param(const struct job *job, struct text name,
			  struct text *value)
{
	for (size_t i = 0; i < job->params_count; i++) {
		if (text_equal(job->params[i].name, name)) {
			*value = job->params[i].value;
			return true;
		}
	}
	return false;
}

static bool look_up(void *context, struct text name, struct text *value)
{
	struct run *run = context;
	const struct job *job = run->job;

	if (name.len > 6 && memcmp(name.at, "param.", 6) == 0) {
		name.at += 6;
		name.len -= 6;
		return look_up_param(job, name, value);
	}
	if (text_is(name, "job.id"))
		*value = text_of(job->id);
	else if (text_is(name, "job.type"))
		*value = job->type;
	else if (text_is(name, "job.user"))
		*value = job->user;
	else if (text_is(name, "job.key"))
		*value = job->key;
	else if (text_is(name, "job.node"))
		*value = job->node;
	else if (text_is(name, "job.token"))
		*value = number(run->numbers[0], 24, job->held);
	else if (text_is(name, "job.attempt"))
		*value = number(run->numbers[1], 24, job->attempt);
	else if (text_is(name, "job.output"))
		*value = path(run->paths[0], JOBSPEC_PATH_MAX, run->work_dir,
			      "output");
	else if (text_is(name, "job.scratch"))
		*value = path(run->paths[1], JOBSPEC_PATH_MAX, run->work_dir,
			      "scratch");
	else
		return false;
	return true;
}

int jobspec_expand(const char *template, const struct job *job, struct out *out)
{
	struct run run = { .job = job };
	int rc = expand_run(text_of(template), look_up, &run, out);

	return rc != 0 ? rc : out_end(out);
}

void jobspec_work_dir(struct out *out, const char *shared, const char *id,
		      uint64_t token)
{
	out_string(out, shared);
	out_string(out, "/jobs/");
	out_string(out, id);
	out_char(out, '/');
	out_hex(out, token, 16);
}

/* Ends the string that began at START of WORDS. */
static const char *end_string(struct out *words, size_t start)
{
	out_text(words, (struct text){ "", 1 });
	return words->buf + start;
}

static const char *setting(struct out *words, const char *name,
			   struct text value)
{
	size_t start = words->len;

	out_string(words, name);
	out_char(words, '=');
	out_text(words, value);
	return end_string(words, start);
}

/* HOLDFAST_PARAM_NAME: capitals, anything but letters and digits as '_'. */
static const char *param_setting(struct out *words,
				 const struct job_param *param)
{
	size_t start = words->len;

	out_string(words, "HOLDFAST_PARAM_");
	for (size_t i = 0; i < param->name.len; i++) {
		char c = param->name.at[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			c = '_';
		out_char(words, c);
	}
	out_char(words, '=');
	out_text(words, param->value);
	return end_string(words, start);
}

static size_t put_job_env(struct spec *spec, size_t count, struct run *run,
			  const char *node, struct out *words)
{
	const struct job *job = run->job;
	char buf[JOBSPEC_PATH_MAX];
	const struct {
		const char *name;
		struct text value;
	} settings[] = {
		{ "HOLDFAST_NODE", text_of(node) },
		{ "HOLDFAST_UNIT", job->type },
		{ "HOLDFAST_TYPE", job->type },
		{ "HOLDFAST_JOB", text_of(job->id) },
		{ "HOLDFAST_USER", job->user },
		{ "HOLDFAST_TOKEN", number(run->numbers[0], 24, job->held) },
		{ "HOLDFAST_ATTEMPT",
		  number(run->numbers[1], 24, job->attempt) },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		spec->env[count++] =
			setting(words, settings[i].name, settings[i].value);
	spec->env[count++] =
		setting(words, "HOLDFAST_OUTPUT",
			path(buf, sizeof(buf), run->work_dir, "output"));
	spec->env[count++] =
		setting(words, "HOLDFAST_SCRATCH",
			path(buf, sizeof(buf), run->work_dir, "scratch"));
	spec->env[count++] =
		setting(words, "HOLDFAST_CHECKPOINT",
			path(buf, sizeof(buf), run->work_dir, "checkpoint"));
	/* The worker leaves it out when there is no such file. */
	if (run->resumes)
		spec->env[count++] =
			setting(words, "HOLDFAST_STATE",
				path(buf, sizeof(buf), run->work_dir, "state"));
	for (size_t i = 0; i < job->params_count; i++)
		spec->env[count++] = param_setting(words, &job->params[i]);
	return count;
}

#define JOB_SETTINGS_MAX (11 + JOB_PARAMS_MAX)

static int put_strings(struct spec *spec, const struct unit *unit,
		       struct run *run, const char *node, struct out *words)
{
	size_t count = 0;

	if (unit->command.count > SPEC_STRINGS_MAX ||
	    unit->env.count > SPEC_STRINGS_MAX - JOB_SETTINGS_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < unit->command.count; i++) {
		size_t start = words->len;
		int rc = expand_run(text_of(unit->command.at[i]), look_up, run,
				    words);

		if (rc != 0)
			return rc;
		spec->argv[i] = end_string(words, start);
	}
	for (; count < unit->env.count; count++) {
		size_t start = words->len;
		int rc = expand_run(text_of(unit->env.at[count]), look_up, run,
				    words);

		if (rc != 0)
			return rc;
		spec->env[count] = end_string(words, start);
	}
	put_job_env(spec, count, run, node, words);
	return words->full ? -ENOSPC : 0;
}

int jobspec_build(const struct jobspec_place *place, const struct unit *unit,
		  const struct job *job, struct out words, void *buf,
		  size_t cap)
{
	struct run run = { .job = job };
	struct spec spec = { .token = job->held,
			     .attempt = job->attempt,
			     .id = job->id };
	char dir[JOBSPEC_PATH_MAX];
	struct out out = out_init(dir, sizeof(dir));
	int rc;

	if (unit == NULL)
		return -ENOENT;
	jobspec_work_dir(&out, place->shared, job->id, job->held);
	rc = out_end(&out);
	run.work_dir = (struct text){ dir, out.len };
	spec.work_dir = dir;
	unitspec_settings(&spec, unit);
	spec.final = job->failures + 1 >= unit->attempts;
	run.resumes = unit->resume == RESUME_CHECKPOINT && job->attempt > 1;
	if (rc == 0)
		rc = put_strings(&spec, unit, &run, place->node, &words);
	return rc != 0 ? rc : spec_encode(&spec, buf, cap);
}
