#include "io/body.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "core/out.h"

static int fail(struct body *body, struct text field, const char *why)
{
	text_copy(field, body->field, sizeof(body->field));
	body->why = why;
	return -EINVAL;
}

static int check_name(struct body *body, struct text text, const char *field,
		      size_t max)
{
	if (text.len > max)
		return fail(body, text_of(field), "is too long");
	if (!text_is_utf8(text))
		return fail(body, text_of(field), "is not UTF-8");
	if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
		return fail(body, text_of(field), "holds a zero byte");
	return 0;
}

static int check(struct body *body)
{
	int rc;

	if (body->type.len == 0)
		return fail(body, text_of("type"), "is required");
	rc = check_name(body, body->type, "type", JOB_NAME_MAX);
	if (rc == 0)
		rc = check_name(body, body->key, "key", JOB_KEY_MAX);
	if (rc == 0)
		rc = check_name(body, body->user, "user", JOB_USER_MAX);
	return rc;
}

static int add_param(struct body *body, struct text name, struct text value)
{
	if (body->params_count == JOB_PARAMS_MAX)
		return fail(body, text_of("params"), "are too many");
	if (name.len == 0 || name.len > JOB_NAME_MAX || !text_is_utf8(name))
		return fail(body, name, "is no name of a parameter");
	if (!text_is_utf8(value))
		return fail(body, name, "is not UTF-8");
	if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)
		return fail(body, name, "holds a zero byte");
	for (size_t i = 0; i < body->params_count; i++)
		if (text_equal(body->params[i].name, name))
			return fail(body, name, "is there twice");
	body->params[body->params_count++] =
		(struct job_param){ .name = name, .value = value };
	return 0;
}

static struct text json_text(const json_t *json)
{
	return (struct text){ json_string_value(json),
			      json_string_length(json) };
}

static int json_param(struct body *body, const char *name, const json_t *json)
{
	struct text value;

	if (body->params_count == JOB_PARAMS_MAX)
		return fail(body, text_of("params"), "are too many");
	if (json_is_string(json)) {
		value = json_text(json);
	} else if (json_is_integer(json)) {
		char *digits = body->numbers[body->params_count];
		struct out out = out_init(digits, sizeof(body->numbers[0]));

		out_i64(&out, json_integer_value(json));
		out_end(&out);
		value = text_of(digits);
	} else if (json_is_boolean(json)) {
		value = text_of(json_is_true(json) ? "true" : "false");
	} else {
		return fail(body, text_of(name),
			    "must be a string, an integer or a boolean");
	}
	return add_param(body, text_of(name), value);
}

static int json_params(struct body *body, json_t *params)
{
	const char *name;
	json_t *value;
	int rc = 0;

	if (!json_is_object(params))
		return fail(body, text_of("params"), "must be an object");
	json_object_foreach(params, name, value)
	{
		rc = json_param(body, name, value);
		if (rc != 0)
			break;
	}
	return rc;
}

static int json_member(struct body *body, const char *name, json_t *value)
{
	struct text *text;

	if (strcmp(name, "params") == 0)
		return json_params(body, value);
	if (strcmp(name, "type") == 0)
		text = &body->type;
	else if (strcmp(name, "key") == 0)
		text = &body->key;
	else if (strcmp(name, "user") == 0)
		text = &body->user;
	else
		return fail(body, text_of(name), "is no member of a request");
	if (!json_is_string(value))
		return fail(body, text_of(name), "must be a string");
	*text = json_text(value);
	return 0;
}

int body_json(struct body *body, struct text bytes)
{
	json_error_t error;
	const char *name;
	json_t *value;
	int rc = 0;

	*body = (struct body){ 0 };
	body->json = json_loadb(bytes.at != NULL ? bytes.at : "", bytes.len,
				JSON_REJECT_DUPLICATES, &error);
	if (body->json == NULL) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		body->why = "The body is not JSON.";
		return -EBADMSG;
	}
	if (!json_is_object((json_t *)body->json)) {
		body->why = "The body is not a JSON object.";
		return -EBADMSG;
	}
	json_object_foreach((json_t *)body->json, name, value)
	{
		rc = json_member(body, name, value);
		if (rc != 0)
			return rc;
	}
	return check(body);
}

static int one_member(const json_t *json, const char *name, char *text,
		      size_t cap)
{
	const json_t *value = json_object_get(json, name);
	struct text found;

	if (!json_is_object(json) ||
	    json_object_size(json) != (value != NULL ? 1 : 0))
		return -EINVAL;
	if (value == NULL)
		return 0;
	found = json_text(value);
	if (!json_is_string(value) || found.len >= cap ||
	    (found.len > 0 && memchr(found.at, '\0', found.len) != NULL))
		return -EINVAL;
	text_copy(found, text, cap);
	return 0;
}

int body_text(struct text bytes, const char *name, char *text, size_t cap)
{
	json_t *json;
	int rc;

	text[0] = '\0';
	if (bytes.len == 0)
		return 0;
	json = json_loadb(bytes.at, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL)
		return -EBADMSG;
	rc = one_member(json, name, text, cap);
	json_decref(json);
	return rc;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place; a lone percent sign is itself. */
static struct text form_decode(char *at, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (at[i] == '%' && i + 2 < len && hex(at[i + 1]) >= 0 &&
		    hex(at[i + 2]) >= 0) {
			at[to++] = (char)(hex(at[i + 1]) << 4 | hex(at[i + 2]));
			i += 2;
		} else {
			at[to++] = at[i] == '+' ? ' ' : at[i];
		}
	}
	return (struct text){ at, to };
}

static int form_member(struct body *body, struct text name, struct text value)
{
	static const char prefix[] = "param.";

	if (text_is(name, "type")) {
		body->type = value;
	} else if (text_is(name, "key")) {
		body->key = value;
	} else if (text_is(name, "user")) {
		body->user = value;
	} else if (name.len > sizeof(prefix) - 1 &&
		   memcmp(name.at, prefix, sizeof(prefix) - 1) == 0) {
		name.at += sizeof(prefix) - 1;
		name.len -= sizeof(prefix) - 1;
		return value.len == 0 ? 0 : add_param(body, name, value);
	} else {
		return fail(body, text_cut(name, JOB_NAME_MAX),
			    "is no field of a request");
	}
	return 0;
}

int body_form(struct body *body, struct text bytes)
{
	char *at;
	char *end;
	int rc = 0;

	*body = (struct body){ 0 };
	body->form = malloc(bytes.len + 1);
	if (body->form == NULL)
		return -ENOMEM;
	if (bytes.len > 0)
		memcpy(body->form, bytes.at, bytes.len);
	end = body->form + bytes.len;
	for (at = body->form; rc == 0 && at < end;) {
		char *stop = memchr(at, '&', (size_t)(end - at));
		char *equals;
		struct text name;
		struct text value = { 0 };

		if (stop == NULL)
			stop = end;
		equals = memchr(at, '=', (size_t)(stop - at));
		if (equals != NULL)
			value = form_decode(equals + 1,
					    (size_t)(stop - equals - 1));
		name = form_decode(
			at, (size_t)((equals != NULL ? equals : stop) - at));
		if (name.len > 0 || value.len > 0)
			rc = form_member(body, name, value);
		at = stop + 1;
	}
	return rc == 0 ? check(body) : rc;
}

void body_fini(struct body *body)
{
	json_decref(body->json);
	free(body->form);
	body->json = NULL;
	body->form = NULL;
}
