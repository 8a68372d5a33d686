/* Where each value was given. */
#define _GNU_SOURCE
#include "io/conffile_origin.h"

#include <stdlib.h>
#include <string.h>

#include "core/expand.h"
#include "io/conffile.h"
#include "io/conffile_dir.h"

#define COLUMN_MAX  48 /* of comments; longer lines stand out */
#define SHOWN_MAX   48 /* bytes of one ${NAME:-text} */
#define SHOWN_COUNT 3
#define OTHERS_MAX  20 /* files named that are not read */

/* ---- the way ---- */

void conffile_where_enter(struct conffile_where *where, const char *name,
			  const struct schema_section *section)
{
	if (where->depth < CONFFILE_DEPTH_MAX) {
		where->names[where->depth] = name;
		where->sections[where->depth] = section;
	}
	where->depth++;
}

void conffile_where_leave(struct conffile_where *where)
{
	where->depth--;
}

void conffile_where_enter_unit(struct conffile_where *where, size_t index)
{
	where->unit = &where->origins->units[index];
	where->depth = 0;
}

void conffile_where_leave_unit(struct conffile_where *where)
{
	where->unit = NULL;
	where->depth = 0;
}

/* ---- looking up ---- */

/* The setting of KEY, from SETTING down; NULL when it was not given there. */
static config_setting_t *descend(const struct conffile_where *where,
				 config_setting_t *setting,
				 const struct schema_key *key)
{
	if (where->depth > CONFFILE_DEPTH_MAX)
		return NULL;
	for (size_t i = 0; setting != NULL && i < where->depth; i++) {
		setting = config_setting_get_member(setting, where->names[i]);
		/* Without braces it is the group's first key. */
		if (setting != NULL && !config_setting_is_group(setting))
			return key == where->sections[i]->keys ? setting : NULL;
	}
	return setting != NULL ? config_setting_get_member(setting, key->name)
			       : NULL;
}

/* False: no file gave it. */
static bool find(const struct conffile_where *where,
		 const struct schema_key *key, struct conffile_origin *found)
{
	const struct conffile_origins *origins = where->origins;

	if (where->unit != NULL) {
		found->source = where->unit->source;
		found->setting = descend(where, where->unit->setting, key);
		return found->setting != NULL;
	}
	for (size_t i = origins->sources_count; i > 0; i--) {
		found->source = &origins->sources[i - 1];
		if (!found->source->parsed)
			continue;
		found->setting = descend(
			where, config_root_setting(&found->source->settings),
			key);
		if (found->setting != NULL)
			return true;
	}
	return false;
}

/* ---- comments ---- */

/* A name of a file may hold anything; a comment ends with its line. */
static void put_plain(struct text text, FILE *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		fputc(c < ' ' || c == 0x7f ? '?' : c, out);
	}
}

/* "holdfast.conf", "holdfast.conf.d/10.conf": what is in a directory goes by
 * its last two names.
 */
static void put_place(const struct conffile_origins *origins,
		      const struct conffile_origin *origin, FILE *out)
{
	const char *path = origin->source->path;
	const char *at = path + strlen(path);
	int names = origin->source == origins->sources ? 1 : 2;

	for (; at > path; at--)
		if (at[-1] == '/' && --names == 0)
			break;
	put_plain(text_of(at), out);
	fprintf(out, ":%u", origin->setting->line);
}

/* Shows what STRING takes from the environment; *COUNT has been shown. */
static void put_variables(const char *string, unsigned *count, FILE *out)
{
	const char *end;

	for (; string != NULL && *string != '\0'; string++) {
		if (*string != '$')
			continue;
		string++;
		end = *string == '{' ? strchr(string, '}') : NULL;
		if (*string == '\0')
			return;
		if (end == NULL || strncmp(string, "{job.", 5) == 0 ||
		    strncmp(string, "{param.", 7) == 0)
			continue;
		if (++*count > SHOWN_COUNT)
			return;
		fputs(*count == 1 ? ", $" : " $", out);
		put_plain(text_cut((struct text){ string,
						  (size_t)(end + 1 - string) },
				   SHOWN_MAX),
			  out);
		string = end;
	}
}

static void put_all_variables(config_setting_t *setting, FILE *out)
{
	int length = config_setting_is_aggregate(setting)
			     ? config_setting_length(setting)
			     : 0;
	unsigned count = 0;

	put_variables(config_setting_get_string(setting), &count, out);
	for (int i = 0; i < length; i++)
		put_variables(config_setting_get_string(config_setting_get_elem(
				      setting, (unsigned)i)),
			      &count, out);
}

/* What the machine answered is told in the table, places apart: these depend
 * on who asks.
 */
static void put_default(const struct schema_key *key, FILE *out)
{
	const char *what = strstr(key->help, "default: ");

	if (key->fallback == NULL && what != NULL && strchr(what, '/') == NULL)
		fputs(what, out);
	else
		fputs("default", out);
}

void conffile_where_put(const struct conffile_where *where,
			const struct schema_key *key, FILE *out)
{
	struct conffile_origin found;

	fprintf(out, "%c# ", CONFFILE_TAB);
	if (!find(where, key, &found)) {
		put_default(key, out);
		return;
	}
	put_place(where->origins, &found, out);
	put_all_variables(found.setting, out);
}

void conffile_where_put_unit(const struct conffile_where *where, FILE *out)
{
	fprintf(out, "%c# ", CONFFILE_TAB);
	put_place(where->origins, where->unit, out);
}

/* Who wonders why a file has no effect finds it here. */
static void put_others(const char *main, FILE *out)
{
	struct conffile_dir dir;

	if (conffile_dir_others(&dir, main) == 0)
		for (size_t i = 0; i < dir.count && i < OTHERS_MAX; i++) {
			fputs("#   not read, not *.conf: ", out);
			put_plain(text_of(dir.path), out);
			fputc('/', out);
			put_plain(text_of(dir.entries[i]->d_name), out);
			fputc('\n', out);
		}
	conffile_dir_fini(&dir);
}

void conffile_origins_put(const struct conffile_origins *origins, FILE *out)
{
	bool any = false;

	fputs("# What is in effect, and where it was given.  Read:\n", out);
	for (size_t i = 0; i < origins->sources_count; i++) {
		if (!origins->sources[i].parsed)
			continue;
		any = true;
		fputs("#   ", out);
		put_plain(text_of(origins->sources[i].path), out);
		fputc('\n', out);
	}
	if (!any) {
		fputs("#   no file; there is no ", out);
		put_plain(text_of(origins->sources[0].path), out);
		fputc('\n', out);
	}
	put_others(origins->sources[0].path, out);
}

/* ---- one below the other ---- */

static size_t columns(const char *at, const char *end)
{
	size_t count = 0;

	for (; at < end; at++)
		count += ((unsigned char)*at & 0xc0) != 0x80;
	return count;
}

/* Where LINE has its comment, or its end; *NEXT is the line behind. */
static const char *split(const char *line, const char **next)
{
	const char *end = strchrnul(line, '\n');
	const char *tab = memchr(line, CONFFILE_TAB, (size_t)(end - line));

	*next = *end == '\n' ? end + 1 : end;
	return tab;
}

static size_t widest(const char *text)
{
	const char *next;
	size_t most = 0;

	for (; *text != '\0'; text = next) {
		const char *tab = split(text, &next);
		size_t width = tab != NULL ? columns(text, tab) : 0;

		if (width <= COLUMN_MAX && width > most)
			most = width;
	}
	return most;
}

void conffile_origins_align(const char *text, FILE *out)
{
	size_t column = widest(text) + 2;
	const char *next;

	for (; *text != '\0'; text = next) {
		const char *tab = split(text, &next);
		size_t width = tab != NULL ? columns(text, tab) : 0;

		if (tab != NULL) {
			fwrite(text, 1, (size_t)(tab - text), out);
			fprintf(out, "%*s",
				width < column - 2 ? (int)(column - width) : 2,
				"");
			text = tab + 1;
		}
		fwrite(text, 1, (size_t)(next - text), out);
	}
}

void conffile_origins_free(struct conffile_origins *origins)
{
	if (origins == NULL)
		return;
	for (size_t i = 0; i < origins->sources_count; i++)
		conffile_source_fini(&origins->sources[i]);
	free(origins->sources);
	free(origins->units);
	free(origins);
}
