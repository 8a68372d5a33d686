/* Groups of settings into structs. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "core/expand.h"
#include "io/conffile_loader.h"

static bool from_environment(void *context, struct text name,
			     struct text *value)
{
	char string[256];
	const char *found;

	(void)context;
	if (name.len >= sizeof(string))
		return false;
	text_copy(name, string, sizeof(string));
	found = getenv(string);
	*value = text_of(found);
	return found != NULL;
}

bool conffile_string(struct conffile_loader *loader,
		     const config_setting_t *setting, unsigned flags,
		     struct text *text)
{
	const char *string = config_setting_get_string(setting);
	struct out out = out_init(loader->scratch, CONFFILE_STRING_MAX);
	struct text bad;
	int rc;

	rc = expand_load(text_of(string),
			 (flags & SCHEMA_TEMPLATE) != 0 ? EXPAND_TEMPLATE
							: EXPAND_FINAL,
			 from_environment, NULL, &out, &bad);
	*text = (struct text){ out.buf, out.len };
	bad = text_cut(bad, CONFFILE_SHOWN_MAX);
	if (rc == -EINVAL)
		conffile_error(loader, setting,
			       "\"%.*s\" is no ${NAME}, ${job.NAME} or "
			       "${param.NAME}; a dollar before a brace is "
			       "written $$",
			       (int)bad.len, bad.at);
	else if (rc == -ENOENT)
		conffile_error(loader, setting,
			       "${%.*s} is not in the environment; "
			       "${%.*s:-text} gives a default%s",
			       (int)bad.len, bad.at, (int)bad.len, bad.at,
			       (flags & SCHEMA_TEMPLATE) != 0
				       ? ", ${param.NAME} is a parameter"
				       : "");
	else if (rc == -EPERM)
		conffile_error(loader, setting,
			       "${%.*s} means nothing here; it is known in "
			       "command, env, output and unique of a job",
			       (int)bad.len, bad.at);
	else if (out.full)
		conffile_error(loader, setting, "longer than %u bytes",
			       CONFFILE_STRING_MAX - 1);
	return rc == 0 && out_end(&out) == 0;
}

static bool is_number(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_INT ||
	       config_setting_type(setting) == CONFIG_TYPE_INT64;
}

static bool takes_bare(const struct schema_key *key,
		       const config_setting_t *setting)
{
	switch (key->kind) {
	case SCHEMA_COUNT:
	case SCHEMA_NUMBER:
	case SCHEMA_SECONDS:
		return is_number(setting);
	case SCHEMA_BOOL:
		return config_setting_type(setting) == CONFIG_TYPE_BOOL;
	default:
		return false;
	}
}

static void set_scalar(struct conffile_loader *loader,
		       const struct schema_key *key,
		       const config_setting_t *setting, void *base)
{
	char number[32];
	struct text text;
	const char *fault;

	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		if (!conffile_string(loader, setting, key->flags, &text))
			return;
	} else if (takes_bare(key, setting)) {
		snprintf(number, sizeof(number), "%lld",
			 config_setting_get_int64(setting));
		if (key->kind == SCHEMA_BOOL)
			text = text_of(config_setting_get_bool(setting)
					       ? "true"
					       : "false");
		else
			text = text_of(number);
	} else if (is_number(setting) &&
		   (key->kind == SCHEMA_SIZE || key->kind == SCHEMA_DURATION)) {
		conffile_complain_unit(loader, setting, key,
				       config_setting_get_int64(setting));
		return;
	} else {
		conffile_complain_type(loader, setting, key);
		return;
	}
	fault = conffile_set_text(loader, key, text, base);
	if (fault != NULL)
		conffile_complain(loader, setting, key, text, fault);
}

/* One element into *SLOT. */
static void set_element(struct conffile_loader *loader,
			const struct schema_key *key,
			const config_setting_t *setting, char **slot)
{
	const char *fault;
	struct text text;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		conffile_error(loader, setting,
			       "everything in this list is a string in quotes");
		return;
	}
	if (!conffile_string(loader, setting, key->flags, &text))
		return;
	fault = conffile_form(key->form, text);
	if (fault != NULL)
		conffile_complain(loader, setting, key, text, fault);
	else
		*slot = conffile_strdup(loader, text);
}

static bool is_list(const config_setting_t *setting)
{
	return config_setting_is_array(setting) ||
	       config_setting_is_list(setting);
}

void conffile_set_strings(struct conffile_loader *loader,
			  const struct schema_key *key,
			  const config_setting_t *setting,
			  struct strings *strings)
{
	bool one = (key->flags & SCHEMA_ONE) != 0 &&
		   config_setting_type(setting) == CONFIG_TYPE_STRING;
	size_t count = 1;

	if (!one && !is_list(setting)) {
		conffile_complain_type(loader, setting, key);
		return;
	}
	if (!one)
		count = (size_t)config_setting_length(setting);
	if (count == 0 && key->min > 0) {
		conffile_error(loader, setting, "must not be empty");
		return;
	}
	if (count > (size_t)key->max) {
		conffile_error(loader, setting,
			       "has %zu entries, allowed are %lld", count,
			       (long long)key->max);
		return;
	}
	strings->count = 0;
	strings->at = conffile_alloc(loader, (count + 1) * sizeof(char *));
	if (strings->at == NULL)
		return;
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *element =
			one ? setting : config_setting_get_elem(setting, i);
		char **slot = &strings->at[strings->count];

		set_element(loader, key, element, slot);
		if (*slot != NULL)
			strings->count++;
	}
}

static void set_group(struct conffile_loader *loader,
		      const struct schema_key *key, config_setting_t *setting,
		      void *base)
{
	if (!config_setting_is_group(setting)) {
		conffile_complain_type(loader, setting, key);
		return;
	}
	if (key->kind == SCHEMA_UNITS)
		conffile_units(loader, key, setting);
	else if (key->kind == SCHEMA_PARAMS)
		conffile_params(loader, key, setting, base);
	else
		conffile_section(loader, key->section, setting, base);
}

static void set(struct conffile_loader *loader, const struct schema_key *key,
		config_setting_t *setting, void *base)
{
	switch (key->kind) {
	case SCHEMA_GROUP:
	case SCHEMA_UNITS:
	case SCHEMA_PARAMS:
		set_group(loader, key, setting, base);
		break;
	case SCHEMA_STRINGS:
		conffile_set_strings(
			loader, key, setting,
			(struct strings *)(void *)((char *)base + key->at));
		break;
	case SCHEMA_ENV:
		conffile_env(loader, key, setting, base);
		break;
	case SCHEMA_EXITS:
		conffile_exits(loader, setting, base);
		break;
	case SCHEMA_LOG:
		if (config_setting_is_group(setting))
			set_group(loader, key, setting, base);
		else
			set_scalar(loader, key, setting, base);
		break;
	default:
		set_scalar(loader, key, setting, base);
	}
}

void conffile_section(struct conffile_loader *loader,
		      const struct schema_section *section,
		      const config_setting_t *group, void *base)
{
	int count = config_setting_length(group);

	for (int i = 0; i < count; i++) {
		config_setting_t *setting =
			config_setting_get_elem(group, (unsigned)i);
		const struct schema_key *key = schema_find(
			section, text_of(config_setting_name(setting)));

		if (conffile_is_broken(loader, setting))
			loader->incomplete |=
				key != NULL && key->kind == SCHEMA_UNITS;
		else if (key == NULL)
			conffile_complain_unknown(loader, section, setting);
		else
			set(loader, key, setting, base);
	}
}

static void set_default(struct conffile_loader *loader,
			const struct schema_key *key, void *base)
{
	struct strings *strings =
		(struct strings *)(void *)((char *)base + key->at);

	if (key->kind == SCHEMA_UMASK)
		((struct unit *)base)->umask = -1;
	if (key->section != NULL && key->kind != SCHEMA_UNITS &&
	    key->kind != SCHEMA_PARAMS)
		conffile_defaults(loader, key->section, base);
	if (key->fallback == NULL)
		return;
	if (key->kind != SCHEMA_STRINGS) {
		conffile_set_text(loader, key, text_of(key->fallback), base);
		return;
	}
	strings->at = conffile_alloc(loader, 2 * sizeof(char *));
	if (strings->at == NULL)
		return;
	strings->at[0] = conffile_strdup(loader, text_of(key->fallback));
	strings->count = strings->at[0] != NULL ? 1 : 0;
}

void conffile_defaults(struct conffile_loader *loader,
		       const struct schema_section *section, void *base)
{
	for (size_t i = 0; i < section->count; i++)
		set_default(loader, &section->keys[i], base);
}
