/* ledger_units - what operators want of units, kept over restarts.
 *
 * A register "enabled/NODE/NAME" for a service, which is of one node:
 * whether an operator enabled or disabled it; without one the configuration
 * says it.
 */
#include <errno.h>

#include "roles/ledger_parts.h"

#define TAG_ENABLED RECORD_VALUE_TAG

static const char enabled_prefix[] = "enabled/";

static int put_key(struct out *out, const char *node, struct text name)
{
	out_string(out, enabled_prefix);
	out_string(out, node);
	out_char(out, '/');
	out_text(out, name);
	return out_end(out);
}

static bool is_enabled_key(struct text key)
{
	const size_t len = sizeof(enabled_prefix) - 1;

	return key.len > len && memcmp(key.at, enabled_prefix, len) == 0;
}

/* Brings the view to RECORD, if it has an older one. */
static int show(struct ledger *ledger, const struct record *record)
{
	struct view *view = ledger->world.view;
	struct view_register known;
	struct view_register now = { .version = record->version };
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;
	int len = record_encode(record, ledger->record, sizeof(ledger->record));
	int rc;

	if (len < 0)
		return len;
	now.record = (struct text){ (const char *)ledger->record, (size_t)len };
	now.served = text_of("0");
	while (dec_next(&dec, &field))
		if (field.tag == TAG_ENABLED && field_u64(&field) != 0)
			now.served = text_of("1");
	rc = view->ops->get_register(view, record->key, &known);
	if (rc == 0 && version_compare(known.version, record->version) >= 0)
		return 0;
	if (rc != 0 && rc != -ENOENT)
		return rc;
	/* Before that the start counts them all. */
	if (ledger->open)
		ledger->live_bytes +=
			now.record.len - (rc == 0 ? known.record.len : 0);
	return view->ops->put_register(view, record->key, &now);
}

int ledger_replay_unit(struct ledger *ledger, const struct record *record)
{
	return is_enabled_key(record->key) ? show(ledger, record) : 0;
}

int ledger_count_registers(struct ledger *ledger)
{
	struct view *view = ledger->world.view;
	char key[RECORD_KEY_MAX + 1] = "";
	struct view_register kept;
	int rc;

	while ((rc = view->ops->next_register(view, key, &kept)) == 0)
		ledger->live_bytes += kept.record.len;
	return rc == -ENOENT ? 0 : rc;
}

int ledger_append_registers(struct ledger *ledger)
{
	struct view *view = ledger->world.view;
	char key[RECORD_KEY_MAX + 1] = "";
	struct view_register kept;
	struct record record;
	int rc = 0;

	while (rc == 0 &&
	       (rc = view->ops->next_register(view, key, &kept)) == 0) {
		rc = record_decode(&record, kept.record.at, kept.record.len);
		if (rc == 0)
			rc = journal_append(ledger->world.journal, &record);
	}
	return rc == -ENOENT ? 0 : rc;
}

static int set_enabled(struct ledger *ledger, struct text name, bool enabled)
{
	uint8_t value[16];
	char key[RECORD_KEY_MAX + 1];
	struct out out = out_init(key, sizeof(key));
	struct enc enc = enc_init(value, sizeof(value));
	struct record record = { .version = { .token = ledger_token(ledger) } };
	int rc = put_key(&out, ledger->world.place.node, name);

	if (rc != 0 || out.len > RECORD_KEY_MAX)
		return -EINVAL;
	enc_u64(&enc, TAG_ENABLED, enabled);
	record.key = (struct text){ key, out.len };
	record.value = (struct text){ (const char *)value, enc.len };
	rc = enc_end(&enc) < 0 ? -ENOSPC : 0;
	/* Without a current segment the coming snapshot takes it along. */
	if (rc == 0 && ledger->fresh) {
		rc = journal_append(ledger->world.journal, &record);
		ledger->dirty = true;
		if (rc != 0 && rc != -ENOSPC)
			ledger->fresh = false;
	}
	return rc == 0 ? show(ledger, &record) : rc;
}

void ledger_operator(struct ledger *ledger, unsigned link,
		     const struct message *message)
{
	bool enable = message->action == ACTION_ENABLE;
	int rc = -EINVAL;

	if (message->unit_kind == UNIT_SERVICE &&
	    (enable || message->action == ACTION_DISABLE))
		rc = set_enabled(ledger, message->type, enable);
	ledger_answer(ledger, link, message, "", -rc, false);
}
