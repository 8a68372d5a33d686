#include "core/envfile.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static char *skip_blanks(char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

struct envfile envfile_init(char *buf, size_t len)
{
	buf[len] = '\0';
	return (struct envfile){ .at = buf, .end = buf + len };
}

static const char *fail(struct envfile *file, const char *fault)
{
	file->fault = fault;
	file->at = file->end;
	return NULL;
}

/* The next line, terminated in place; NULL at the end. */
static char *next_line(struct envfile *file)
{
	char *line = file->at;
	char *end;

	if (line == file->end)
		return NULL;
	file->line++;
	end = memchr(line, '\n', (size_t)(file->end - line));
	if (end == NULL)
		end = file->end;
	file->at = end == file->end ? end : end + 1;
	*end = '\0';
	if (strlen(line) != (size_t)(end - line)) {
		fail(file, "there is a zero byte");
		return NULL;
	}
	return line;
}

/* Moves what is between the quotes at FROM to TO; false when they don't end,
 * or not at the end of the line.
 */
static bool unquote(char *to, char *from)
{
	char quote = *from++;

	for (; *from != '\0' && *from != quote; from++) {
		if (*from == '\\' && quote == '"' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	if (*from != quote || *skip_blanks(from + 1) != '\0')
		return false;
	*to = '\0';
	return true;
}

static void trim(char *to, const char *from)
{
	size_t len = strlen(from);

	while (len > 0 && is_blank(from[len - 1]))
		len--;
	memmove(to, from, len);
	to[len] = '\0';
}

static const char *take_setting(struct envfile *file, char *name)
{
	static const char prefix[] = "export ";
	char *at = name;
	char *value;

	if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		at = name = skip_blanks(name + sizeof(prefix) - 1);
	if (!is_name(*at, true))
		return fail(file, "expected NAME=VALUE; a name is letters, "
				  "digits and _");
	while (is_name(*at, false))
		at++;
	if (*at != '=')
		return fail(file, "expected NAME=VALUE; a name is letters, "
				  "digits and _");
	value = skip_blanks(++at);
	if (*value != '"' && *value != '\'')
		trim(at, value);
	else if (!unquote(at, value))
		return fail(file, "the quotes don't end at the end of the "
				  "line");
	return name;
}

const char *envfile_next(struct envfile *file)
{
	char *line;

	while ((line = next_line(file)) != NULL) {
		line = skip_blanks(line);
		if (*line != '\0' && *line != '#' && *line != ';')
			return take_setting(file, line);
	}
	return NULL;
}
