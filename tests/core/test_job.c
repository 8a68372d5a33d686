#include "core/job.h"

#include <errno.h>

#include "tests/core/test.h"

#define ID "01h455vb4pex5vsknk084sn02q"

static uint8_t buf[RECORD_MAX];
static char json[JOB_JSON_MAX];

/* Every member has a value of its own. */
static struct job full_job(void)
{
	return (struct job){
		.id = ID,
		.version = { token_make(3, 41), 7 },
		.type = text_of("report"),
		.user = text_of("ada"),
		.key = text_of("k-1"),
		.unique = text_of("report/ada"),
		.params = { { text_of("month"), text_of("2026-11") },
			    { text_of("none"), text_of("") } },
		.params_count = 2,
		.created_ms = 1795222923004,
		.state = JOB_PROCESSING,
		.cancelling = true,
		.forgotten = true,
		.asked = true,
		.attempt = 2,
		.failures = 1,
		.losses = 1,
		.held = token_make(3, 41),
		.node = text_of("node-a"),
		.generation = 7,
		.percent = 4217,
		.message = text_of("page 3 of 7"),
		.updated_ms = 1795222943004,
		.started_ms = 1795222933004,
		.not_before_ms = 1795222924000,
		.expires_ms = 1795309343004,
		.output_name = text_of("report-2026-11.pdf"),
		.output_type = text_of("application/pdf"),
		.output_size = 12345678901,
		.error_title = text_of("the command failed"),
		.error_detail = text_of("no such month"),
		.joined = text_of("0123456789abcdefghjkmnpqrs"),
		.exit = 3,
	};
}

static struct job bare_job(void)
{
	return (struct job){
		.id = ID,
		.version = { token_make(1, 1), 0 },
		.type = text_of("x"),
		.created_ms = 1795222923004,
		.updated_ms = 1795222923004,
		.state = JOB_PENDING,
		.percent = JOB_PERCENT_NONE,
		.exit = -1,
	};
}

static int encode_and_decode(const struct job *job, struct job *back, char *key)
{
	struct record record = { .version = job->version };
	int len = job_encode(job, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	record.key = job_key(job->id, key);
	record.value = (struct text){ (const char *)buf, (size_t)len };
	return job_decode(back, &record);
}

START_TEST(a_job_comes_out_as_it_went_in)
{
	struct job job = full_job();
	struct job back;
	char key[RECORD_KEY_MAX];
	static uint8_t again[RECORD_MAX];
	int len = job_encode(&job, again, sizeof(again));

	ck_assert_int_eq(encode_and_decode(&job, &back, key), 0);
	ck_assert_str_eq(back.id, ID);
	ck_assert_int_eq(version_compare(back.version, job.version), 0);
	ck_assert_uint_eq(back.params_count, 2);
	ck_assert(text_is(back.params[0].name, "month"));
	ck_assert(text_is(back.params[0].value, "2026-11"));
	ck_assert_uint_eq(back.params[1].value.len, 0);
	ck_assert(back.cancelling && back.forgotten && back.asked);
	ck_assert_uint_eq(back.generation, 7);
	ck_assert(text_is(back.joined, "0123456789abcdefghjkmnpqrs"));
	ck_assert_int_eq(back.percent, 4217);
	ck_assert_int_eq(back.exit, 3);
	ck_assert_uint_eq(back.output_size, 12345678901);
	ck_assert(text_is(back.unique, "report/ada"));
	/* and whatever was not named above: the same bytes once more */
	static uint8_t twice[RECORD_MAX];
	ck_assert_int_eq(job_encode(&back, twice, sizeof(twice)), len);
	ck_assert_mem_eq(again, twice, (size_t)len);
}
END_TEST

START_TEST(what_was_never_said_stays_unsaid)
{
	struct job job = bare_job();
	struct job back;
	char key[RECORD_KEY_MAX];

	ck_assert_int_eq(encode_and_decode(&job, &back, key), 0);
	ck_assert_int_eq(back.percent, JOB_PERCENT_NONE);
	ck_assert_int_eq(back.exit, -1);
	ck_assert_uint_eq(back.key.len, 0);
	job.percent = 0;
	job.exit = 0;
	ck_assert_int_eq(encode_and_decode(&job, &back, key), 0);
	ck_assert_int_eq(back.percent, 0);
	ck_assert_int_eq(back.exit, 0);
}
END_TEST

START_TEST(the_stored_bytes_stay_as_they_are)
{
	static const uint8_t golden[] = {
		21, 1, 0, 1,				      /* state */
		16, 1, 0, 'x',				      /* type */
		20, 6, 0, 0xf8, 0xcd, 0x3f, 0xf7, 0x43, 0x03, /* created */
		29, 1, 0, 0x64,				      /* percent 50 */
		31, 6, 0, 0xf8, 0xcd, 0x3f, 0xf7, 0x43, 0x03, /* updated */
		40, 1, 0, 2,				      /* exit 1 */
		41, 1, 0, 'n',	42,   1,    0,	  'v',	      /* parameter */
	};
	struct job job = bare_job();

	job.percent = 50;
	job.exit = 1;
	job.params[0] = (struct job_param){ text_of("n"), text_of("v") };
	job.params_count = 1;
	ck_assert_int_eq(job_encode(&job, buf, sizeof(buf)), sizeof(golden));
	ck_assert_mem_eq(buf, golden, sizeof(golden));
}
END_TEST

START_TEST(a_field_of_a_later_version_is_skipped)
{
	static const char value[] = { 21, 1, 0, 3, (char)200, 1, 0, 'z' };
	struct record record = { text_of("job/" ID),
				 { 1, 0 },
				 { value, sizeof(value) } };
	struct job job;

	ck_assert_int_eq(job_decode(&job, &record), 0);
	ck_assert_int_eq(job.state, JOB_READY);
}
END_TEST

START_TEST(damaged_records_are_refused)
{
	static const char *const values[] = {
		"",		     /* no state */
		"\025\001\000\011",  /* state 9 */
		"\025\001\000\001*", /* cut inside a field */
	};
	static const size_t lens[] = { 0, 4, 5 };
	struct record record = { text_of("job/" ID), { 1, 0 }, { NULL, 0 } };
	struct job job;

	for (size_t i = 0; i < 3; i++) {
		record.value = (struct text){ values[i], lens[i] };
		ck_assert_int_eq(job_decode(&job, &record), -EBADMSG);
	}
	record.value = (struct text){ "\025\001\000\001", 4 };
	ck_assert_int_eq(job_decode(&job, &record), 0);
	record.key = text_of("job/81h455vb4pex5vsknk084sn02q");
	ck_assert_int_eq(job_decode(&job, &record), -EBADMSG);
	record.key = text_of("epoch");
	ck_assert_int_eq(job_decode(&job, &record), -EBADMSG);
}
END_TEST

START_TEST(names_too_long_are_refused_and_words_are_cut)
{
	static char many[4000];
	struct job job = bare_job();
	struct job back;
	char key[RECORD_KEY_MAX];

	memset(many, 'a', sizeof(many));
	job.error_detail = (struct text){ many, sizeof(many) };
	ck_assert_int_eq(encode_and_decode(&job, &back, key), 0);
	ck_assert_uint_eq(back.error_detail.len, JOB_DETAIL_MAX);
	job.user = (struct text){ many, JOB_USER_MAX + 1 };
	ck_assert_int_eq(job_encode(&job, buf, sizeof(buf)), -ENOSPC);
}
END_TEST

START_TEST(an_id_is_base_32_of_its_bits)
{
	uint8_t bits[16] = { 0 };
	char id[JOB_ID_LEN + 1];

	job_id_format(bits, id);
	ck_assert_str_eq(id, "00000000000000000000000000");
	bits[15] = 33;
	job_id_format(bits, id);
	ck_assert_str_eq(id, "00000000000000000000000011");
	memset(bits, 0xff, sizeof(bits));
	job_id_format(bits, id);
	ck_assert_str_eq(id, "7zzzzzzzzzzzzzzzzzzzzzzzzz");
	ck_assert(job_id_is_valid(text_of(id)));
	ck_assert(job_id_is_valid(text_of(ID)));
	ck_assert(!job_id_is_valid(text_of("8zzzzzzzzzzzzzzzzzzzzzzzzz")));
	ck_assert(!job_id_is_valid(text_of("7zzzzzzzzzzzzzzzzzzzzzzzzi")));
	ck_assert(!job_id_is_valid(text_of("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")));
	ck_assert(!job_id_is_valid(text_of("")));
}
END_TEST

START_TEST(states_have_names)
{
	for (int i = JOB_PENDING; i <= JOB_CANCELLED; i++)
		ck_assert_int_eq(job_state_of(text_of(
					 job_state_name((enum job_state)i))),
				 i);
	ck_assert_int_eq(job_state_of(text_of("")), 0);
	ck_assert_str_eq(job_state_name((enum job_state)99), "");
}
END_TEST

START_TEST(a_pending_job_is_served_with_nulls)
{
	struct job job = bare_job();

	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	ck_assert_str_eq(
		json,
		"{\"id\":\"" ID "\",\"type\":\"x\",\"user\":null,\"key\":null,"
		"\"state\":\"pending\",\"progress\":{\"percent\":null,"
		"\"message\":null,\"eta_s\":null,\"eta_from\":null},"
		"\"attempt\":0,"
		"\"token\":null,\"node\":null,"
		"\"created\":\"2026-11-21T01:02:03.004Z\","
		"\"updated\":\"2026-11-21T01:02:03.004Z\",\"expires\":null,"
		"\"output\":null,\"version\":\"4294967297.0\"}");
}
END_TEST

START_TEST(a_job_that_waits_for_another_attempt_says_until_when)
{
	struct job job = bare_job();

	job.attempt = 1;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	ck_assert_ptr_null(strstr(json, "again"));
	job.not_before_ms = job.created_ms + 1000;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	ck_assert_ptr_nonnull(strstr(
		json,
		"\"expires\":null,\"again\":\"2026-11-21T01:02:04.004Z\","));
}
END_TEST

START_TEST(a_running_job_is_served_with_its_progress)
{
	struct job job = full_job();

	job.expires_ms = 0;
	ck_assert_int_eq(job_json(&job, json, sizeof(json)), strlen(json));
	ck_assert_str_eq(
		json,
		"{\"id\":\"" ID "\",\"type\":\"report\",\"user\":\"ada\","
		"\"key\":\"k-1\",\"state\":\"processing\",\"progress\":{"
		"\"percent\":42.17,\"message\":\"page 3 of 7\",\"eta_s\":14,"
		"\"eta_from\":\"progress\"},"
		"\"attempt\":2,\"token\":\"12884901929\",\"node\":\"node-a\","
		"\"created\":\"2026-11-21T01:02:03.004Z\","
		"\"updated\":\"2026-11-21T01:02:23.004Z\",\"expires\":null,"
		"\"output\":null,\"version\":\"12884901929.7\"}");
}
END_TEST

START_TEST(what_an_attempt_began_with_is_no_speed_of_its_own)
{
	struct job job = full_job();

	/* 20 s for 42.17 - 32.17 percent; 57.83 are left */
	job.resumed = 3217;
	job.started_ms = job.updated_ms - 20000;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	ck_assert_ptr_nonnull(strstr(json, "\"eta_s\":116,"));
	job.resumed = 4217;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	ck_assert_ptr_nonnull(strstr(json, "\"eta_s\":null,"));
}
END_TEST

START_TEST(only_a_later_attempt_is_resumed)
{
	struct job job = bare_job();

	job.attempt = 1;
	job_advance(&job, 3000);
	ck_assert_int_eq(job.percent, 3000);
	ck_assert_uint_eq(job.resumed, 0);
	job = bare_job();
	job.attempt = 2;
	job_advance(&job, 3000);
	job_advance(&job, 2000);
	job_advance(&job, 20000);
	ck_assert_int_eq(job.percent, 10000);
	ck_assert_uint_eq(job.resumed, 3000);
}
END_TEST

START_TEST(a_job_that_says_nothing_is_judged_by_earlier_ones)
{
	struct job job = full_job();

	job.percent = JOB_PERCENT_NONE;
	job.expected_ms = 60000;
	job.updated_ms = job.started_ms + 4500;
	job_json(&job, json, sizeof(json));
	ck_assert_ptr_nonnull(
		strstr(json, "\"eta_s\":56,\"eta_from\":\"history\"}"));
	/* It takes longer than they did: nothing is known. */
	job.updated_ms = job.started_ms + 60000;
	job_json(&job, json, sizeof(json));
	ck_assert_ptr_nonnull(
		strstr(json, "\"eta_s\":null,\"eta_from\":null}"));
}
END_TEST

START_TEST(a_ready_job_is_served_with_its_output)
{
	struct job job = full_job();

	job.state = JOB_READY;
	job.percent = 10000;
	job_json(&job, json, sizeof(json));
	ck_assert_ptr_nonnull(strstr(
		json, "\"expires\":\"2026-11-22T01:02:23.004Z\",\"output\":{"
		      "\"name\":\"report-2026-11.pdf\","
		      "\"type\":\"application/pdf\",\"size\":12345678901,"
		      "\"href\":\"/v1/jobs/" ID "/output\"},\"version\""));
	ck_assert_ptr_nonnull(strstr(json, "\"percent\":100,"));
	ck_assert_ptr_nonnull(strstr(json, "\"eta_s\":null"));
	ck_assert_ptr_null(strstr(json, "\"error\""));
}
END_TEST

START_TEST(a_failed_job_is_served_with_its_error)
{
	struct job job = full_job();

	job.state = JOB_ERROR;
	job_json(&job, json, sizeof(json));
	ck_assert_ptr_nonnull(
		strstr(json, "\"error\":{\"title\":\"the command failed\","
			     "\"detail\":\"no such month\",\"exit\":3},"));
	ck_assert_ptr_null(strstr(json, "\"output\""));
	job.exit = -1;
	job_json(&job, json, sizeof(json));
	ck_assert_ptr_nonnull(strstr(json, "\"exit\":null}"));
}
END_TEST

START_TEST(the_worst_texts_still_fit)
{
	static char bad[JOB_DETAIL_MAX * 2];
	struct text all = { bad, sizeof(bad) };
	struct job job = full_job();

	memset(bad, 1, sizeof(bad));
	job.type = job.user = job.key = job.node = all;
	job.message = job.output_name = job.output_type = all;
	job.error_title = job.error_detail = all;
	job.state = JOB_ERROR;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
	job.state = JOB_READY;
	ck_assert_int_gt(job_json(&job, json, sizeof(json)), 0);
}
END_TEST

START_TEST(a_buffer_too_small_is_said)
{
	struct job job = full_job();
	int len = job_json(&job, json, sizeof(json));

	for (int cap = 0; cap <= len; cap++)
		ck_assert_int_eq(job_json(&job, json, (size_t)cap), -ENOSPC);
	ck_assert_int_eq(job_json(&job, json, (size_t)len + 1), len);
	len = job_encode(&job, buf, sizeof(buf));
	for (int cap = 0; cap < len; cap++)
		ck_assert_int_eq(job_encode(&job, buf, (size_t)cap), -ENOSPC);
}
END_TEST

TEST_MAIN("job", a_job_comes_out_as_it_went_in,
	  what_was_never_said_stays_unsaid, the_stored_bytes_stay_as_they_are,
	  a_field_of_a_later_version_is_skipped, damaged_records_are_refused,
	  names_too_long_are_refused_and_words_are_cut,
	  an_id_is_base_32_of_its_bits, states_have_names,
	  a_pending_job_is_served_with_nulls,
	  a_job_that_waits_for_another_attempt_says_until_when,
	  a_running_job_is_served_with_its_progress,
	  what_an_attempt_began_with_is_no_speed_of_its_own,
	  only_a_later_attempt_is_resumed,
	  a_job_that_says_nothing_is_judged_by_earlier_ones,
	  a_ready_job_is_served_with_its_output,
	  a_failed_job_is_served_with_its_error, the_worst_texts_still_fit,
	  a_buffer_too_small_is_said)
