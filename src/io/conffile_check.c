/* What only the whole shows. */
#define _GNU_SOURCE
#include <string.h>

#include "core/expand.h"
#include "core/suggest.h"
#include "core/units.h"
#include "io/conffile_loader.h"
#include "io/params.h"

/* ---- templates ---- */

/* Does the file, be it in a wrong way? */
static bool names_param(const struct conffile_case *at, struct text name)
{
	const config_setting_t *params = conffile_place(at, "params");
	int count = params != at->setting && config_setting_is_group(params)
			    ? config_setting_length(params)
			    : 0;

	for (int i = 0; i < count; i++)
		if (text_is(name, config_setting_name(config_setting_get_elem(
					  params, (unsigned)i))))
			return true;
	return false;
}

static bool knows_param(const struct conffile_case *at, struct text name,
			struct text *nearest)
{
	struct suggest suggest = suggest_init(name);
	const struct unit *unit = at->unit;

	for (size_t i = 0; i < unit->params_count; i++) {
		if (text_is(name, unit->params[i].name))
			return true;
		suggest_offer(&suggest, text_of(unit->params[i].name));
	}
	*nearest = suggest.nearest;
	/* What was wrong there was told. */
	return conffile_at_broken(at, "params") || names_param(at, name);
}

static void check_name(const struct conffile_case *at,
		       const config_setting_t *setting, struct text name,
		       unsigned flags)
{
	struct text shown = text_cut(name, SCHEMA_NAME_MAX);
	struct text nearest = { NULL, 0 };

	if (at->unit->kind != UNIT_JOB) {
		conffile_error(at->loader, setting,
			       "${%.*s} is known only in a job", (int)shown.len,
			       shown.at);
		return;
	}
	if (memcmp(name.at, "job.", 4) == 0) {
		if (!schema_is_job_name(name, flags))
			conffile_error(
				at->loader, setting,
				"${%.*s} is not known here; known are id, "
				"type, user, key%s",
				(int)shown.len, shown.at,
				(flags & SCHEMA_ASKED) != 0
					? ""
					: ", output, scratch, token, attempt, "
					  "node");
		return;
	}
	name = (struct text){ name.at + 6, name.len - 6 }; /* "param." */
	if (knows_param(at, name, &nearest))
		return;
	if (nearest.len > 0)
		conffile_error(at->loader, setting,
			       "${%.*s}: no such parameter; did you mean "
			       "\"%.*s\"?",
			       (int)shown.len, shown.at, (int)nearest.len,
			       nearest.at);
	else
		conffile_error(at->loader, setting,
			       "${%.*s}: no such parameter", (int)shown.len,
			       shown.at);
}

static void check_template(const struct conffile_case *at,
			   const config_setting_t *setting,
			   const char *template, unsigned flags)
{
	struct text rest = text_of(template);
	struct text name;

	while (expand_next(&rest, &name))
		check_name(at, setting, name, flags);
}

static void check_templates(const struct conffile_case *at)
{
	const struct unit *unit = at->unit;

	for (size_t i = 0; i < unit->command.count; i++)
		check_template(at, conffile_place_in(at, "command", i),
			       unit->command.at[i], 0);
	for (size_t i = 0; i < unit->env.count; i++)
		check_template(at, conffile_place_in(at, "env", i),
			       unit->env.at[i], 0);
	if (unit->output != NULL)
		check_template(at, conffile_place(at, "output"), unit->output,
			       SCHEMA_ASKED);
	if (unit->unique_value != NULL)
		check_template(at, conffile_place(at, "unique"),
			       unit->unique_value, SCHEMA_ASKED);
}

/* ---- the rest ---- */

static void check_params(const struct conffile_case *at)
{
	for (size_t i = 0; i < at->unit->params_count; i++) {
		const struct config_param *param = &at->unit->params[i];
		const config_setting_t *params = conffile_place(at, "params");
		const config_setting_t *setting;
		const char *why;

		if (param->fallback == NULL)
			continue;
		setting = config_setting_get_member(params, param->name);
		why = params_fault(param, text_of(param->fallback));
		if (why != NULL)
			conffile_error(
				at->loader, setting, "the default \"%.*s\" %s",
				CONFFILE_SHOWN_MAX, param->fallback, why);
	}
}

/* A misspelt "command" was reported as such. */
static bool lacks_command(const struct conffile_case *at)
{
	const struct schema_section *section = schema_units[at->unit->kind];
	int count = config_setting_length(at->setting);

	for (int i = 0; i < count; i++) {
		struct text name = text_of(config_setting_name(
			config_setting_get_elem(at->setting, (unsigned)i)));

		if (text_is(name, "command") ||
		    (schema_find(section, name) == NULL &&
		     text_is(schema_nearest(section, name), "command")))
			return false;
	}
	return true;
}

/* Looks at what is written, be it right or wrong: that was reported. */
static void check_times(const struct conffile_case *at)
{
	if (at->unit->kind != UNIT_SINGLETON)
		return;
	if (conffile_has(at, "every") && conffile_has(at, "cron"))
		conffile_error(at->loader, conffile_place(at, "cron"),
			       "\"every\" and \"cron\" exclude each other");
	if (conffile_has(at, "missed") && !conffile_has(at, "every") &&
	    !conffile_has(at, "cron"))
		conffile_error(at->loader, conffile_place(at, "missed"),
			       "needs \"every\" or \"cron\": a singleton "
			       "without them always runs");
	if (conffile_has(at, "time-zone") && !conffile_has(at, "cron"))
		conffile_error(at->loader, conffile_place(at, "time-zone"),
			       "needs \"cron\", the only one that goes by "
			       "local time");
}

static void check_backoff(const struct conffile_case *at)
{
	const struct unit *unit = at->unit;
	char buf[32];
	struct out out = out_init(buf, sizeof(buf));

	if (unit->backoff_ms <= unit->backoff_max_ms ||
	    conffile_at_broken(at, "backoff-max"))
		return;
	units_out_duration(&out, unit->backoff_max_ms);
	out_end(&out);
	conffile_error(at->loader, conffile_place(at, "backoff"),
		       "is above \"backoff-max\", which is \"%s\": raise "
		       "that, or lower this",
		       buf);
}

static void check_unit(const struct conffile_case *at)
{
	const struct unit *unit = at->unit;

	if (lacks_command(at))
		conffile_error(at->loader, at->setting, "has no \"command\"");
	if (unit->command.count > 0 && unit->command.at[0][0] == '\0')
		conffile_error(at->loader, conffile_place_in(at, "command", 0),
			       "the program to run must not be empty");
	check_times(at);
	check_backoff(at);
	check_templates(at);
	check_params(at);
}

/* Whatever is wrong with a name that was given was told. */
static bool lacks_cluster_name(const struct conffile_loader *loader)
{
	if (!loader->file->config.cluster.present || loader->incomplete ||
	    !config_setting_is_group(loader->cluster.setting))
		return false;
	for (size_t i = 0; i < loader->sources_count; i++)
		if (loader->sources[i].parsed &&
		    config_lookup(&loader->sources[i].settings,
				  "cluster.name") != NULL)
			return false;
	return true;
}

void conffile_check(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;

	for (size_t i = 0; i < config->units_count; i++) {
		struct conffile_case at = conffile_case(loader, i);

		check_unit(&at);
	}
	conffile_order(loader);
	loader->source = loader->cluster.source;
	if (lacks_cluster_name(loader))
		conffile_error(loader, loader->cluster.setting,
			       "has no \"name\"");
	loader->source = loader->sources;
	if (config->shared != NULL && config->state != NULL &&
	    strcmp(config->shared, config->state) == 0)
		conffile_error(loader, NULL,
			       "\"shared\" and \"state\" must be two "
			       "directories");
}
