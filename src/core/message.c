#include "core/message.h"

#include <errno.h>

#include "core/codec.h"

/* Numbers that are 0 and texts that are empty are left out; a percentage
 * travels one higher, so that none is 0.
 */
enum {
	TAG_KIND = 1,
	TAG_REQUEST = 2,
	TAG_ID = 3,
	TAG_TYPE = 4,
	TAG_USER = 5,
	TAG_KEY = 6,
	TAG_UNIQUE = 7,
	TAG_PARAM_NAME = 8, /* begins a parameter; its value follows */
	TAG_PARAM_VALUE = 9,
	TAG_BUSY = 10,
	TAG_STATUS = 11,
	TAG_JOINED = 12,
	TAG_TOKEN = 13,
	TAG_SLOT = 14,
	TAG_PERCENT = 15,
	TAG_TEXT = 16,
	TAG_HOW = 17,
	TAG_EXIT = 18,
	TAG_HAS_OUTPUT = 19,
	TAG_OUTPUT_SIZE = 20,
	TAG_UNIT_KIND = 21,
	TAG_ACTION = 22,
	TAG_WHICH = 23,
};

static void put_i64(struct enc *enc, uint8_t tag, int64_t value)
{
	if (value != 0)
		enc_i64(enc, tag, value);
}

int message_encode(const struct message *message, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	enc_u64(&enc, TAG_KIND, message->kind);
	enc_some_u64(&enc, TAG_REQUEST, message->request);
	enc_some_text(&enc, TAG_ID, text_of(message->id));
	enc_some_text(&enc, TAG_TYPE, message->type);
	enc_some_text(&enc, TAG_USER, message->user);
	enc_some_text(&enc, TAG_KEY, message->key);
	enc_some_text(&enc, TAG_UNIQUE, message->unique);
	for (size_t i = 0; i < message->params_count; i++) {
		enc_text(&enc, TAG_PARAM_NAME, message->params[i].name);
		enc_some_text(&enc, TAG_PARAM_VALUE, message->params[i].value);
	}
	enc_some_u64(&enc, TAG_BUSY, message->busy);
	put_i64(&enc, TAG_STATUS, message->status);
	enc_some_u64(&enc, TAG_JOINED, message->joined);
	enc_some_u64(&enc, TAG_TOKEN, message->token);
	enc_some_u64(&enc, TAG_SLOT, message->slot);
	put_i64(&enc, TAG_PERCENT, (int64_t)message->percent + 1);
	enc_some_text(&enc, TAG_TEXT, message->text);
	enc_some_u64(&enc, TAG_HOW, message->how);
	put_i64(&enc, TAG_EXIT, message->exit);
	enc_some_u64(&enc, TAG_HAS_OUTPUT, message->has_output);
	enc_some_u64(&enc, TAG_OUTPUT_SIZE, message->output_size);
	if (message->kind == MESSAGE_UNIT)
		enc_u64(&enc, TAG_UNIT_KIND, message->unit_kind);
	enc_some_u64(&enc, TAG_ACTION, message->action);
	enc_some_u64(&enc, TAG_WHICH, message->which);
	return enc_end(&enc);
}

static int take_request(struct message *message, const struct field *field)
{
	struct job_param *param = message->params;

	switch (field->tag) {
	case TAG_ID:
		if (field->body.len > JOB_ID_LEN)
			return -EBADMSG;
		text_copy(field->body, message->id, sizeof(message->id));
		break;
	case TAG_TYPE:
		message->type = field->body;
		break;
	case TAG_USER:
		message->user = field->body;
		break;
	case TAG_KEY:
		message->key = field->body;
		break;
	case TAG_UNIQUE:
		message->unique = field->body;
		break;
	case TAG_PARAM_NAME:
		if (message->params_count == JOB_PARAMS_MAX)
			return -EBADMSG;
		param[message->params_count++].name = field->body;
		break;
	case TAG_PARAM_VALUE:
		if (message->params_count == 0)
			return -EBADMSG;
		param[message->params_count - 1].value = field->body;
		break;
	case TAG_BUSY:
		message->busy = (uint32_t)field_u64(field);
		break;
	default:
		break;
	}
	return 0;
}

static void take_report(struct message *message, const struct field *field)
{
	switch (field->tag) {
	case TAG_TOKEN:
		message->token = field_u64(field);
		break;
	case TAG_SLOT:
		message->slot = (uint32_t)field_u64(field);
		break;
	case TAG_PERCENT:
		message->percent = (int32_t)field_i64(field) - 1;
		break;
	case TAG_TEXT:
		message->text = field->body;
		break;
	case TAG_HOW:
		message->how = (enum message_how)field_u64(field);
		break;
	case TAG_EXIT:
		message->exit = (int32_t)field_i64(field);
		break;
	case TAG_HAS_OUTPUT:
		message->has_output = field_u64(field) != 0;
		break;
	case TAG_OUTPUT_SIZE:
		message->output_size = field_u64(field);
		break;
	case TAG_UNIT_KIND:
		message->unit_kind = (uint32_t)field_u64(field);
		break;
	case TAG_ACTION:
		message->action = (enum message_action)field_u64(field);
		break;
	case TAG_WHICH:
		message->which = (uint32_t)field_u64(field);
		break;
	default:
		break;
	}
}

static int take_field(struct message *message, const struct field *field)
{
	switch (field->tag) {
	case TAG_KIND:
		message->kind = (enum message_kind)field_u64(field);
		return 0;
	case TAG_REQUEST:
		message->request = field_u64(field);
		return 0;
	case TAG_STATUS:
		message->status = (int32_t)field_i64(field);
		return 0;
	case TAG_JOINED:
		message->joined = field_u64(field) != 0;
		return 0;
	default:
		break;
	}
	if (field->tag < TAG_STATUS)
		return take_request(message, field);
	take_report(message, field);
	return 0;
}

int message_decode(struct message *message, const void *buf, size_t len)
{
	struct dec dec = dec_init(buf, len);
	struct field field;
	int rc = 0;

	*message = (struct message){ .percent = JOB_PERCENT_NONE };
	while (rc == 0 && dec_next(&dec, &field))
		rc = take_field(message, &field);
	if (rc == 0)
		rc = dec_end(&dec);
	if (rc == 0 &&
	    (message->kind < MESSAGE_SUBMIT || message->kind > MESSAGE_UNIT))
		rc = -EBADMSG;
	return rc;
}
