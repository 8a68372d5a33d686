/* view_layout - how the files of the view share the LMDB environment.
 *
 *	job	id -> struct view_value, then user, type, JSON, record
 *	order	created (big endian), id		for operators' lists
 *	user	hash of the user, created, id		for a user's list
 *	due	due_ms (big endian), id			what journal looks at
 *	reg	key -> struct view_register_value, then served, record
 *
 * Never leaves the machine and is rebuilt at every start of the node: the
 * layout may change at will.
 */
#ifndef HOLDFAST_IO_VIEW_LAYOUT_H
#define HOLDFAST_IO_VIEW_LAYOUT_H

#include <lmdb.h>

#include "io/view.h"

#define VIEW_DIR     "view"
#define VIEW_READERS 64
/* Address space, not memory: the file grows as it is used. */
#define VIEW_MAP_BYTES                                   \
	(sizeof(void *) > 4 ? (size_t)4096 * 1024 * 1024 \
			    : (size_t)512 * 1024 * 1024)

#define VIEW_ORDER_KEY (8 + JOB_ID_LEN)
#define VIEW_USER_KEY  (VIEW_USERS_KEY + VIEW_ORDER_KEY)

struct view_value {
	struct version version;
	int64_t created_ms;
	int64_t due_ms;
	uint32_t user_len;
	uint32_t type_len;
	uint32_t json_len;
	uint32_t record_len;
	uint8_t state;
	uint8_t forgotten;
};

/* Before what is served and the record. */
struct view_register_value {
	struct version version;
	uint32_t served_len;
	uint32_t record_len;
};

struct lmdb_view {
	struct view view;
	MDB_env *env;
	MDB_dbi job;
	MDB_dbi order;
	MDB_dbi user;
	MDB_dbi due;
	MDB_dbi reg;
	MDB_txn *txn; /* writer's: open between begin and commit; reader's:
			 reset between reads */
	int rc;	      /* first error of the write transaction */
};

/* 0, or a negative errno for what LMDB said. */
int view_errno(int rc);
/* Opens environment and databases. 0 or a negative errno, said in the log. */
int view_open_env(struct lmdb_view *view, const char *state, bool writer);

/* For the operations of the writer (struct view_ops): */
static inline struct lmdb_view *view_lmdb(struct view *view)
{
	return (struct lmdb_view *)view;
}

/* Keeps the first error, so that commit can tell; a negative errno for it. */
static inline int view_keep(struct lmdb_view *view, int rc)
{
	if (rc != 0 && rc != MDB_NOTFOUND && view->rc == 0)
		view->rc = view_errno(rc);
	return view_errno(rc);
}

int view_get_register(struct view *base, struct text name,
		      struct view_register *kept);
int view_put_register(struct view *base, struct text name,
		      const struct view_register *kept);
int view_remove_register(struct view *base, struct text name);
int view_next_register(struct view *base, char *name,
		       struct view_register *kept);

MDB_val view_bytes(const void *at, size_t len);

void view_order_key(uint8_t key[VIEW_ORDER_KEY], int64_t ms, const char *id);
void view_user_key(uint8_t key[VIEW_USER_KEY], struct text user, int64_t ms,
		   const char *id);
/* Reads the value DATA; false when it is damaged.  Texts point into it. */
bool view_value_decode(const MDB_val *data, struct view_value *value,
		       struct view_job *job);
bool view_register_decode(const MDB_val *data, struct view_register *kept);

#endif
