/* The effective configuration as a file. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "core/schema.h"
#include "core/signame.h"
#include "core/units.h"
#include "io/conffile.h"
#include "io/conffile_origin.h"

/* Where the text goes, and how deep in groups it is. */
struct dump {
	FILE *file;
	int depth;
	struct conffile_where *where; /* NULL: origins are not told */
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

static void end(const struct dump *dump, const struct schema_key *key)
{
	fputc(';', dump->file);
	if (dump->where != NULL)
		conffile_where_put(dump->where, key, dump->file);
	fputc('\n', dump->file);
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
	fputs(" ]", dump->file);
	end(dump, key);
}

/* A plain word, number or unit, in quotes when TEXT says so. */
static void put_plain(const struct dump *dump, const struct schema_key *key,
		      const char *text, bool quotes)
{
	put_name(dump, key->name);
	fprintf(dump->file, quotes ? "\"%s\"" : "%s", text);
	end(dump, key);
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
		fputs("\"none\"", dump->file);
		break;
	case READY_NOTIFY:
		fputs("\"notify\"", dump->file);
		break;
	case READY_FD:
		fprintf(dump->file, "\"fd:%d\"", (int)unit->ready_value);
		break;
	case READY_TCP: /* what can be knocked at needs no escapes */
		fprintf(dump->file, "\"tcp:%s\"", unit->ready_tcp);
		break;
	case READY_AFTER:
		fprintf(dump->file, "\"%lldms\"", (long long)unit->ready_value);
		break;
	}
	end(dump, key);
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
	end(dump, key);
}

static void put_exits(const struct dump *dump, const struct schema_key *key,
		      const struct unit *unit)
{
	put_name(dump, key->name);
	fputs("[", dump->file);
	for (size_t i = 0; i < unit->ok_exit_count; i++)
		fprintf(dump->file, "%s%d", i > 0 ? ", " : " ",
			unit->ok_exit[i]);
	fputs(" ]", dump->file);
	end(dump, key);
}

static void put_section(struct dump *dump, const struct schema_section *section,
			const void *base);

static void open_group(struct dump *dump, const char *name,
		       const struct schema_section *section)
{
	put_name(dump, name);
	fputs("{\n", dump->file);
	dump->depth++;
	if (dump->where != NULL)
		conffile_where_enter(dump->where, name, section);
}

static void close_group(struct dump *dump)
{
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
	if (dump->where != NULL)
		conffile_where_leave(dump->where);
}

static void put_group(struct dump *dump, const char *name,
		      const struct schema_section *section, const void *base)
{
	open_group(dump, name, section);
	put_section(dump, section, base);
	close_group(dump);
}

static void put_params(struct dump *dump, const struct schema_key *key,
		       const struct unit *unit)
{
	open_group(dump, key->name, key->section);
	for (size_t i = 0; i < unit->params_count; i++)
		put_group(dump, unit->params[i].name, key->section,
			  &unit->params[i]);
	close_group(dump);
}

static void put_unit(struct dump *dump, const struct schema_section *section,
		     const struct config *config, size_t index)
{
	const struct unit *unit = &config->units[index];

	put_name(dump, unit->name);
	fputc('{', dump->file);
	if (dump->where != NULL) {
		conffile_where_enter_unit(dump->where, index);
		conffile_where_put_unit(dump->where, dump->file);
	}
	fputc('\n', dump->file);
	dump->depth++;
	put_section(dump, section, unit);
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
	if (dump->where != NULL)
		conffile_where_leave_unit(dump->where);
}

static void put_all_units(struct dump *dump, const struct schema_key *key,
			  const struct config *config)
{
	put_name(dump, key->name);
	fputs("{\n", dump->file);
	dump->depth++;
	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].kind == (enum unit_kind)key->min)
			put_unit(dump, key->section, config, i);
	dump->depth--;
	fprintf(dump->file, "%*s};\n", dump->depth * 2, "");
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
		end(dump, key);
		break;
	case SCHEMA_WORD:
		if ((key->flags & SCHEMA_TIMED) != 0 && !unit_is_timed(base))
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

static void put_config(struct dump *dump, const struct config *config)
{
	for (size_t i = 0; i < schema_root.count; i++) {
		const struct schema_key *key = &schema_root.keys[i];

		if (key->kind != SCHEMA_GROUP || config->cluster.present ||
		    strcmp(key->name, "cluster") != 0)
			put(dump, key, config);
	}
}

static int finish(FILE *out)
{
	if (fflush(out) != 0 || ferror(out))
		return -(errno != 0 ? errno : EIO);
	return 0;
}

int conffile_dump(const struct config *config, FILE *out)
{
	struct dump dump = { .file = out };

	put_config(&dump, config);
	return finish(out);
}

int conffile_dump_origins(const struct config *config,
			  const struct conffile_origins *origins, FILE *out)
{
	struct conffile_where where = { .origins = origins };
	struct dump dump = { .where = &where };
	char *text = NULL;
	size_t len;
	int rc;

	dump.file = open_memstream(&text, &len);
	if (dump.file == NULL)
		return -errno;
	put_config(&dump, config);
	rc = finish(dump.file);
	if (fclose(dump.file) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0) {
		conffile_origins_put(origins, out);
		conffile_origins_align(text, out);
		rc = finish(out);
	}
	free(text);
	return rc;
}
