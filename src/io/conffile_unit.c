/* What only units have. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "core/expand.h"
#include "core/units.h"
#include "io/conffile_loader.h"
#include "io/knock.h"

/* ---- units by name ---- */

/* The unit of that name, of any kind: one name, one unit. */
static bool is_taken(struct conffile_loader *loader,
		     const config_setting_t *setting)
{
	const struct config *config = &loader->file->config;

	for (size_t i = 0; i < config->units_count; i++) {
		const struct conffile_origin *origin = &loader->origins[i];

		if (strcmp(config->units[i].name,
			   config_setting_name(setting)) != 0)
			continue;
		conffile_error(loader, setting,
			       "there is a unit of this name already, in "
			       "%s:%u; rename one of them",
			       origin->source->path, origin->setting->line);
		return true;
	}
	return false;
}

/* Room for one more unit; those already there may move. */
static bool grow(struct conffile_loader *loader)
{
	struct config *config = &loader->file->config;
	size_t cap = loader->units_cap == 0 ? 16 : loader->units_cap * 2;
	struct conffile_origin *origins;
	struct unit *units;

	if (config->units_count < loader->units_cap)
		return true;
	origins = realloc(loader->origins, cap * sizeof(*origins));
	if (origins != NULL)
		loader->origins = origins;
	units = realloc(loader->units, cap * sizeof(*units));
	if (units != NULL)
		loader->units = units;
	config->units = loader->units;
	if (origins == NULL || units == NULL) {
		loader->out_of_memory = true;
		return false;
	}
	loader->units_cap = cap;
	return true;
}

/* Are there as many of KIND as a node has places for? */
static bool is_full(const struct conffile_loader *loader, enum unit_kind kind)
{
	const struct config *config = &loader->file->config;
	size_t count = 0;

	for (size_t i = 0; i < config->units_count; i++)
		count += config->units[i].kind == kind;
	return count >= CONFIG_KEPT_MAX;
}

static bool can_be_unit(struct conffile_loader *loader, enum unit_kind kind,
			const config_setting_t *setting)
{
	if (!schema_is_unit_name(text_of(config_setting_name(setting))))
		conffile_error(loader, setting,
			       "a unit's name has lower-case letters, digits, "
			       "'-' and '_', begins with a letter, and has at "
			       "most %d of them",
			       SCHEMA_NAME_MAX);
	else if (conffile_is_broken(loader, setting))
		loader->incomplete = true;
	else if (!config_setting_is_group(setting))
		conffile_error(loader, setting,
			       "a unit is a group: { command = [ \"...\" ]; }");
	else if (loader->file->config.units_count == CONFIG_UNITS_MAX)
		conffile_error(loader, setting, "more than %d units",
			       CONFIG_UNITS_MAX);
	else if (kind != UNIT_JOB && is_full(loader, kind))
		conffile_error(
			loader, setting, "more than %d %s", CONFIG_KEPT_MAX,
			kind == UNIT_SERVICE ? "services" : "singletons");
	else
		return !is_taken(loader, setting);
	return false;
}

void conffile_units(struct conffile_loader *loader,
		    const struct schema_key *key, const config_setting_t *group)
{
	struct config *config = &loader->file->config;
	int count = config_setting_length(group);

	for (int i = 0; i < count; i++) {
		config_setting_t *setting =
			config_setting_get_elem(group, (unsigned)i);
		struct unit *unit;
		char *name;

		if (!can_be_unit(loader, (enum unit_kind)key->min, setting))
			continue;
		name = conffile_strdup(loader,
				       text_of(config_setting_name(setting)));
		if (name == NULL || !grow(loader))
			return;
		unit = &config->units[config->units_count];
		*unit = (struct unit){ .kind = (enum unit_kind)key->min,
				       .name = name };
		loader->origins[config->units_count] =
			(struct conffile_origin){ loader->source, setting };
		config->units_count++;
		conffile_defaults(loader, key->section, unit);
		conffile_section(loader, key->section, setting, unit);
	}
}

/* ---- parameters ---- */

static char as_environment(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '-' ? '_' : c;
}

/* Would both be the same HOLDFAST_PARAM_…? */
static bool is_same_variable(const char *a, const char *b)
{
	while (*a != '\0' && as_environment(*a) == as_environment(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool can_be_param(struct conffile_loader *loader,
			 const config_setting_t *setting,
			 const struct unit *unit)
{
	const char *name = config_setting_name(setting);

	if (!schema_is_param_name(text_of(name))) {
		conffile_error(loader, setting,
			       "a parameter's name has letters, digits, '-' "
			       "and '_', begins with a letter, and has at most "
			       "%d of them",
			       SCHEMA_NAME_MAX);
		return false;
	}
	if (conffile_is_broken(loader, setting))
		return false;
	if (!config_setting_is_group(setting)) {
		conffile_error(loader, setting,
			       "a parameter is a group: { match = \"[0-9]+\"; "
			       "required = true; }");
		return false;
	}
	for (size_t i = 0; i < unit->params_count; i++)
		if (is_same_variable(name, unit->params[i].name)) {
			conffile_error(loader, setting,
				       "too like \"%s\": both would be the "
				       "same HOLDFAST_PARAM_ variable",
				       unit->params[i].name);
			return false;
		}
	return true;
}

void conffile_params(struct conffile_loader *loader,
		     const struct schema_key *key,
		     const config_setting_t *group, struct unit *unit)
{
	size_t count = (size_t)config_setting_length(group);

	if (count > (size_t)key->max) {
		conffile_error(loader, group,
			       "has %zu parameters, allowed are %lld", count,
			       (long long)key->max);
		return;
	}
	unit->params =
		conffile_alloc(loader, (count + 1) * sizeof(*unit->params));
	for (unsigned i = 0; i < count && unit->params != NULL; i++) {
		config_setting_t *setting = config_setting_get_elem(group, i);
		struct config_param *param = &unit->params[unit->params_count];

		if (!can_be_param(loader, setting, unit))
			continue;
		param->name = conffile_strdup(
			loader, text_of(config_setting_name(setting)));
		if (param->name == NULL)
			return;
		conffile_defaults(loader, key->section, param);
		conffile_section(loader, key->section, setting, param);
		unit->params_count++;
	}
}

/* ---- environment ---- */

static bool is_variable(struct text name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '_' && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return name.len > 0;
}

static void check_env(struct conffile_loader *loader,
		      const config_setting_t *setting, struct unit *unit)
{
	for (unsigned i = 0; i < unit->env.count; i++) {
		const char *entry = unit->env.at[i];
		const char *equals = strchr(entry, '=');
		struct text name = { entry, 0 };

		if (equals != NULL)
			name.len = (size_t)(equals - entry);
		if (!is_variable(name))
			conffile_error(loader,
				       config_setting_get_elem(setting, i),
				       "write \"NAME=VALUE\"");
		else if (name.len > 9 && memcmp(entry, "HOLDFAST_", 9) == 0)
			conffile_error(loader,
				       config_setting_get_elem(setting, i),
				       "HOLDFAST_ names are set by holdfast");
	}
}

/* env = { NAME = "value"; } as "NAME=value". */
static void env_entry(struct conffile_loader *loader,
		      const struct schema_key *key,
		      const config_setting_t *setting, struct strings *env)
{
	struct text name = text_of(config_setting_name(setting));
	struct text value;
	char *entry;

	if (conffile_is_broken(loader, setting))
		return;
	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		conffile_error(loader, setting, "a string in quotes is needed");
		return;
	}
	if (!conffile_string(loader, setting, key->flags, &value))
		return;
	entry = conffile_alloc(loader, name.len + value.len + 2);
	if (entry == NULL)
		return;
	memcpy(entry, name.at, name.len);
	entry[name.len] = '=';
	if (value.len > 0)
		memcpy(entry + name.len + 1, value.at, value.len);
	env->at[env->count++] = entry;
}

void conffile_env(struct conffile_loader *loader, const struct schema_key *key,
		  const config_setting_t *setting, struct unit *unit)
{
	size_t count;

	if (!config_setting_is_group(setting)) {
		conffile_set_strings(loader, key, setting, &unit->env);
		check_env(loader, setting, unit);
		return;
	}
	count = (size_t)config_setting_length(setting);
	if (count > (size_t)key->max) {
		conffile_error(loader, setting,
			       "has %zu entries, allowed are %lld", count,
			       (long long)key->max);
		return;
	}
	unit->env.count = 0;
	unit->env.at = conffile_alloc(loader, (count + 1) * sizeof(char *));
	for (unsigned i = 0; i < count && unit->env.at != NULL; i++)
		env_entry(loader, key, config_setting_get_elem(setting, i),
			  &unit->env);
	check_env(loader, setting, unit);
}

/* ---- small ones ---- */

void conffile_exits(struct conffile_loader *loader,
		    const config_setting_t *setting, struct unit *unit)
{
	size_t max = sizeof(unit->ok_exit) / sizeof(unit->ok_exit[0]);
	bool list = config_setting_is_array(setting) ||
		    config_setting_is_list(setting);
	size_t count = list ? (size_t)config_setting_length(setting) : 1;

	if (count > max) {
		conffile_error(loader, setting,
			       "has %zu entries, allowed are %zu", count, max);
		return;
	}
	unit->ok_exit_count = 0;
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *element =
			list ? config_setting_get_elem(setting, i) : setting;
		int type = config_setting_type(element);
		long long code = config_setting_get_int64(element);

		if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) &&
		    code >= 0 && code <= 255)
			unit->ok_exit[unit->ok_exit_count++] = (int)code;
		else
			conffile_error(loader, element,
				       "exit codes are numbers from 0 to 255, "
				       "without quotes");
	}
}

static bool after_prefix(struct text text, const char *prefix,
			 struct text *rest)
{
	size_t len = strlen(prefix);

	if (text.len < len || memcmp(text.at, prefix, len) != 0)
		return false;
	*rest = (struct text){ text.at + len, text.len - len };
	return true;
}

/* What can be knocked at; names are not looked up. */
static bool is_tcp(struct text text)
{
	struct knock knock;

	return knock_init(&knock, text) == 0;
}

const char *conffile_ready(struct conffile_loader *loader, struct text text,
			   struct unit *unit)
{
	enum unit_ready ready;
	char *tcp = NULL;
	uint64_t fd = 0;
	int64_t value = 0;
	struct text rest;

	if (text_is(text, "none")) {
		ready = READY_AT_ONCE;
	} else if (text_is(text, "notify")) {
		ready = READY_NOTIFY;
	} else if (after_prefix(text, "fd:", &rest) &&
		   text_to_u64(rest, 255, &fd) && fd > 2) {
		ready = READY_FD;
		value = (int64_t)fd;
	} else if (after_prefix(text, "tcp:", &rest) && is_tcp(rest)) {
		ready = READY_TCP;
		tcp = conffile_strdup(loader, rest);
	} else if (units_parse_duration(text, &value) == 0 &&
		   value <= INT64_C(86400000)) {
		ready = READY_AFTER;
	} else {
		return "write \"notify\", \"fd:N\" (N from 3 to 255), "
		       "\"tcp:PORT\", \"tcp:ADDRESS:PORT\", a duration, or "
		       "\"none\"";
	}
	unit->ready = ready;
	unit->ready_tcp = tcp;
	unit->ready_value = value;
	return NULL;
}

const char *conffile_unique(struct conffile_loader *loader, struct text text,
			    struct unit *unit)
{
	char *value = NULL;
	enum job_unique unique = UNIQUE_VALUE;
	struct text rest = text;
	struct text name;

	if (text_is(text, "none"))
		unique = UNIQUE_NONE;
	else if (text_is(text, "user"))
		unique = UNIQUE_USER;
	else if (!expand_next(&rest, &name))
		return "write \"user\", \"none\", or a text with ${param.NAME} "
		       "in it";
	else
		value = conffile_strdup(loader, text);
	unit->unique = unique;
	unit->unique_value = value;
	return NULL;
}
