#include "core/schema.h"

#include "core/schema_table.h"
#include "core/suggest.h"

const struct schema_section schema_root = { "", KEYS(root_keys) };

const struct schema_section *const schema_units[3] = {
	[UNIT_SERVICE] = &service_section,
	[UNIT_SINGLETON] = &singleton_section,
	[UNIT_JOB] = &job_section,
};

/* The first ones are known when the job is asked for. */
static const char *const job_names[] = {
	"job.id",    "job.type",    "job.user", "job.key",     "job.output",
	"job.token", "job.scratch", "job.node", "job.attempt",
};

#define JOB_NAMES_ASKED 4
#define JOB_NAMES_COUNT (sizeof(job_names) / sizeof(job_names[0]))

const struct schema_key *schema_find(const struct schema_section *section,
				     struct text name)
{
	for (size_t i = 0; i < section->count; i++)
		if (text_is(name, section->keys[i].name))
			return &section->keys[i];
	return NULL;
}

struct text schema_nearest(const struct schema_section *section,
			   struct text name)
{
	struct suggest suggest = suggest_init(name);

	for (size_t i = 0; i < section->count; i++)
		suggest_offer(&suggest, text_of(section->keys[i].name));
	return suggest.nearest;
}

int schema_word(const char *const *words, struct text word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (text_is(word, words[i]))
			return i;
	return -1;
}

bool schema_is_job_name(struct text name, unsigned flags)
{
	size_t count =
		(flags & SCHEMA_ASKED) != 0 ? JOB_NAMES_ASKED : JOB_NAMES_COUNT;

	for (size_t i = 0; i < count; i++)
		if (text_is(name, job_names[i]))
			return true;
	return false;
}

static bool is_name(struct text name, bool upper)
{
	if (name.len == 0 || name.len > SCHEMA_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (upper && c >= 'A' && c <= 'Z'))
			continue;
		if (i == 0 || (c != '-' && c != '_'))
			return false;
	}
	return true;
}

bool schema_is_unit_name(struct text name)
{
	return is_name(name, false);
}

bool schema_is_param_name(struct text name)
{
	return is_name(name, true);
}
