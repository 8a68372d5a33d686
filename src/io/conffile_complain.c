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
		out_string(out, words[i]);
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
		return "a group: { ... }";
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

	conffile_error(
		loader, setting, "%s is needed, this is %s", kind_wants(key),
		type >= 0 && type <= CONFIG_TYPE_LIST ? types[type]
						      : "something else");
}

void conffile_complain_unknown(struct conffile_loader *loader,
			       const struct schema_section *section,
			       const config_setting_t *setting)
{
	struct text name = text_of(config_setting_name(setting));
	struct text nearest = schema_nearest(section, name);
	const char *elsewhere = NULL;

	if (nearest.len > 0) {
		conffile_error(loader, setting,
			       "unknown key; did you mean \"%.*s\"?",
			       (int)nearest.len, nearest.at);
		return;
	}
	for (size_t i = 0; i < 3; i++)
		if (schema_find(schema_units[i], name) != NULL)
			elsewhere = schema_units[i]->name;
	if (elsewhere != NULL)
		conffile_error(loader, setting,
			       "unknown key; it belongs to one of \"%s\"",
			       elsewhere);
	else
		conffile_error(loader, setting, "unknown key");
}
