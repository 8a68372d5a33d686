#define _GNU_SOURCE
#include "cli/disposition.h"

#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value behind NAME in HEADER, NAME holding its '='; NULL if absent. */
static const char *find(const char *header, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = header; *at != '\0'; at++)
		if (strncasecmp(at, name, len) == 0 && at > header &&
		    strchr("; \t", at[-1]) != NULL)
			return at + len;
	return NULL;
}

static void read_extended(const char *at, char *buf, size_t cap)
{
	size_t len = 0;

	while (*at != '\0' && *at != ';' && *at != ' ' && len + 1 < cap) {
		int high = *at == '%' ? hex_digit(at[1]) : -1;
		int low = high >= 0 ? hex_digit(at[2]) : -1;

		buf[len++] = low >= 0 ? (char)(high << 4 | low) : *at;
		at += low >= 0 ? 3 : 1;
	}
	buf[len] = '\0';
}

static void read_quoted(const char *at, char *buf, size_t cap)
{
	bool quoted = *at == '"';
	size_t len = 0;

	for (at += quoted; *at != '\0' && len + 1 < cap; at++) {
		if (quoted ? *at == '"' : strchr("; \t", *at) != NULL)
			break;
		if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		buf[len++] = *at;
	}
	buf[len] = '\0';
}

static bool is_plain(const char *name)
{
	if (*name == '\0' || *name == '.')
		return false;
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

bool disposition_name(struct text header, char *buf, size_t cap)
{
	char line[1024];
	const char *value;
	const char *name = buf;
	const char *slash;

	text_copy(header, line, sizeof(line));
	buf[0] = '\0';
	value = find(line, "filename*=UTF-8''");
	if (value != NULL) {
		read_extended(value, buf, cap);
	} else {
		value = find(line, "filename=");
		if (value != NULL)
			read_quoted(value, buf, cap);
	}
	for (slash = buf; *slash != '\0'; slash++)
		if (*slash == '/' || *slash == '\\')
			name = slash + 1;
	memmove(buf, name, strlen(name) + 1);
	return is_plain(buf);
}
