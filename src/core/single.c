#include "core/single.h"

#include <errno.h>

#include "core/out.h"

/* Tags of the value: never renumber, never reuse (core/codec.h). */
enum {
	TAG_HELD = RECORD_VALUE_TAG,
	TAG_DONE = 17,
	TAG_TOKEN = 18,
	TAG_NODE = 19,
	TAG_DIGEST = 20,
	TAG_SLOT = 21,
	TAG_SINCE = 22,
	TAG_BEGAN = 23,
	TAG_ENDED = 24,
	TAG_HOW = 25,
	TAG_EXIT = 26,
	TAG_TIMES = 27,
	TAG_OFFERED = 28, /* held, and not accepted yet */
	TAG_GENERATION = 29,
};

struct text single_key(struct text name, char *key)
{
	struct out out = out_init(key, RECORD_KEY_MAX + 1);

	out_string(&out, "single/");
	out_text(&out, name);
	if (out_end(&out) != 0)
		return text_of("");
	return (struct text){ key, out.len };
}

int single_encode(const struct single *single, void *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);

	enc_u64(&enc, TAG_HELD, single->held);
	enc_u64(&enc, TAG_DONE, single->done);
	enc_u64(&enc, TAG_TOKEN, single->token);
	enc_text(&enc, TAG_NODE, text_of(single->node));
	enc_u64(&enc, TAG_DIGEST, single->digest);
	enc_i64(&enc, TAG_SLOT, single->slot_ms);
	enc_i64(&enc, TAG_SINCE, single->since_ms);
	enc_i64(&enc, TAG_BEGAN, single->began_ms);
	enc_i64(&enc, TAG_ENDED, single->ended_ms);
	enc_u64(&enc, TAG_HOW, single->how);
	enc_i64(&enc, TAG_EXIT, single->exit);
	enc_u64(&enc, TAG_TIMES, single->times);
	if (single->held && !single->accepted)
		enc_u64(&enc, TAG_OFFERED, 1);
	if (single->generation != 0)
		enc_u64(&enc, TAG_GENERATION, single->generation);
	return enc_end(&enc);
}

static int take(struct single *single, const struct field *field)
{
	switch (field->tag) {
	case TAG_HELD:
		single->held = field_u64(field) != 0;
		break;
	case TAG_DONE:
		single->done = field_u64(field) != 0;
		break;
	case TAG_TOKEN:
		single->token = field_u64(field);
		break;
	case TAG_NODE:
		if (field->body.len > SCHEMA_NAME_MAX)
			return -EBADMSG;
		text_copy(field->body, single->node, sizeof(single->node));
		break;
	case TAG_DIGEST:
		single->digest = field_u64(field);
		break;
	case TAG_SLOT:
		single->slot_ms = field_i64(field);
		break;
	case TAG_SINCE:
		single->since_ms = field_i64(field);
		break;
	case TAG_BEGAN:
		single->began_ms = field_i64(field);
		break;
	case TAG_ENDED:
		single->ended_ms = field_i64(field);
		break;
	case TAG_HOW:
		single->how = (enum message_how)field_u64(field);
		break;
	case TAG_EXIT:
		single->exit = (int32_t)field_i64(field);
		break;
	case TAG_TIMES:
		single->times = field_u64(field);
		break;
	case TAG_OFFERED:
		single->accepted = field_u64(field) == 0;
		break;
	case TAG_GENERATION:
		single->generation = field_u64(field);
		break;
	default:
		break;
	}
	return 0;
}

int single_decode(struct single *single, const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;
	int rc = 0;

	*single =
		(struct single){ .version = record->version, .accepted = true };
	while (rc == 0 && dec_next(&dec, &field))
		rc = take(single, &field);
	single->accepted = single->accepted && single->held;
	return rc != 0 ? rc : dec_end(&dec);
}
