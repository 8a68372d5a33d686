#include "core/schema.h"

#include "core/signame.h"
#include "core/units.h"
#include "tests/core/test.h"

START_TEST(what_other_programs_call_a_key_is_known)
{
	ck_assert_str_eq(
		schema_synonym(schema_units[UNIT_SERVICE], text_of("cwd")),
		"dir");
	ck_assert_str_eq(
		schema_synonym(schema_units[UNIT_JOB], text_of("retries")),
		"attempts");
	/* Only where the section has such a key. */
	ck_assert_ptr_null(
		schema_synonym(schema_units[UNIT_SERVICE], text_of("retries")));
	ck_assert_ptr_null(schema_synonym(&schema_root, text_of("cwd")));
}
END_TEST

typedef void key_fn(const struct schema_section *section,
		    const struct schema_key *key);

static void each_key(const struct schema_section *section, key_fn *fn)
{
	for (size_t i = 0; i < section->count; i++) {
		fn(section, &section->keys[i]);
		if (section->keys[i].section != NULL)
			each_key(section->keys[i].section, fn);
	}
}

static void is_explained_and_named_once(const struct schema_section *section,
					const struct schema_key *key)
{
	ck_assert_ptr_nonnull(key->help);
	ck_assert_uint_gt(strlen(key->help), 0);
	ck_assert_ptr_eq(schema_find(section, text_of(key->name)), key);
}

START_TEST(every_key_is_explained_and_named_once)
{
	each_key(&schema_root, is_explained_and_named_once);
}
END_TEST

static void has_words_iff_it_needs_them(const struct schema_section *section,
					const struct schema_key *key)
{
	ck_assert_int_eq(key->kind == SCHEMA_WORD, key->words != NULL);
	if (key->words != NULL)
		ck_assert_int_ge(
			schema_word(key->words, text_of(key->fallback)), 0);
}

START_TEST(words_stand_where_words_are_taken_and_the_default_is_one)
{
	each_key(&schema_root, has_words_iff_it_needs_them);
}
END_TEST

static void is_in_range(const struct schema_section *section,
			const struct schema_key *key)
{
	uint64_t bytes = 0;
	int64_t ms = 0;

	if (key->fallback == NULL || strcmp(key->fallback, "none") == 0)
		return;
	switch (key->kind) {
	case SCHEMA_DURATION:
	case SCHEMA_SECONDS:
		ck_assert_int_eq(
			units_parse_duration(text_of(key->fallback), &ms), 0);
		break;
	case SCHEMA_SIZE:
		ck_assert_int_eq(
			units_parse_size(text_of(key->fallback), &bytes), 0);
		ms = (int64_t)bytes;
		break;
	case SCHEMA_COUNT:
		ck_assert(text_to_u64(text_of(key->fallback), UINT32_MAX,
				      &bytes));
		ms = (int64_t)bytes;
		break;
	default:
		return;
	}
	ck_assert_msg(ms >= key->min && ms <= key->max, "%s.%s", section->name,
		      key->name);
}

START_TEST(every_default_is_in_range)
{
	each_key(&schema_root, is_in_range);
}
END_TEST

START_TEST(enums_are_stored_as_the_index_of_their_word)
{
	const struct schema_section *jobs = schema_units[UNIT_JOB];
	const struct schema_section *singletons = schema_units[UNIT_SINGLETON];

	ck_assert_int_eq(
		schema_word(schema_find(jobs, text_of("restart"))->words,
			    text_of("temporary")),
		RESTART_TEMPORARY);
	ck_assert_int_eq(
		schema_word(schema_find(jobs, text_of("when-busy"))->words,
			    text_of("queue")),
		BUSY_QUEUE);
	ck_assert_int_eq(
		schema_word(schema_find(jobs, text_of("resume"))->words,
			    text_of("checkpoint")),
		RESUME_CHECKPOINT);
	ck_assert_int_eq(
		schema_word(schema_find(singletons, text_of("missed"))->words,
			    text_of("run-once")),
		MISSED_RUN_ONCE);
	ck_assert_int_eq(
		schema_word(
			schema_find(singletons, text_of("rebalance"))->words,
			text_of("join")),
		REBALANCE_JOIN);
}
END_TEST

START_TEST(a_key_is_only_where_it_belongs)
{
	ck_assert_ptr_null(
		schema_find(schema_units[UNIT_SERVICE], text_of("cron")));
	ck_assert_ptr_nonnull(
		schema_find(schema_units[UNIT_SINGLETON], text_of("cron")));
	ck_assert_ptr_null(
		schema_find(schema_units[UNIT_JOB], text_of("cron")));
	ck_assert_ptr_nonnull(
		schema_find(schema_units[UNIT_JOB], text_of("attempts")));
	ck_assert_ptr_null(
		schema_find(schema_units[UNIT_SERVICE], text_of("attempts")));
}
END_TEST

START_TEST(the_nearest_key_is_found)
{
	ck_assert(text_is(
		schema_nearest(schema_units[UNIT_JOB], text_of("comand")),
		"command"));
	ck_assert(text_is(schema_nearest(&schema_root, text_of("singeltons")),
			  "singletons"));
}
END_TEST

START_TEST(names_have_their_alphabets)
{
	static const char long_name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	ck_assert(schema_is_unit_name(text_of("web-2_x")));
	ck_assert(schema_is_unit_name(text_of("2web")));
	ck_assert(schema_is_unit_name(text_of(long_name + 1)));
	ck_assert(!schema_is_unit_name(text_of(long_name)));
	ck_assert(!schema_is_unit_name(text_of("")));
	ck_assert(!schema_is_unit_name(text_of("-web")));
	ck_assert(!schema_is_unit_name(text_of("Web")));
	ck_assert(!schema_is_unit_name(text_of("a/b")));
	ck_assert(!schema_is_unit_name(text_of("a.b")));
	ck_assert(schema_is_param_name(text_of("dateFrom")));
}
END_TEST

START_TEST(before_a_job_runs_less_is_known_of_it)
{
	ck_assert(schema_is_job_name(text_of("job.output"), 0));
	ck_assert(!schema_is_job_name(text_of("job.output"), SCHEMA_ASKED));
	ck_assert(schema_is_job_name(text_of("job.user"), SCHEMA_ASKED));
	ck_assert(!schema_is_job_name(text_of("job.nothing"), 0));
}
END_TEST

START_TEST(signals_have_names_with_or_without_sig)
{
	ck_assert_int_eq(signame_parse(text_of("TERM")), 15);
	ck_assert_int_eq(signame_parse(text_of("SIGTERM")), 15);
	ck_assert_int_eq(signame_parse(text_of("term")), 0);
	ck_assert_int_eq(signame_parse(text_of("SIG")), 0);
	ck_assert_str_eq(signame_of(9), "KILL");
	ck_assert_ptr_null(signame_of(0));
	ck_assert(text_is(signame_nearest(text_of("SIGTREM")), "TERM"));
}
END_TEST

TEST_MAIN("schema", what_other_programs_call_a_key_is_known,
	  every_key_is_explained_and_named_once,
	  words_stand_where_words_are_taken_and_the_default_is_one,
	  every_default_is_in_range,
	  enums_are_stored_as_the_index_of_their_word,
	  a_key_is_only_where_it_belongs, the_nearest_key_is_found,
	  names_have_their_alphabets, before_a_job_runs_less_is_known_of_it,
	  signals_have_names_with_or_without_sig)
