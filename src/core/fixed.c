#include "core/fixed.h"

#include <string.h>

#include "core/schema.h"

static bool same_string(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_strings(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_string(a->at[i], b->at[i]))
			return false;
	return true;
}

/* Of the field of a key; 0 for groups, which have none. */
static size_t bytes_of(enum schema_kind kind)
{
	switch (kind) {
	case SCHEMA_STRING:
		return sizeof(char *);
	case SCHEMA_STRINGS:
		return sizeof(struct strings);
	case SCHEMA_WORD:
	case SCHEMA_COUNT:
	case SCHEMA_NUMBER:
		return sizeof(unsigned);
	case SCHEMA_SIZE:
	case SCHEMA_DURATION:
	case SCHEMA_SECONDS:
		return sizeof(int64_t);
	case SCHEMA_BOOL:
		return sizeof(bool);
	default:
		return 0;
	}
}

static bool is_same(enum schema_kind kind, const void *a, const void *b)
{
	if (kind == SCHEMA_STRING)
		return same_string(*(char *const *)a, *(char *const *)b);
	if (kind == SCHEMA_STRINGS)
		return same_strings(a, b);
	return memcmp(a, b, bytes_of(kind)) == 0;
}

/* Takes over the value.  True when it was another one. */
static bool keep(const struct schema_key *key, struct config *config,
		 const struct config *started)
{
	void *to = (char *)config + key->at;
	const void *from = (const char *)started + key->at;
	bool same = is_same(key->kind, to, from);

	memcpy(to, from, bytes_of(key->kind));
	return !same;
}

static void out_name(struct out *out, const char *group, const char *name)
{
	if (out->len > 0)
		out_string(out, ", ");
	if (group != NULL) {
		out_string(out, group);
		out_char(out, '.');
	}
	out_string(out, name);
}

static void keep_section(const struct schema_section *section,
			 const char *group, bool all, struct config *config,
			 const struct config *started, struct out *out)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct schema_key *key = &section->keys[i];

		if ((all || (key->flags & SCHEMA_FIXED) != 0) &&
		    keep(key, config, started))
			out_name(out, group, key->name);
	}
}

void fixed_keep(struct config *config, const struct config *started,
		struct out *out)
{
	bool other = config->cluster.present != started->cluster.present;

	keep_section(&schema_root, NULL, false, config, started, out);
	if (other) {
		config->cluster = started->cluster;
		out_name(out, NULL, "cluster");
	}
	for (size_t i = 0; i < schema_root.count; i++) {
		const struct schema_key *key = &schema_root.keys[i];

		if (key->kind == SCHEMA_GROUP)
			keep_section(key->section, key->name,
				     (key->flags & SCHEMA_FIXED) != 0, config,
				     started, out);
	}
}
