/* What only the whole shows. */
#define _GNU_SOURCE
#include <string.h>

#include "core/expand.h"
#include "core/suggest.h"
#include "io/conffile_loader.h"
#include "io/params.h"

/* A unit and where it was defined. */
struct case_of {
	struct conffile_loader *loader;
	const struct unit *unit;
	config_setting_t *setting;
};

/* The setting of KEY where there is one: the best place to point at. */
static const config_setting_t *place(const struct case_of *at, const char *key)
{
	const config_setting_t *member =
		config_setting_get_member(at->setting, key);

	return member != NULL ? member : at->setting;
}

static const config_setting_t *place_in(const struct case_of *at,
					const char *key, size_t index)
{
	const config_setting_t *list = place(at, key);

	if (list != at->setting && config_setting_length(list) > (int)index)
		return config_setting_get_elem(list, (unsigned)index);
	return list;
}

/* ---- templates ---- */

static bool knows_param(const struct unit *unit, struct text name,
			struct text *nearest)
{
	struct suggest suggest = suggest_init(name);

	for (size_t i = 0; i < unit->params_count; i++) {
		if (text_is(name, unit->params[i].name))
			return true;
		suggest_offer(&suggest, text_of(unit->params[i].name));
	}
	*nearest = suggest.nearest;
	return false;
}

static void check_name(const struct case_of *at,
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
	if (knows_param(at->unit, name, &nearest))
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

static void check_template(const struct case_of *at,
			   const config_setting_t *setting,
			   const char *template, unsigned flags)
{
	struct text rest = text_of(template);
	struct text name;

	while (expand_next(&rest, &name))
		check_name(at, setting, name, flags);
}

static void check_templates(const struct case_of *at)
{
	const struct unit *unit = at->unit;

	for (size_t i = 0; i < unit->command.count; i++)
		check_template(at, place_in(at, "command", i),
			       unit->command.at[i], 0);
	for (size_t i = 0; i < unit->env.count; i++)
		check_template(at, place_in(at, "env", i), unit->env.at[i], 0);
	if (unit->output != NULL)
		check_template(at, place(at, "output"), unit->output,
			       SCHEMA_ASKED);
	if (unit->unique_value != NULL)
		check_template(at, place(at, "unique"), unit->unique_value,
			       SCHEMA_ASKED);
}

/* ---- the order of starting ---- */

static const struct unit *find_any(const struct config *config,
				   const char *name, struct text *nearest)
{
	struct suggest suggest = suggest_init(text_of(name));

	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		if (strcmp(unit->name, name) == 0)
			return unit;
		if (unit->kind != UNIT_JOB)
			suggest_offer(&suggest, text_of(unit->name));
	}
	*nearest = suggest.nearest;
	return NULL;
}

static void check_after(const struct case_of *at)
{
	const struct config *config = &at->loader->file->config;
	const struct strings *after = &at->unit->after;

	for (size_t i = 0; i < after->count; i++) {
		const config_setting_t *setting = place_in(at, "after", i);
		const char *name = after->at[i];
		struct text nearest = { NULL, 0 };
		const struct unit *other = find_any(config, name, &nearest);

		if (other == at->unit)
			conffile_error(at->loader, setting,
				       "a unit can't start after itself");
		else if (other != NULL && other->kind == UNIT_JOB)
			conffile_error(at->loader, setting,
				       "\"%s\" is a job, and jobs run when "
				       "asked for",
				       name);
		else if (other == NULL && nearest.len > 0)
			conffile_error(at->loader, setting,
				       "there is no unit \"%s\"; did you mean "
				       "\"%.*s\"?",
				       name, (int)nearest.len, nearest.at);
		else if (other == NULL)
			conffile_error(at->loader, setting,
				       "there is no unit \"%s\"", name);
	}
}

/* Which unit each entry of each `after` names, one behind the other; those
 * that name none or themselves are left to check_after.
 */
static const struct unit **find_edges(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;
	const struct unit **edges;
	struct text nearest;
	size_t count = 1;
	size_t at = 0;

	for (size_t i = 0; i < config->units_count; i++)
		count += config->units[i].after.count;
	edges = conffile_alloc(loader, count * sizeof(const struct unit *));
	for (size_t i = 0; edges != NULL && i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		for (size_t j = 0; j < unit->after.count; j++, at++) {
			edges[at] =
				find_any(config, unit->after.at[j], &nearest);
			if (edges[at] == unit)
				edges[at] = NULL;
		}
	}
	return edges;
}

/* Starts, in thought, every unit that waits for none that has not started.
 * True when there was one.
 */
static bool start_more(const struct config *config,
		       const struct unit *const *edges, bool *starts)
{
	bool moved = false;

	for (size_t i = 0; i < config->units_count; i++) {
		size_t count = config->units[i].after.count;
		bool waits = starts[i];

		for (size_t j = 0; j < count && !waits; j++)
			waits = edges[j] != NULL &&
				!starts[edges[j] - config->units];
		edges += count;
		if (!waits)
			moved = starts[i] = true;
	}
	return moved;
}

static void check_circles(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;
	bool *starts = conffile_alloc(loader, config->units_count + 1);
	const struct unit **edges = find_edges(loader);

	if (starts == NULL || edges == NULL)
		return;
	while (start_more(config, edges, starts))
		continue;
	for (size_t i = 0; i < config->units_count; i++) {
		struct case_of at = { loader, &config->units[i],
				      loader->origins[i].setting };

		if (starts[i])
			continue;
		loader->source = loader->origins[i].source;
		conffile_error(loader, place(&at, "after"),
			       "waits for a unit that waits for this one");
	}
}

/* ---- the rest ---- */

static void check_params(const struct case_of *at)
{
	for (size_t i = 0; i < at->unit->params_count; i++) {
		const struct config_param *param = &at->unit->params[i];
		const config_setting_t *params = place(at, "params");
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
static bool lacks_command(const struct case_of *at)
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

static bool has(const struct case_of *at, const char *key)
{
	return config_setting_get_member(at->setting, key) != NULL;
}

/* Looks at what is written, be it right or wrong: that was reported. */
static void check_times(const struct case_of *at)
{
	if (at->unit->kind != UNIT_SINGLETON)
		return;
	if (has(at, "every") && has(at, "cron"))
		conffile_error(at->loader, place(at, "cron"),
			       "\"every\" and \"cron\" exclude each other");
	if (has(at, "missed") && !has(at, "every") && !has(at, "cron"))
		conffile_error(at->loader, place(at, "missed"),
			       "needs \"every\" or \"cron\": a singleton "
			       "without them always runs");
	if (has(at, "time-zone") && !has(at, "cron"))
		conffile_error(at->loader, place(at, "time-zone"),
			       "needs \"cron\", the only one that goes by "
			       "local time");
}

static void check_unit(const struct case_of *at)
{
	const struct unit *unit = at->unit;

	if (lacks_command(at))
		conffile_error(at->loader, at->setting, "has no \"command\"");
	if (unit->command.count > 0 && unit->command.at[0][0] == '\0')
		conffile_error(at->loader, place_in(at, "command", 0),
			       "the program to run must not be empty");
	check_times(at);
	if (unit->backoff_ms > unit->backoff_max_ms)
		conffile_error(at->loader, place(at, "backoff"),
			       "is above \"backoff-max\"");
	check_templates(at);
	check_after(at);
	check_params(at);
}

void conffile_check(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;

	for (size_t i = 0; i < config->units_count; i++) {
		struct case_of at = { loader, &config->units[i],
				      loader->origins[i].setting };

		loader->source = loader->origins[i].source;
		check_unit(&at);
	}
	check_circles(loader);
	loader->source = loader->cluster.source;
	if (config->cluster.present && config->cluster.name == NULL)
		conffile_error(loader, loader->cluster.setting,
			       "has no \"name\"");
	loader->source = loader->sources;
	if (config->shared != NULL && config->state != NULL &&
	    strcmp(config->shared, config->state) == 0)
		conffile_error(loader, NULL,
			       "\"shared\" and \"state\" must be two "
			       "directories");
}
