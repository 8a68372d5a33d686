/* What is wrong with a value, and the cure. */
#include "core/signame.h"
#include "core/suggest.h"
#include "core/units.h"
#include "io/conffile_loader.h"

static void out_limit(struct out *out, const struct schema_key *key,
		      int64_t value)
{
	if (key->kind == SCHEMA_SIZE)
		units_out_size(out, (uint64_t)value);
	else if (key->kind == SCHEMA_DURATION || key->kind == SCHEMA_SECONDS)
		units_out_duration(out, value);
	else
		out_i64(out, value);
}

static void out_nearest(struct out *out, struct text nearest)
{
	if (nearest.len == 0)
		return;
	out_string(out, "; did you mean \"");
	out_text(out, nearest);
	out_string(out, "\"?");
}

static void out_words(struct out *out, const char *const *words,
		      struct text text)
{
	struct suggest suggest = suggest_init(text);

	out_string(out, "write ");
	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0)
			out_string(out, words[i + 1] != NULL ? ", " : " or ");
		out_char(out, '"');
		out_string(out, words[i]);
		out_char(out, '"');
		suggest_offer(&suggest, text_of(words[i]));
	}
	out_nearest(out, suggest.nearest);
}

void conffile_complain(struct conffile_loader *loader,
		       const config_setting_t *setting,
		       const struct schema_key *key, struct text text,
		       const char *fault)
{
	char buf[700];
	struct out out = out_init(buf, sizeof(buf));

	out_char(&out, '"');
	out_text(&out, text_cut(text, CONFFILE_SHOWN_MAX));
	out_string(&out, text.len > CONFFILE_SHOWN_MAX ? "...\": " : "\": ");
	if (strcmp(fault, CONFFILE_OUT_OF_RANGE) == 0) {
		out_string(&out, "out of range, from ");
		out_limit(&out, key, key->min);
		out_string(&out, " to ");
		out_limit(&out, key, key->max);
		if ((key->flags & SCHEMA_NONE) != 0)
			out_string(&out, ", or \"none\"");
	} else if (key->kind == SCHEMA_WORD) {
		out_words(&out, key->words, text);
	} else {
		out_string(&out, fault);
	}
	if (key->kind == SCHEMA_SIGNAL)
		out_nearest(&out, signame_nearest(text));
	out_end(&out);
	conffile_error(loader, setting, "%s", buf);
}

void conffile_complain_unit(struct conffile_loader *loader,
			    const config_setting_t *setting,
			    const struct schema_key *key, long long number)
{
	char buf[200];
	struct out out = out_init(buf, sizeof(buf));

	if (number < 0) {
		out_string(&out, "must not be negative, and needs a unit");
	} else if (key->kind == SCHEMA_SIZE) {
		out_string(&out, "a size needs a unit: write \"");
		units_out_size(&out, (uint64_t)number);
		out_string(&out, "\" if these are bytes");
	} else {
		out_string(&out, "a duration needs a unit: write \"");
		units_out_duration(&out, number);
		out_string(&out, "\" if these are milliseconds, \"");
		out_i64(&out, number);
		out_string(&out, "s\" if seconds");
	}
	out_end(&out);
	conffile_error(loader, setting, "%s", buf);
}

static const char *kind_wants(const struct schema_key *key)
{
	switch (key->kind) {
	case SCHEMA_STRINGS:
		return (key->flags & SCHEMA_ONE) != 0
			       ? "a string or a list: [ \"...\", \"...\" ]"
			       : "a list: [ \"...\", \"...\" ]";
	case SCHEMA_COUNT:
	case SCHEMA_NUMBER:
	case SCHEMA_SECONDS:
		return "a whole number";
	case SCHEMA_SIZE:
		return "a size in quotes, as in \"64K\"";
	case SCHEMA_DURATION:
		return "a duration in quotes, as in \"30s\"";
	case SCHEMA_BOOL:
		return "true or false";
	case SCHEMA_GROUP:
	case SCHEMA_UNITS:
	case SCHEMA_PARAMS:
		return "a group";
	case SCHEMA_ENV:
		return "a group, or a list of \"NAME=VALUE\"";
	case SCHEMA_EXITS:
		return "a list of numbers: [ 1, 2 ]";
	case SCHEMA_LOG:
		return "a string, or a group";
	default:
		return "a string in quotes";
	}
}

/* What a setting of KEY looks like that takes a group. */
static void out_group(struct out *out, const struct schema_key *key)
{
	out_string(out, ": write ");
	out_string(out, key->name);
	out_string(out, key->kind == SCHEMA_GROUP ? " = { " : " = { NAME = { ");
	out_string(out, key->section->keys[0].name);
	out_string(out, " = ...; };");
	if (key->kind != SCHEMA_GROUP)
		out_string(out, " };");
}

/* The words of a command line as a list, unless a shell would see more. */
static void out_list(struct out *out, const char *line)
{
	size_t len = strlen(line);

	if (len == 0 || len > CONFFILE_SHOWN_MAX ||
	    strpbrk(line, "\"'\\`|&<>;*?()[]\t\n") != NULL || line[0] == ' ' ||
	    line[len - 1] == ' ' || strstr(line, "  "))
		return;
	out_string(out, ": write [ \"");
	for (; *line != '\0'; line++)
		if (*line == ' ')
			out_string(out, "\", \"");
		else
			out_char(out, *line);
	out_string(out, "\" ]");
}

static void out_example(struct out *out, const struct schema_key *key,
			const config_setting_t *setting)
{
	if (key->kind == SCHEMA_GROUP || key->kind == SCHEMA_UNITS ||
	    key->kind == SCHEMA_PARAMS)
		out_group(out, key);
	else if (key->kind == SCHEMA_STRINGS &&
		 config_setting_type(setting) == CONFIG_TYPE_STRING)
		out_list(out, config_setting_get_string(setting));
}

void conffile_complain_type(struct conffile_loader *loader,
			    const config_setting_t *setting,
			    const struct schema_key *key)
{
	static const char *const types[] = {
		"nothing",	 "a group",    "a number",
		"a number",	 "a fraction", "a string",
		"true or false", "a list",     "a list",
	};
	int type = config_setting_type(setting);
	char buf[400];
	struct out out = out_init(buf, sizeof(buf));

	out_string(&out, kind_wants(key));
	out_string(&out, " is needed, this is ");
	out_string(&out, type >= 0 && type <= CONFIG_TYPE_LIST
				 ? types[type]
				 : "something else");
	out_example(&out, key, setting);
	out_end(&out);
	conffile_error(loader, setting, "%s", buf);
}

static bool offer_owner(struct out *out, const struct schema_section *section,
			const char *group, struct text name, bool any)
{
	if (schema_find(section, name) == NULL)
		return any;
	out_string(out, any ? " or \"" : "it belongs to \"");
	out_string(out, group);
	out_char(out, '"');
	return true;
}

/* The groups that have a key of this NAME.  False: none has. */
static bool out_owners(struct out *out, struct text name)
{
	bool any = false;

	for (size_t i = 0; i < schema_root.count; i++) {
		const struct schema_key *key = &schema_root.keys[i];

		if (key->section != NULL)
			any = offer_owner(out, key->section, key->name, name,
					  any);
	}
	if (!any && schema_find(&schema_root, name) != NULL) {
		out_string(out, "it belongs outside of all groups");
		any = true;
	}
	return any;
}

void conffile_complain_unknown(struct conffile_loader *loader,
			       const struct schema_section *section,
			       const config_setting_t *setting)
{
	struct text name = text_of(config_setting_name(setting));
	struct text nearest = schema_nearest(section, name);
	const char *here = schema_synonym(section, name);
	char buf[300];
	struct out out = out_init(buf, sizeof(buf));

	out_string(&out, "unknown key");
	if (here != NULL) {
		out_string(&out, "; here it is \"");
		out_string(&out, here);
		out_char(&out, '"');
	} else {
		size_t len = out.len;

		out_string(&out, "; ");
		if (!out_owners(&out, name)) {
			out.len = len;
			out_nearest(&out, nearest);
		}
		if (out.len == len)
			out_string(&out, "; `holdfast check -a` shows what "
					 "there is");
	}
	out_end(&out);
	conffile_error(loader, setting, "%s", buf);
}
