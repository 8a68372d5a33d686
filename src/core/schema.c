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

/* As supervisors, init systems and crons before this one have it. */
static const char *const synonyms[][2] = {
	{ "after", "depends" },
	{ "after", "depends-on" },
	{ "after", "depends_on" },
	{ "after", "requires" },
	{ "attempts", "retries" },
	{ "attempts", "tries" },
	{ "backoff", "restart-delay" },
	{ "command", "args" },
	{ "command", "cmd" },
	{ "command", "exec" },
	{ "command", "program" },
	{ "command", "run" },
	{ "cron", "at" },
	{ "cron", "calendar" },
	{ "cron", "schedule" },
	{ "dir", "chdir" },
	{ "dir", "cwd" },
	{ "dir", "directory" },
	{ "dir", "working-directory" },
	{ "enabled", "autostart" },
	{ "enabled", "disabled" },
	{ "env", "environment" },
	{ "env-file", "environment-file" },
	{ "every", "interval" },
	{ "listen", "address" },
	{ "listen", "bind" },
	{ "listen", "port" },
	{ "log", "logfile" },
	{ "log", "log-file" },
	{ "log", "stderr" },
	{ "log", "stdout" },
	{ "ok-exit", "exit-codes" },
	{ "restart", "autorestart" },
	{ "stop-signal", "kill-signal" },
	{ "stop-timeout", "grace" },
	{ "stop-timeout", "kill-timeout" },
	{ "unique", "key" },
	{ "user", "uid" },
	{ "user", "username" },
	{ "group", "gid" },
	{ "workers", "concurrency" },
	{ "workers", "processes" },
};

const char *schema_synonym(const struct schema_section *section,
			   struct text name)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (text_is(name, synonyms[i][1]) &&
		    schema_find(section, text_of(synonyms[i][0])) != NULL)
			return synonyms[i][0];
	return NULL;
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
