/* ledger_registers - registers that are no jobs, in journal and view.
 *
 *	enabled/NODE/NAME  an operator enabled (1) or disabled (0) a service
 *	enabled/NAME	   likewise a singleton
 *	stopped/NAME	   an operator stopped a singleton (1), or started it
 *	asked/NAME	   an operator wants a run of it that has not begun
 *	single/NAME	   core/single.h
 *	move/NAME	   an operator wants it elsewhere (token, then node)
 *	offer/NODE	   core/offer.h
 *	cancel/ID/ROUND	   somebody wants that job to be cancelled
 *	forget/ID/ROUND	   likewise forgotten (ledger_cancel.c)
 *	ended/NODE	   up to this generation its journal was read to the
 *			   end by a leader, and what had to be kept is
 *
 * In a cluster anybody may write a wish.  Its versions are a logical clock of
 * its own, in which the slot tells two apart that write at once; the highest
 * wins everywhere (Lamport, Time, Clocks and the Ordering of Events, 1978). The
 * segment tells it from what a role of this node wrote that died before it was
 * synced: nobody knows that, and yet it may be found some day.
 */
#include <errno.h>

#include "roles/ledger_parts.h"

#define TAG_FLAG      RECORD_VALUE_TAG
#define WISH_SEGMENTS 16 /* in a row that are told apart */
#define WISH_STEPS    (WISH_SEGMENTS * LEASE_SLOTS_MAX)

static const char *const prefixes[] = {
	[LEDGER_ENABLED] = "enabled/", [LEDGER_STOPPED] = "stopped/",
	[LEDGER_ASKED] = "asked/",     [LEDGER_SINGLE] = "single/",
	[LEDGER_MOVE] = "move/",       [LEDGER_OFFER] = "offer/",
	[LEDGER_ENDED] = "ended/",     [LEDGER_CANCEL] = "cancel/",
	[LEDGER_FORGET] = "forget/",
};

int ledger_register_kind(struct text key)
{
	for (int i = 0; i < (int)(sizeof(prefixes) / sizeof(prefixes[0]));
	     i++) {
		size_t len = strlen(prefixes[i]);

		if (key.len > len && memcmp(key.at, prefixes[i], len) == 0)
			return i;
	}
	return -1;
}

static bool flag_of(const struct record *record)
{
	struct dec dec = dec_init(record->value.at, record->value.len);
	struct field field;
	bool flag = false;

	while (dec_next(&dec, &field))
		if (field.tag == TAG_FLAG)
			flag = field_u64(&field) != 0;
	return flag;
}

int ledger_show_register(struct ledger *ledger, const struct record *record)
{
	struct view *view = ledger->world.view;
	struct view_register known;
	struct view_register now = { .version = record->version };
	int len = record_encode(record, ledger->record, sizeof(ledger->record));
	int rc;

	if (len < 0)
		return len;
	now.record = (struct text){ (const char *)ledger->record, (size_t)len };
	if (ledger_register_kind(record->key) < LEDGER_SINGLE)
		now.served = text_of(flag_of(record) ? "1" : "0");
	rc = view->ops->get_register(view, record->key, &known);
	if (rc == 0 && version_compare(known.version, record->version) >= 0)
		return -EALREADY;
	if (rc != 0 && rc != -ENOENT)
		return rc;
	/* Before that the start counts them all. */
	if (ledger->open)
		ledger->live_bytes +=
			now.record.len - (rc == 0 ? known.record.len : 0);
	return view->ops->put_register(view, record->key, &now);
}

int ledger_replay_register(struct ledger *ledger, const struct record *record)
{
	int rc = ledger_register_kind(record->key) >= 0
			 ? ledger_show_register(ledger, record)
			 : 0;

	return rc == -EALREADY ? 0 : rc;
}

int ledger_put_register(struct ledger *ledger, const struct record *record)
{
	int rc = 0;

	if (record->key.len == 0 || record->key.len > RECORD_KEY_MAX)
		return -EINVAL;
	rc = ledger_begin(ledger);
	if (rc != 0)
		return rc;
	/* Without a current segment the coming snapshot takes it along. */
	if (ledger->fresh) {
		rc = journal_append(ledger->world.journal, record);
		ledger->dirty = true;
		if (rc != 0 && rc != -ENOSPC)
			ledger->fresh = false;
	}
	if (rc == 0)
		rc = ledger_show_register(ledger, record);
	return rc == -EALREADY ? 0 : rc;
}

int ledger_drop_register(struct ledger *ledger, struct text key)
{
	struct view *view = ledger->world.view;
	struct view_register known;
	int rc = view->ops->get_register(view, key, &known);

	if (rc != 0)
		return rc;
	ledger->live_bytes -= known.record.len;
	return view->ops->remove_register(view, key);
}

int ledger_get_register(struct ledger *ledger, struct text key,
			struct record *record)
{
	struct view *view = ledger->world.view;
	struct view_register kept;
	int rc = ledger_begin(ledger);

	if (rc == 0)
		rc = view->ops->get_register(view, key, &kept);
	return rc != 0 ? rc
		       : record_decode(record, kept.record.at, kept.record.len);
}

struct version ledger_wish_version(struct ledger *ledger, struct text key)
{
	struct version version = { token_make(ledger->epoch, 1), 0 };
	uint32_t number = ledger->world.journal->number;
	struct view *view = ledger->world.view;
	struct view_register known;

	if (!ledger->in_cluster)
		return (struct version){ .token = ledger_token(ledger) };
	if (ledger_begin(ledger) == 0 &&
	    view->ops->get_register(view, key, &known) == 0 &&
	    known.version.token >= version.token)
		version = known.version;
	version.step = (version.step / WISH_STEPS + 1) * WISH_STEPS +
		       number % WISH_SEGMENTS * LEASE_SLOTS_MAX + ledger->own;
	return version;
}

int ledger_put_flag(struct ledger *ledger, struct text key, bool flag)
{
	uint8_t value[16];
	struct enc enc = enc_init(value, sizeof(value));
	struct record record = {
		.key = key,
		.version = ledger_wish_version(ledger, key),
	};

	enc_u64(&enc, TAG_FLAG, flag);
	if (enc_end(&enc) < 0)
		return -ENOSPC;
	record.value = (struct text){ (const char *)value, enc.len };
	return ledger_put_register(ledger, &record);
}

int ledger_get_flag(struct ledger *ledger, struct text key, bool *flag)
{
	struct record record;
	int rc = ledger_get_register(ledger, key, &record);

	if (rc == 0)
		*flag = flag_of(&record);
	return rc;
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
