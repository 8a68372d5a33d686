/* The effective configuration as a file. */
#include <errno.h>

#include "core/schema.h"
#include "core/signame.h"
#include "core/units.h"
#include "io/conffile.h"

/* Where the text goes, and how deep in groups it is. */
struct dump {
	FILE *file;
	int depth;
};

static void put_char(FILE *file, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(file, "\\%c", c);
	else if (c < ' ' || c == 0x7f)
		fprintf(file, "\\x%02x", c);
	else
		fputc(c, file);
}

/* A template is stored as it is written; in the others nothing may look like
 * something to expand.
 */
static void put_string(FILE *file, const char *string, unsigned flags)
{
	fputc('"', file);
	for (; *string != '\0'; string++) {
		if (*string == '$' && (flags & SCHEMA_TEMPLATE) == 0)
			fputc('$', file);
		put_char(file, (unsigned char)*string);
	}
	fputc('"', file);
}

static void put_name(const struct dump *dump, const char *name)
{
	fprintf(dump->file, "%*s%s = ", dump->depth * 2, "", name);
}

static void put_strings(const struct dump *dump, const struct schema_key *key,
			const struct strings *strings)
{
	put_name(dump, key->name);
	fputs("[", dump->file);
	for (size_t i = 0; i < strings->count; i++) {
		fputs(i > 0 ? ", " : " ", dump->file);
		put_string(dump->file, strings->at[i], key->flags);
	}
	fputs(" ];\n", dump->file);
}

/* A plain word, number or unit, in quotes when TEXT says so. */
static void put_plain(const struct dump *dump, const struct schema_key *key,
		      const char *text, bool quotes)
{
	put_name(dump, key->name);
	fprintf(dump->file, quotes ? "\"%s\";\n" : "%s;\n", text);
}

static void put_units(const struct dump *dump, const struct schema_key *key,
		      uint64_t value)
{
	char buf[48];
	struct out out = out_init(buf, sizeof(buf));

	if (value == 0 && (key->flags & SCHEMA_NONE) != 0)
		out_string(&out, "none");
	else if (key->kind == SCHEMA_SIZE)
		units_out_size(&out, value);
	else if (key->kind == SCHEMA_COUNT)
		out_u64(&out, value);
	else
		units_out_duration(&out, (int64_t)value);
	out_end(&out);
	put_plain(dump, key, buf, key->kind != SCHEMA_COUNT || value == 0);
}

static void put_ready(const struct dump *dump, const struct schema_key *key,
		      const struct unit *unit)
{
	put_name(dump, key->name);
	switch (unit->ready) {
	case READY_AT_ONCE:
		fputs("\"none\";\n", dump->file);
		break;
	case READY_NOTIFY:
		fputs("\"notify\";\n", dump->file);
		break;
	case READY_FD:
		fprintf(dump->file, "\"fd:%d\";\n", (int)unit->ready_value);
		break;
	case READY_TCP:
		fputs("\"tcp:\" ", dump->file);
		put_string(dump->file, unit->ready_tcp, 0);
		fputs(";\n", dump->file);
		break;
	case READY_AFTER:
		fprintf(dump->file, "\"%lldms\";\n",
			(long long)unit->ready_value);
		break;
	}
}

static void put_unique(const struct dump *dump, const struct schema_key *key,
		       const struct unit *unit)
{
	put_name(dump, key->name);
	if (unit->unique == UNIQUE_VALUE)
		put_string(dump->file, unit->unique_value, key->flags);
	else
		fputs(unit->unique == UNIQUE_USER ? "\"user\"" : "\"none\"",
		      dump->file);
	fputs(";\n", dump->file);
}

static void put_exits(const struct dump *dump, const struct schema_key *key,
		      const struct unit *unit)
{
	put_name(dump, key->name);
	fputs("[", dump->file);
	for (size_t i = 0; i < unit->ok_exit_count; i++)
		fprintf(dump->file, "%s%d", i > 0 ? ", " : " ",
			unit->ok_exit[i]);
	fputs(" ];\n", dump->file);
}

static void put_section(struct dump *dump, const struct schema_section *section,
			const void *base);

static void put_group(struct dump *dump, const char *name,
		      const struct schema_section *section, const void *base)
{
	put_name(dump, name);
	fputs("{\n", dump->file);
	dump->depth++;
	put_section(dump, section, base);
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
}

static void put_params(struct dump *dump, const struct schema_key *key,
		       const struct unit *unit)
{
	put_name(dump, key->name);
	fputs("{\n", dump->file);
	dump->depth++;
	for (size_t i = 0; i < unit->params_count; i++)
		put_group(dump, unit->params[i].name, key->section,
			  &unit->params[i]);
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
}

static void put_all_units(struct dump *dump, const struct schema_key *key,
			  const struct config *config)
{
	put_name(dump, key->name);
	fputs("{\n", dump->file);
	dump->depth++;
	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].kind == (enum unit_kind)key->min)
			put_group(dump, config->units[i].name, key->section,
				  &config->units[i]);
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
}

static bool is_timed(const struct unit *unit)
{
	return unit->every_ms > 0 || unit->cron != NULL;
}

#define FIELD(TYPE) ((TYPE const *)(const void *)((const char *)base + key->at))

static void put_scalar(const struct dump *dump, const struct schema_key *key,
		       const void *base)
{
	char buf[24];

	switch (key->kind) {
	case SCHEMA_STRING:
		if (*FIELD(char *) == NULL)
			return;
		put_name(dump, key->name);
		put_string(dump->file, *FIELD(char *), key->flags);
		fputs(";\n", dump->file);
		break;
	case SCHEMA_WORD:
		if ((key->flags & SCHEMA_TIMED) != 0 && !is_timed(base))
			return;
		put_plain(dump, key, key->words[*FIELD(unsigned)], true);
		break;
	case SCHEMA_BOOL:
		put_plain(dump, key, *FIELD(bool) ? "true" : "false", false);
		break;
	case SCHEMA_SIGNAL:
		put_plain(dump, key, signame_of(*FIELD(int)), true);
		break;
	case SCHEMA_NUMBER:
	case SCHEMA_UMASK:
		if (key->kind == SCHEMA_UMASK && *FIELD(int) == -1)
			return;
		snprintf(buf, sizeof(buf),
			 key->kind == SCHEMA_UMASK ? "%03o" : "%d",
			 *FIELD(int));
		put_plain(dump, key, buf, key->kind == SCHEMA_UMASK);
		break;
	case SCHEMA_COUNT:
		put_units(dump, key, *FIELD(unsigned));
		break;
	case SCHEMA_SIZE:
		put_units(dump, key, *FIELD(uint64_t));
		break;
	default:
		/* A duration without default that nobody gave is absent. */
		if (*FIELD(int64_t) != 0 || key->fallback != NULL)
			put_units(dump, key, (uint64_t)*FIELD(int64_t));
	}
}

static void put(struct dump *dump, const struct schema_key *key,
		const void *base)
{
	switch (key->kind) {
	case SCHEMA_STRINGS:
	case SCHEMA_ENV:
		put_strings(dump, key, FIELD(struct strings));
		break;
	case SCHEMA_GROUP:
	case SCHEMA_LOG:
		put_group(dump, key->name, key->section, base);
		break;
	case SCHEMA_READY:
		put_ready(dump, key, base);
		break;
	case SCHEMA_EXITS:
		put_exits(dump, key, base);
		break;
	case SCHEMA_UNIQUE:
		put_unique(dump, key, base);
		break;
	case SCHEMA_PARAMS:
		put_params(dump, key, base);
		break;
	case SCHEMA_UNITS:
		put_all_units(dump, key, base);
		break;
	default:
		put_scalar(dump, key, base);
	}
}

static void put_section(struct dump *dump, const struct schema_section *section,
			const void *base)
{
	for (size_t i = 0; i < section->count; i++)
		put(dump, &section->keys[i], base);
}

int conffile_dump(const struct config *config, FILE *out)
{
	struct dump dump = { .file = out };

	for (size_t i = 0; i < schema_root.count; i++) {
		const struct schema_key *key = &schema_root.keys[i];

		if (key->kind != SCHEMA_GROUP || config->cluster.present ||
		    strcmp(key->name, "cluster") != 0)
			put(&dump, key, config);
	}
	if (fflush(out) != 0 || ferror(out))
		return -(errno != 0 ? errno : EIO);
	return 0;
}
