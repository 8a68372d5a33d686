#include "core/job.h"

#include <errno.h>

/* Tags of the value: never renumber, never reuse (core/codec.h). */
enum {
	TAG_TYPE = RECORD_VALUE_TAG,
	TAG_USER = 17,
	TAG_KEY = 18,
	TAG_UNIQUE = 19,
	TAG_CREATED = 20,
	TAG_STATE = 21,
	TAG_CANCELLING = 22,
	TAG_FORGOTTEN = 23,
	TAG_ATTEMPT = 24,
	TAG_FAILURES = 25,
	TAG_LOSSES = 26,
	TAG_HELD = 27,
	TAG_NODE = 28,
	TAG_PERCENT = 29,
	TAG_MESSAGE = 30,
	TAG_UPDATED = 31,
	TAG_STARTED = 32,
	TAG_NOT_BEFORE = 33,
	TAG_EXPIRES = 34,
	TAG_OUTPUT_NAME = 35,
	TAG_OUTPUT_TYPE = 36,
	TAG_OUTPUT_SIZE = 37,
	TAG_ERROR_TITLE = 38,
	TAG_ERROR_DETAIL = 39,
	TAG_EXIT = 40,
	/* a parameter is its name, then its value */
	TAG_PARAM_NAME = 41,
	TAG_PARAM_VALUE = 42,
	TAG_EXPECTED = 43,
	TAG_GENERATION = 44,
	TAG_ASKED = 45,
	TAG_JOINED = 46,
	TAG_ASSIGNED = 47,
	TAG_ORIGIN = 48,
	TAG_BUSY = 49,
	TAG_RESUMED = 50,
	TAG_ROUND = 51,
};

/* A member that has the value in parentheses is left out. */
enum kind {
	KIND_NAME,  /* text that means something: refused beyond MAX (empty) */
	KIND_WORDS, /* text to be read by people: cut beyond MAX (empty) */
	KIND_U32,   /* (0) */
	KIND_U64,   /* (0) */
	KIND_TIME,  /* int64_t (0) */
	KIND_I32,   /* (-1) */
	KIND_FLAG,  /* (false) */
};

struct member {
	uint8_t tag;
	uint8_t kind; /* enum kind */
	uint16_t offset;
	uint16_t max; /* bytes of a text */
};

#define MEMBER(TAG, KIND, NAME)                          \
	{                                                \
		TAG, KIND, offsetof(struct job, NAME), 0 \
	}
#define TEXT(TAG, KIND, NAME, MAX)                         \
	{                                                  \
		TAG, KIND, offsetof(struct job, NAME), MAX \
	}

static const struct member members[] = {
	TEXT(TAG_TYPE, KIND_NAME, type, JOB_NAME_MAX),
	TEXT(TAG_USER, KIND_NAME, user, JOB_USER_MAX),
	TEXT(TAG_KEY, KIND_NAME, key, JOB_KEY_MAX),
	TEXT(TAG_UNIQUE, KIND_NAME, unique, JOB_UNIQUE_MAX),
	MEMBER(TAG_CREATED, KIND_TIME, created_ms),
	MEMBER(TAG_ROUND, KIND_U32, round),
	MEMBER(TAG_CANCELLING, KIND_FLAG, cancelling),
	MEMBER(TAG_FORGOTTEN, KIND_FLAG, forgotten),
	MEMBER(TAG_ATTEMPT, KIND_U32, attempt),
	MEMBER(TAG_FAILURES, KIND_U32, failures),
	MEMBER(TAG_LOSSES, KIND_U32, losses),
	MEMBER(TAG_HELD, KIND_U64, held),
	TEXT(TAG_NODE, KIND_NAME, node, JOB_NAME_MAX),
	MEMBER(TAG_GENERATION, KIND_U64, generation),
	MEMBER(TAG_ASKED, KIND_FLAG, asked),
	MEMBER(TAG_ASSIGNED, KIND_FLAG, assigned),
	TEXT(TAG_ORIGIN, KIND_NAME, origin, JOB_NAME_MAX),
	MEMBER(TAG_BUSY, KIND_U32, busy),
	TEXT(TAG_JOINED, KIND_NAME, joined, JOB_ID_LEN),
	MEMBER(TAG_PERCENT, KIND_I32, percent),
	MEMBER(TAG_RESUMED, KIND_U32, resumed),
	TEXT(TAG_MESSAGE, KIND_WORDS, message, JOB_MESSAGE_MAX),
	MEMBER(TAG_UPDATED, KIND_TIME, updated_ms),
	MEMBER(TAG_STARTED, KIND_TIME, started_ms),
	MEMBER(TAG_NOT_BEFORE, KIND_TIME, not_before_ms),
	MEMBER(TAG_EXPECTED, KIND_TIME, expected_ms),
	MEMBER(TAG_EXPIRES, KIND_TIME, expires_ms),
	TEXT(TAG_OUTPUT_NAME, KIND_WORDS, output_name, JOB_OUTPUT_NAME_MAX),
	TEXT(TAG_OUTPUT_TYPE, KIND_WORDS, output_type, JOB_OUTPUT_NAME_MAX),
	MEMBER(TAG_OUTPUT_SIZE, KIND_U64, output_size),
	TEXT(TAG_ERROR_TITLE, KIND_WORDS, error_title, JOB_MESSAGE_MAX),
	TEXT(TAG_ERROR_DETAIL, KIND_WORDS, error_detail, JOB_DETAIL_MAX),
	MEMBER(TAG_EXIT, KIND_I32, exit),
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const char *const state_names[] = { "",	    "pending", "processing",
					   "ready", "error",   "cancelled" };

#define STATES (sizeof(state_names) / sizeof(state_names[0]))

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char key_prefix[] = "job/";

#define KEY_PREFIX_LEN (sizeof(key_prefix) - 1)

void job_advance(struct job *job, int32_t percent)
{
	if (percent > 10000)
		percent = 10000;
	if (job->percent == JOB_PERCENT_NONE && percent > 0 && job->attempt > 1)
		job->resumed = (uint32_t)percent;
	if (percent > job->percent)
		job->percent = percent;
}

const char *job_state_name(enum job_state state)
{
	return (size_t)state < STATES ? state_names[state] : "";
}

enum job_state job_state_of(struct text name)
{
	for (size_t i = 1; i < STATES; i++)
		if (text_is(name, state_names[i]))
			return (enum job_state)i;
	return (enum job_state)0;
}

/* 26 letters hold 130 bits: the first one holds the three highest only. */
void job_id_format(const uint8_t bits[16], char id[JOB_ID_LEN + 1])
{
	uint32_t carry = 0;
	unsigned have = 2;
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		carry = carry << 8 | bits[i];
		have += 8;
		while (have >= 5) {
			have -= 5;
			id[at++] = alphabet[carry >> have & 31];
		}
	}
	id[at] = '\0';
}

bool job_id_is_valid(struct text id)
{
	if (id.len != JOB_ID_LEN || id.at[0] > '7')
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (id.at[i] == '\0' || strchr(alphabet, id.at[i]) == NULL)
			return false;
	return true;
}

struct text job_key(const char *id, char *key)
{
	struct text text = { key, KEY_PREFIX_LEN + JOB_ID_LEN };

	memcpy(key, key_prefix, KEY_PREFIX_LEN);
	memcpy(key + KEY_PREFIX_LEN, id, JOB_ID_LEN);
	return text;
}

static void encode_text(struct enc *enc, const struct member *member,
			struct text text)
{
	if (member->kind == KIND_WORDS)
		text = text_cut(text, member->max);
	if (text.len > member->max)
		enc->full = true;
	else if (text.len > 0)
		enc_text(enc, member->tag, text);
}

static void encode_member(struct enc *enc, const struct job *job,
			  const struct member *member)
{
	const void *at = (const char *)job + member->offset;
	int32_t i32;

	switch ((enum kind)member->kind) {
	case KIND_NAME:
	case KIND_WORDS:
		encode_text(enc, member, *(const struct text *)at);
		break;
	case KIND_U32:
		enc_some_u64(enc, member->tag, *(const uint32_t *)at);
		break;
	case KIND_U64:
		enc_some_u64(enc, member->tag, *(const uint64_t *)at);
		break;
	case KIND_TIME:
		if (*(const int64_t *)at != 0)
			enc_i64(enc, member->tag, *(const int64_t *)at);
		break;
	case KIND_I32:
		i32 = *(const int32_t *)at;
		if (i32 != -1)
			enc_i64(enc, member->tag, i32);
		break;
	case KIND_FLAG:
		enc_some_u64(enc, member->tag, *(const bool *)at);
		break;
	}
}

int job_encode(const struct job *job, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	if (job->params_count > JOB_PARAMS_MAX)
		return -ENOSPC;
	enc_u64(&enc, TAG_STATE, (uint64_t)job->state);
	for (size_t i = 0; i < MEMBERS; i++)
		encode_member(&enc, job, &members[i]);
	for (size_t i = 0; i < job->params_count; i++) {
		if (job->params[i].name.len > JOB_NAME_MAX)
			return -ENOSPC;
		enc_text(&enc, TAG_PARAM_NAME, job->params[i].name);
		enc_text(&enc, TAG_PARAM_VALUE, job->params[i].value);
	}
	return enc_end(&enc);
}

static int decode_text(struct text *text, const struct member *member,
		       struct text body)
{
	if (member->kind == KIND_NAME && body.len > member->max)
		return -EBADMSG;
	*text = text_cut(body, member->max);
	return 0;
}

static int decode_member(struct job *job, const struct member *member,
			 const struct field *field)
{
	void *at = (char *)job + member->offset;
	int64_t i64;

	switch ((enum kind)member->kind) {
	case KIND_NAME:
	case KIND_WORDS:
		return decode_text(at, member, field->body);
	case KIND_U32:
		if (field_u64(field) > UINT32_MAX)
			return -EBADMSG;
		*(uint32_t *)at = (uint32_t)field_u64(field);
		break;
	case KIND_U64:
		*(uint64_t *)at = field_u64(field);
		break;
	case KIND_TIME:
		*(int64_t *)at = field_i64(field);
		break;
	case KIND_I32:
		i64 = field_i64(field);
		if (i64 < INT32_MIN || i64 > INT32_MAX)
			return -EBADMSG;
		*(int32_t *)at = (int32_t)i64;
		break;
	case KIND_FLAG:
		*(bool *)at = field_u64(field) != 0;
		break;
	}
	return 0;
}

static int decode_param(struct job *job, const struct field *field)
{
	if (field->tag == TAG_PARAM_VALUE) {
		if (job->params_count == 0)
			return -EBADMSG;
		job->params[job->params_count - 1].value = field->body;
		return 0;
	}
	if (job->params_count == JOB_PARAMS_MAX ||
	    field->body.len > JOB_NAME_MAX)
		return -EBADMSG;
	job->params[job->params_count++] =
		(struct job_param){ .name = field->body };
	return 0;
}

static int decode_field(struct job *job, const struct field *field)
{
	if (field->tag == TAG_PARAM_NAME || field->tag == TAG_PARAM_VALUE)
		return decode_param(job, field);
	if (field->tag == TAG_STATE) {
		if (field_u64(field) >= STATES)
			return -EBADMSG;
		job->state = (enum job_state)field_u64(field);
		return 0;
	}
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].tag == field->tag)
			return decode_member(job, &members[i], field);
	return 0; /* written by a later version */
}

static bool decode_id(struct job *job, struct text key)
{
	struct text id;

	if (key.len != KEY_PREFIX_LEN + JOB_ID_LEN ||
	    memcmp(key.at, key_prefix, KEY_PREFIX_LEN) != 0)
		return false;
	id = (struct text){ key.at + KEY_PREFIX_LEN, JOB_ID_LEN };
	text_copy(id, job->id, sizeof(job->id));
	return job_id_is_valid(id);
}

int job_decode(struct job *job, const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;

	memset(job, 0, sizeof(*job));
	job->version = record->version;
	job->percent = JOB_PERCENT_NONE;
	job->exit = -1;
	if (!decode_id(job, record->key))
		return -EBADMSG;
	while (dec_next(&dec, &field))
		if (decode_field(job, &field) != 0)
			return -EBADMSG;
	if (job->state == 0)
		return -EBADMSG;
	return dec_end(&dec);
}
