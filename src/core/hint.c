#include "core/hint.h"

#include <errno.h>

#define PERCENT_MAX 10000 /* hundredths */

/* A percentage travels one higher. */
enum {
	TAG_TOKEN = 1,
	TAG_STEP = 2,
	TAG_PERCENT = 3,
	TAG_TEXT = 4,
	TAG_ID = 5,
	TAG_UPDATED = 6,
	TAG_RESUMED = 7,
};

bool hint_put(struct enc *enc, const struct hint *hint)
{
	uint8_t bytes[HINT_BYTES_MAX];
	struct enc part = enc_init(bytes, sizeof(bytes));
	size_t before = enc->len;

	if (enc->full || hint->text.len > JOB_MESSAGE_MAX ||
	    hint->id.len > JOB_ID_LEN)
		return false;
	enc_some_u64(&part, TAG_TOKEN, hint->token);
	enc_some_u64(&part, TAG_STEP, hint->step);
	enc_some_u64(&part, TAG_PERCENT,
		     (uint64_t)((int64_t)hint->percent + 1));
	enc_some_text(&part, TAG_TEXT, hint->text);
	enc_some_text(&part, TAG_ID, hint->id);
	enc_some_u64(&part, TAG_RESUMED, hint->resumed);
	if (hint->updated_ms != 0)
		enc_i64(&part, TAG_UPDATED, hint->updated_ms);
	enc_text(enc, HINT_TAG, (struct text){ (const char *)bytes, part.len });
	if (!enc->full)
		return true;
	enc->len = before;
	enc->full = false;
	return false;
}

static bool is_sound(const struct hint *hint)
{
	return hint->token != 0 && hint->text.len <= JOB_MESSAGE_MAX &&
	       text_is_utf8(hint->text) &&
	       (hint->id.len == 0 || job_id_is_valid(hint->id));
}

int hint_take(struct hint *hint, const struct field *field)
{
	struct dec dec = dec_init(field->body.at, field->body.len);
	struct field part;

	*hint = (struct hint){ .percent = JOB_PERCENT_NONE };
	while (dec_next(&dec, &part)) {
		if (part.tag == TAG_TOKEN)
			hint->token = field_u64(&part);
		else if (part.tag == TAG_STEP && field_u64(&part) <= UINT32_MAX)
			hint->step = (uint32_t)field_u64(&part);
		else if (part.tag == TAG_PERCENT &&
			 field_u64(&part) <= PERCENT_MAX + 1)
			hint->percent = (int32_t)field_u64(&part) - 1;
		else if (part.tag == TAG_TEXT)
			hint->text = part.body;
		else if (part.tag == TAG_ID)
			hint->id = part.body;
		else if (part.tag == TAG_RESUMED &&
			 field_u64(&part) <= PERCENT_MAX)
			hint->resumed = (uint32_t)field_u64(&part);
		else if (part.tag == TAG_UPDATED)
			hint->updated_ms = field_i64(&part);
	}
	return dec_end(&dec) == 0 && is_sound(hint) ? 0 : -EBADMSG;
}
