/* view_read - what http and control read: one job, or a list. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "io/view_layout.h"

struct view *view_open_reader(const char *state, int *rc)
{
	struct lmdb_view *view = calloc(1, sizeof(*view));

	*rc = view == NULL ? -ENOMEM : view_open_env(view, state, false);
	if (*rc == 0) {
		*rc = view_errno(
			mdb_txn_begin(view->env, NULL, MDB_RDONLY, &view->txn));
		if (*rc == 0)
			mdb_txn_reset(view->txn);
	}
	if (*rc != 0) {
		free(view);
		return NULL;
	}
	return &view->view;
}

void view_leave(struct view *base)
{
	struct lmdb_view *view = (struct lmdb_view *)base;

	/* Its place among the readers goes with it; the environment stays open,
	 * as it has to. */
	mdb_txn_abort(view->txn);
	view->txn = NULL;
}

static int copy_job(const MDB_val *data, struct view_head *head, char *buf,
		    size_t cap, bool with_record)
{
	struct view_value value;
	struct view_job job;

	if (!view_value_decode(data, &value, &job))
		return -EIO;
	if (cap < job.json.len + (with_record ? job.record.len : 0))
		return -ENOSPC;
	head->version = job.version;
	head->state = job.state;
	head->forgotten = job.forgotten;
	head->created_ms = job.created_ms;
	head->json_len = job.json.len;
	head->record_len = with_record ? job.record.len : 0;
	text_copy(job.user, head->user, sizeof(head->user));
	text_copy(job.type, head->type, sizeof(head->type));
	/* The record lies right behind the JSON. */
	memcpy(buf, job.json.at, head->json_len + head->record_len);
	return 0;
}

int view_read_job(struct view *base, const char *id, struct view_head *head,
		  void *buf, size_t cap, bool with_record)
{
	struct lmdb_view *view = (struct lmdb_view *)base;
	MDB_val key = view_bytes(id, JOB_ID_LEN);
	MDB_val data;
	int rc = view_errno(mdb_txn_renew(view->txn));

	if (rc != 0)
		return rc;
	rc = view_errno(mdb_get(view->txn, view->job, &key, &data));
	if (rc == 0)
		rc = copy_job(&data, head, buf, cap, with_record);
	mdb_txn_reset(view->txn);
	return rc;
}

int view_read_register(struct view *base, const char *name, char *buf,
		       size_t cap)
{
	struct lmdb_view *view = (struct lmdb_view *)base;
	MDB_val key = view_bytes(name, strlen(name));
	struct view_register kept;
	MDB_val data;
	int rc = view_errno(mdb_txn_renew(view->txn));

	if (rc != 0)
		return rc;
	rc = view_errno(mdb_get(view->txn, view->reg, &key, &data));
	if (rc == 0 && !view_register_decode(&data, &kept))
		rc = -EIO;
	if (rc == 0 && kept.served.len >= cap)
		rc = -ENOSPC;
	if (rc == 0) {
		memcpy(buf, kept.served.at, kept.served.len);
		buf[kept.served.len] = '\0';
		rc = (int)kept.served.len;
	}
	mdb_txn_reset(view->txn);
	return rc;
}

/* A walk through an index, newest first. */
struct walk {
	struct lmdb_view *view;
	MDB_cursor *cursor;
	uint8_t prefix[VIEW_USERS_KEY]; /* the user's hash */
	size_t prefix_len;		/* 0: everybody */
	MDB_val key;
};

/* To the entry before AT of LEN bytes. */
static int walk_begin(struct walk *walk, const uint8_t *at, size_t len)
{
	MDB_val data;
	int rc;

	walk->key = view_bytes(at, len);
	rc = mdb_cursor_get(walk->cursor, &walk->key, &data, MDB_SET_RANGE);
	return mdb_cursor_get(walk->cursor, &walk->key, &data,
			      rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
}

static bool walk_is_inside(const struct walk *walk)
{
	return walk->key.mv_size == walk->prefix_len + VIEW_ORDER_KEY &&
	       memcmp(walk->key.mv_data, walk->prefix, walk->prefix_len) == 0;
}

static int read_job(struct lmdb_view *view, const char *id,
		    struct view_job *job)
{
	struct view_value value;
	MDB_val key = view_bytes(id, JOB_ID_LEN);
	MDB_val data;
	int rc = mdb_get(view->txn, view->job, &key, &data);

	if (rc == 0 && !view_value_decode(&data, &value, job))
		rc = MDB_CORRUPTED;
	return rc;
}

static bool matches(const struct view_query *query, const struct view_job *job)
{
	return !job->forgotten &&
	       (query->type.len == 0 || text_equal(query->type, job->type)) &&
	       (query->state == 0 || query->state == job->state) &&
	       (query->user.len == 0 || text_equal(query->user, job->user));
}

/* Where the list begins: behind AFTER, or above all there can be. */
static int first_key(struct walk *walk, const struct view_query *query,
		     uint8_t key[VIEW_USER_KEY])
{
	char id[JOB_ID_LEN + 1];
	struct view_job job;
	int rc;

	memcpy(key, walk->prefix, walk->prefix_len);
	if (query->after.len == 0) {
		memset(key + walk->prefix_len, 0xff, VIEW_ORDER_KEY);
		return 0;
	}
	if (query->after.len != JOB_ID_LEN)
		return MDB_NOTFOUND;
	text_copy(query->after, id, sizeof(id));
	rc = read_job(walk->view, id, &job);
	if (rc == 0)
		view_order_key(key + walk->prefix_len, job.created_ms, id);
	return rc;
}

static int list(struct walk *walk, const struct view_query *query,
		view_list_fn *fn, void *arg, bool *more)
{
	uint8_t key[VIEW_USER_KEY];
	char id[JOB_ID_LEN + 1];
	struct view_job job;
	unsigned count = 0;
	MDB_val data;
	int rc = first_key(walk, query, key);

	if (rc != 0)
		return rc;
	rc = walk_begin(walk, key, walk->prefix_len + VIEW_ORDER_KEY);
	for (; rc == 0 && walk_is_inside(walk);
	     rc = mdb_cursor_get(walk->cursor, &walk->key, &data, MDB_PREV)) {
		const char *at = walk->key.mv_data;

		memcpy(id, at + walk->prefix_len + 8, JOB_ID_LEN);
		id[JOB_ID_LEN] = '\0';
		rc = read_job(walk->view, id, &job);
		if (rc != 0)
			return rc;
		if (!matches(query, &job))
			continue;
		*more = count++ == query->limit;
		if (*more || !fn(arg, id, job.json))
			return 0;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int view_read_list(struct view *base, const struct view_query *query,
		   view_list_fn *fn, void *arg, bool *more)
{
	struct lmdb_view *view = (struct lmdb_view *)base;
	struct walk walk = { .view = view };
	uint8_t key[VIEW_USER_KEY];
	int rc = mdb_txn_renew(view->txn);

	*more = false;
	if (rc != 0)
		return view_errno(rc);
	if (query->user.len > 0) {
		view_user_key(key, query->user, 0,
			      "00000000000000000000000000");
		memcpy(walk.prefix, key, VIEW_USERS_KEY);
		walk.prefix_len = VIEW_USERS_KEY;
	}
	rc = mdb_cursor_open(view->txn,
			     query->user.len > 0 ? view->user : view->order,
			     &walk.cursor);
	if (rc == 0) {
		rc = list(&walk, query, fn, arg, more);
		mdb_cursor_close(walk.cursor);
	}
	mdb_txn_reset(view->txn);
	return view_errno(rc);
}
