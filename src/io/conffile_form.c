/* What a string must look like. */
#define _GNU_SOURCE
#include <regex.h>
#include <stdlib.h>

#include "io/address.h"
#include "io/conffile_loader.h"

/* sun_path has 108 bytes; "/control" and the end take 9, and the view and
 * others put longer names beside it.
 */
#define STATE_PATH_MAX 90

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool is_made_of(struct text text, const char *more)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\0' ||
		    (!is_alnum(text.at[i]) && strchr(more, text.at[i]) == NULL))
			return false;
	return text.len > 0;
}

static bool is_printable(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c < ' ' || c == 0x7f)
			return false;
	}
	return text.len > 0 && text_is_utf8(text);
}

static bool is_path(struct text text)
{
	return text.len > 0 && text.at[0] == '/' && text.len < 4096;
}

static bool is_base(struct text text)
{
	for (size_t i = 1; i < text.len; i++)
		if (text.at[i] == '/' && text.at[i - 1] == '/')
			return false;
	return is_path(text) && is_made_of(text, "/-_.~");
}

static bool is_mime(struct text text)
{
	const char *slash = memchr(text.at, '/', text.len);

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return false;
	return slash != NULL && slash > text.at &&
	       slash + 1 < text.at + text.len &&
	       is_made_of((struct text){ text.at, (size_t)(slash - text.at) },
			  "!#$&^_.+-");
}

static bool is_regex(struct text text)
{
	char *string = strndup(text.at, text.len);
	regex_t regex;
	bool good = false;

	if (string == NULL)
		return true; /* the caller runs out of memory just as well */
	if (regcomp(&regex, string, REG_EXTENDED | REG_NOSUB) == 0) {
		regfree(&regex);
		good = true;
	}
	free(string);
	return good;
}

static bool is_destination(struct text text)
{
	static const char prefix[] = "file:";

	if (text_is(text, "stderr") || text_is(text, "syslog"))
		return true;
	return text.len > sizeof(prefix) &&
	       memcmp(text.at, prefix, sizeof(prefix) - 1) == 0 &&
	       is_path((struct text){ text.at + sizeof(prefix) - 1,
				      text.len - sizeof(prefix) + 1 });
}

static bool is_node(struct text text)
{
	return text.len <= SCHEMA_NAME_MAX && is_made_of(text, "-_.") &&
	       is_alnum(text.at[0]);
}

static bool is_ok(enum schema_form form, struct text text)
{
	struct sockaddr_storage address;
	socklen_t len;

	switch (form) {
	case FORM_ANY:
	case FORM_CRON: /* these say more than one thing: conffile_time.c */
	case FORM_ZONE:
		return true;
	case FORM_FILLED:
		return text.len > 0;
	case FORM_NODE:
		return is_node(text);
	case FORM_PATH:
		return is_path(text);
	case FORM_STATE:
		return is_path(text) && text.len <= STATE_PATH_MAX;
	case FORM_ADDRESS:
		return address_parse(text, &address, &len) == 0;
	case FORM_PEER:
		return address_is_peer(text);
	case FORM_IP:
		return address_is_ip(text);
	case FORM_BASE:
		return is_base(text);
	case FORM_HEADER:
		return is_made_of(text, "-");
	case FORM_MIME:
		return text.len > 0 && is_mime(text);
	case FORM_FILE_NAME:
		return is_printable(text) &&
		       memchr(text.at, '/', text.len) == NULL;
	case FORM_REGEX:
		return is_regex(text);
	case FORM_UNIT:
		return schema_is_unit_name(text);
	case FORM_DESTINATION:
		return is_destination(text);
	}
	return false;
}

static const char *const wanted[] = {
	[FORM_FILLED] = "must not be empty; leave the key out if there is none",
	[FORM_NODE] = "a name has letters, digits, '-', '_' and '.', begins "
		      "with a letter or digit, and has at most 64 of them",
	[FORM_PATH] = "a path begins with '/'",
	[FORM_STATE] = "a path begins with '/', and this one has at most 90 "
		       "bytes, since it holds a socket",
	[FORM_ADDRESS] = "an address looks like \"127.0.0.1:8080\" or "
			 "\"[::]:8080\"",
	[FORM_PEER] = "a peer looks like \"10.0.7.11\", \"10.0.7.12:7400\" or "
		      "\"dns:nodes.example.org\"",
	[FORM_IP] = "an address looks like \"127.0.0.1\" or \"::1\"",
	[FORM_BASE] = "a path prefix begins with '/', and has letters, digits, "
		      "'-', '_', '.', '~' between",
	[FORM_HEADER] = "a header's name has letters, digits and '-'",
	[FORM_MIME] = "a media type looks like \"application/pdf\"",
	[FORM_FILE_NAME] = "a file's name is not empty, and has no '/' and no "
			   "control characters",
	[FORM_REGEX] = "no regular expression: what is opened by '[', '(' or "
		       "'{' has to be closed",
	[FORM_UNIT] = "a unit's name has lower-case letters, digits, '-' and "
		      "'_'",
	[FORM_DESTINATION] = "write \"stderr\", \"syslog\" or \"file:/PATH\"",
};

const char *conffile_form(enum schema_form form, struct text text)
{
	return is_ok(form, text) ? NULL : wanted[form];
}
