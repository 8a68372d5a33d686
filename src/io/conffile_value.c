/* What a key says, into its field. */
#define _GNU_SOURCE
#include <errno.h>

#include "core/signame.h"
#include "core/units.h"
#include "io/conffile_loader.h"

#define FIELD(TYPE) ((TYPE *)(void *)((char *)base + key->at))

static const char *const range_fault = CONFFILE_OUT_OF_RANGE;

static const char *set_whole(const struct schema_key *key, int64_t value,
			     void *base)
{
	if (value < key->min || value > key->max)
		return range_fault;
	if (key->kind == SCHEMA_NUMBER)
		*FIELD(int) = (int)value;
	else
		*FIELD(unsigned) = (unsigned)value;
	return NULL;
}

static const char *set_number(const struct schema_key *key, struct text text,
			      void *base)
{
	bool minus = text.len > 0 && text.at[0] == '-';
	struct text digits = { text.at + (minus ? 1 : 0),
			       text.len - (minus ? 1 : 0) };
	uint64_t value;

	if (!text_to_u64(digits, INT32_MAX, &value))
		return "a whole number is needed";
	return set_whole(key, minus ? -(int64_t)value : (int64_t)value, base);
}

static const char *set_duration(const struct schema_key *key, struct text text,
				void *base)
{
	int64_t ms = 0;

	switch (units_parse_duration(text, &ms)) {
	case 0:
		break;
	case -EDOM:
		return "a duration needs a unit: ms, s, m, h or d, as in "
		       "\"30s\"";
	case -ERANGE:
		return range_fault;
	default:
		return "a duration looks like \"500ms\", \"3s\", \"5m\", "
		       "\"24h\" or \"7d\"";
	}
	if (ms < key->min || ms > key->max)
		return range_fault;
	*FIELD(int64_t) = ms;
	return NULL;
}

static const char *set_seconds(const struct schema_key *key, struct text text,
			       void *base)
{
	uint64_t seconds;

	if (!text_to_u64(text, INT32_MAX, &seconds))
		return set_duration(key, text, base);
	if ((int64_t)seconds * 1000 < key->min ||
	    (int64_t)seconds * 1000 > key->max)
		return range_fault;
	*FIELD(int64_t) = (int64_t)seconds * 1000;
	return NULL;
}

static const char *set_size(const struct schema_key *key, struct text text,
			    void *base)
{
	uint64_t bytes = 0;

	switch (units_parse_size(text, &bytes)) {
	case 0:
		break;
	case -EDOM:
		return "a size needs a unit: B, K, M, G or T, as in \"64K\"";
	case -ERANGE:
		return range_fault;
	default:
		return "a size looks like \"64K\", \"10M\" or \"1G\"";
	}
	if (bytes < (uint64_t)key->min || bytes > (uint64_t)key->max)
		return range_fault;
	*FIELD(uint64_t) = bytes;
	return NULL;
}

static const char *set_bool(const struct schema_key *key, struct text text,
			    void *base)
{
	if (!text_is(text, "true") && !text_is(text, "false"))
		return "write true or false";
	*FIELD(bool) = text_is(text, "true");
	return NULL;
}

static const char *set_umask(const struct schema_key *key, struct text text,
			     void *base)
{
	int mask = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '7' || mask > 077)
			return "octal digits look like \"022\"";
		mask = mask * 8 + (text.at[i] - '0');
	}
	if (text.len == 0)
		return "octal digits look like \"022\"";
	*FIELD(int) = mask;
	return NULL;
}

static const char *set_signal(const struct schema_key *key, struct text text,
			      void *base)
{
	int number = signame_parse(text);

	if (number == 0)
		return "there is no such signal";
	*FIELD(int) = number;
	return NULL;
}

static const char *set_word(const struct schema_key *key, struct text text,
			    void *base)
{
	int index = schema_word(key->words, text);

	if (index < 0)
		return "there is no such word here";
	*FIELD(unsigned) = (unsigned)index;
	return NULL;
}

static const char *set_string(struct conffile_loader *loader,
			      const struct schema_key *key, struct text text,
			      void *base)
{
	const char *fault;

	if (key->form == FORM_CRON)
		fault = conffile_cron(loader, text);
	else if (key->form == FORM_ZONE)
		fault = conffile_zone(loader, text);
	else
		fault = conffile_form(key->form, text);
	if (fault != NULL)
		return fault;
	*FIELD(char *) = conffile_strdup(loader, text);
	return NULL;
}

/* "none" where it may be written for 0. */
static void set_none(const struct schema_key *key, void *base)
{
	if (key->kind == SCHEMA_COUNT)
		*FIELD(unsigned) = 0;
	else if (key->kind == SCHEMA_SIZE)
		*FIELD(uint64_t) = 0;
	else
		*FIELD(int64_t) = 0;
}

const char *conffile_set_text(struct conffile_loader *loader,
			      const struct schema_key *key, struct text text,
			      void *base)
{
	if ((key->flags & SCHEMA_NONE) != 0 && text_is(text, "none")) {
		set_none(key, base);
		return NULL;
	}
	switch (key->kind) {
	case SCHEMA_STRING:
		return set_string(loader, key, text, base);
	case SCHEMA_WORD:
		return set_word(key, text, base);
	case SCHEMA_COUNT:
	case SCHEMA_NUMBER:
		return set_number(key, text, base);
	case SCHEMA_SIZE:
		return set_size(key, text, base);
	case SCHEMA_DURATION:
		return set_duration(key, text, base);
	case SCHEMA_SECONDS:
		return set_seconds(key, text, base);
	case SCHEMA_BOOL:
		return set_bool(key, text, base);
	case SCHEMA_UMASK:
		return set_umask(key, text, base);
	case SCHEMA_SIGNAL:
		return set_signal(key, text, base);
	case SCHEMA_READY:
		return conffile_ready(loader, text, base);
	case SCHEMA_UNIQUE:
		return conffile_unique(loader, text, base);
	case SCHEMA_LOG:
		return conffile_set_text(loader, &key->section->keys[0], text,
					 base);
	default:
		return "this takes no text";
	}
}
