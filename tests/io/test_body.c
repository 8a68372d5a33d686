#define _GNU_SOURCE
#include "io/body.h"

#include <errno.h>
#include <stdio.h>

#include "tests/core/test.h"

static struct body body;

static const char *value_of(const char *name)
{
	static char value[256];

	for (size_t i = 0; i < body.params_count; i++)
		if (text_is(body.params[i].name, name)) {
			text_copy(body.params[i].value, value, sizeof(value));
			return value;
		}
	return NULL;
}

START_TEST(a_request_is_read_from_json)
{
	ck_assert_int_eq(
		body_json(&body, text_of("{\"type\":\"report\",\"key\":\"k\","
					 "\"params\":{\"month\":\"2026-11\","
					 "\"n\":-5,\"all\":true}}")),
		0);
	ck_assert(text_is(body.type, "report"));
	ck_assert(text_is(body.key, "k"));
	ck_assert_uint_eq(body.params_count, 3);
	ck_assert_str_eq(value_of("month"), "2026-11");
	ck_assert_str_eq(value_of("n"), "-5");
	ck_assert_str_eq(value_of("all"), "true");
	body_fini(&body);
}
END_TEST

START_TEST(a_request_is_read_from_a_form)
{
	ck_assert_int_eq(
		body_form(&body, text_of("type=report&param.month=2026%2D11&"
					 "param.title=a+b%26c&param.empty=&"
					 "key=k%")),
		0);
	ck_assert(text_is(body.type, "report"));
	ck_assert(text_is(body.key, "k%"));
	ck_assert_uint_eq(body.params_count, 2);
	ck_assert_str_eq(value_of("month"), "2026-11");
	ck_assert_str_eq(value_of("title"), "a b&c");
	body_fini(&body);
}
END_TEST

static void refused(int rc, const char *json, const char *field)
{
	ck_assert_msg(body_json(&body, text_of(json)) == rc, "%s", json);
	ck_assert_ptr_nonnull(body.why);
	ck_assert_str_eq(body.field, field);
	body_fini(&body);
}

START_TEST(what_is_no_request_is_refused_with_the_member_at_fault)
{
	refused(-EBADMSG, "", "");
	refused(-EBADMSG, "{", "");
	refused(-EBADMSG, "[]", "");
	refused(-EBADMSG, "{\"type\":\"a\",\"type\":\"b\"}", "");
	refused(-EBADMSG, "{\"type\":\"\\u0000\"}", "");
	refused(-EINVAL, "{}", "type");
	refused(-EINVAL, "{\"type\":7}", "type");
	refused(-EINVAL, "{\"type\":\"a\",\"typ\":\"b\"}", "typ");
	refused(-EINVAL, "{\"type\":\"a\",\"params\":[]}", "params");
	refused(-EINVAL, "{\"type\":\"a\",\"params\":{\"x\":{}}}", "x");
	refused(-EINVAL, "{\"type\":\"a\",\"params\":{\"x\":1.5}}", "x");
	refused(-EINVAL, "{\"type\":\"a\",\"params\":{\"\":\"\"}}", "");
}
END_TEST

static int text_in(const char *json, const char *wanted)
{
	char text[9];
	int rc = body_text(text_of(json), "node", text, sizeof(text));

	if (rc == 0)
		ck_assert_str_eq(text, wanted);
	return rc;
}

START_TEST(one_text_or_none_is_read)
{
	ck_assert_int_eq(text_in("{\"node\":\"12345678\"}", "12345678"), 0);
	ck_assert_int_eq(text_in("{\"node\":\"\"}", ""), 0);
	ck_assert_int_eq(text_in("{}", ""), 0);
	ck_assert_int_eq(text_in("", ""), 0);
	ck_assert_int_eq(text_in("{\"node\":\"123456789\"}", ""), -EINVAL);
	ck_assert_int_eq(text_in("{\"node\":7}", ""), -EINVAL);
	ck_assert_int_eq(text_in("{\"nodes\":\"b\"}", ""), -EINVAL);
	ck_assert_int_eq(text_in("{\"node\":\"b\",\"x\":1}", ""), -EINVAL);
	ck_assert_int_eq(text_in("[]", ""), -EINVAL);
	ck_assert_int_eq(text_in("{\"node\"", ""), -EBADMSG);
}
END_TEST

START_TEST(too_many_and_too_long_is_refused)
{
	char json[4096] = "{\"type\":\"a\",\"params\":{";
	size_t len = strlen(json);

	for (int i = 0; i <= JOB_PARAMS_MAX; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len,
					"%s\"p%d\":%d", i > 0 ? "," : "", i, i);
	snprintf(json + len, sizeof(json) - len, "}}");
	refused(-EINVAL, json, "params");
	snprintf(json, sizeof(json), "{\"type\":\"%0*d\"}", JOB_NAME_MAX + 1,
		 0);
	refused(-EINVAL, json, "type");
	snprintf(json, sizeof(json), "{\"type\":\"a\",\"key\":\"%0*d\"}",
		 JOB_KEY_MAX + 1, 0);
	refused(-EINVAL, json, "key");
}
END_TEST

START_TEST(a_bad_form_is_refused)
{
	ck_assert_int_eq(body_form(&body, text_of("month=1")), -EINVAL);
	ck_assert_str_eq(body.field, "month");
	body_fini(&body);
	ck_assert_int_eq(body_form(&body, text_of("type=a%00b")), -EINVAL);
	body_fini(&body);
	ck_assert_int_eq(body_form(&body, text_of("type=%ff")), -EINVAL);
	body_fini(&body);
	ck_assert_int_eq(
		body_form(&body, text_of("type=a&param.x=1&param.x=2")),
		-EINVAL);
	ck_assert_str_eq(body.field, "x");
	body_fini(&body);
	ck_assert_int_eq(body_form(&body, (struct text){ 0 }), -EINVAL);
	body_fini(&body);
}
END_TEST

TEST_MAIN("body", a_request_is_read_from_json, a_request_is_read_from_a_form,
	  what_is_no_request_is_refused_with_the_member_at_fault,
	  one_text_or_none_is_read, too_many_and_too_long_is_refused,
	  a_bad_form_is_refused)
