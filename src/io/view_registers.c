/* view_registers - the registers that journal keeps in the view, in the
 * transaction that view_write began.
 */
#include <string.h>

#include "io/view_layout.h"

int view_get_register(struct view *base, struct text name,
		      struct view_register *kept)
{
	struct lmdb_view *view = view_lmdb(base);
	MDB_val key = view_bytes(name.at, name.len);
	MDB_val data;
	int rc = mdb_get(view->txn, view->reg, &key, &data);

	if (rc == 0 && !view_register_decode(&data, kept))
		rc = MDB_CORRUPTED;
	return view_keep(view, rc);
}

/* An empty text may point nowhere. */
static char *put_text(char *at, struct text text)
{
	if (text.len > 0)
		memcpy(at, text.at, text.len);
	return at + text.len;
}

int view_put_register(struct view *base, struct text name,
		      const struct view_register *kept)
{
	struct lmdb_view *view = view_lmdb(base);
	struct view_register_value value = {
		.version = kept->version,
		.served_len = (uint32_t)kept->served.len,
		.record_len = (uint32_t)kept->record.len,
	};
	MDB_val key = view_bytes(name.at, name.len);
	MDB_val data = { sizeof(value) + kept->served.len + kept->record.len,
			 NULL };
	int rc = mdb_put(view->txn, view->reg, &key, &data, MDB_RESERVE);
	char *at = data.mv_data;

	if (rc != 0)
		return view_keep(view, rc);
	memcpy(at, &value, sizeof(value));
	at = put_text(at + sizeof(value), kept->served);
	(void)put_text(at, kept->record);
	return 0;
}

int view_remove_register(struct view *base, struct text name)
{
	struct lmdb_view *view = view_lmdb(base);
	MDB_val key = view_bytes(name.at, name.len);

	return view_keep(view, mdb_del(view->txn, view->reg, &key, NULL));
}

int view_next_register(struct view *base, char *name,
		       struct view_register *kept)
{
	struct lmdb_view *view = view_lmdb(base);
	MDB_cursor *cursor;
	size_t len = strlen(name);
	MDB_val key = view_bytes(name, len);
	MDB_val data;
	int rc = mdb_cursor_open(view->txn, view->reg, &cursor);

	if (rc != 0)
		return view_keep(view, rc);
	rc = mdb_cursor_get(cursor, &key, &data,
			    len == 0 ? MDB_FIRST : MDB_SET_RANGE);
	if (rc == 0 && len > 0 && key.mv_size == len &&
	    memcmp(key.mv_data, name, len) == 0)
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	if (rc == 0 && (key.mv_size > RECORD_KEY_MAX ||
			!view_register_decode(&data, kept)))
		rc = MDB_CORRUPTED;
	if (rc == 0) {
		memcpy(name, key.mv_data, key.mv_size);
		name[key.mv_size] = '\0';
	}
	mdb_cursor_close(cursor);
	return view_keep(view, rc);
}
