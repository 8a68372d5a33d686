/* view_write - what journal keeps in the view, a transaction at a time: jobs
 * with their indexes; registers are in view_registers.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "io/log.h"
#include "io/view_layout.h"

#define FULL_BLOCKS 8 /* a write that needs more comes out short */

static int op_begin(struct view *base)
{
	struct lmdb_view *view = view_lmdb(base);

	view->rc = 0;
	return view_errno(mdb_txn_begin(view->env, NULL, 0, &view->txn));
}

static int get_value(struct lmdb_view *view, const char *id,
		     struct view_value *value, struct view_job *job)
{
	MDB_val key = view_bytes(id, JOB_ID_LEN);
	MDB_val data;
	int rc = mdb_get(view->txn, view->job, &key, &data);

	if (rc == 0 && !view_value_decode(&data, value, job))
		rc = MDB_CORRUPTED;
	return rc;
}

static int op_get(struct view *base, const char *id, struct view_job *job)
{
	struct view_value value;

	if (strlen(id) != JOB_ID_LEN)
		return -ENOENT;
	return view_keep(view_lmdb(base),
			 get_value(view_lmdb(base), id, &value, job));
}

static int put_index(struct lmdb_view *view, MDB_dbi dbi, const uint8_t *at,
		     size_t len)
{
	MDB_val key = view_bytes(at, len);
	MDB_val none = { 0, NULL };

	return mdb_put(view->txn, dbi, &key, &none, 0);
}

static int del_index(struct lmdb_view *view, MDB_dbi dbi, const uint8_t *at,
		     size_t len)
{
	MDB_val key = view_bytes(at, len);
	int rc = mdb_del(view->txn, dbi, &key, NULL);

	return rc == MDB_NOTFOUND ? 0 : rc;
}

typedef int index_fn(struct lmdb_view *view, MDB_dbi dbi, const uint8_t *at,
		     size_t len);

/* Does FN for each index entry of JOB: WHERE it is listed, WHEN it is due. */
static int each_index(struct lmdb_view *view, const char *id,
		      const struct view_job *job, bool where, bool when,
		      index_fn *fn)
{
	uint8_t key[VIEW_USER_KEY];
	int rc = 0;

	if (where) {
		view_user_key(key, job->user, job->created_ms, id);
		rc = fn(view, view->user, key, VIEW_USER_KEY);
		if (rc == 0)
			rc = fn(view, view->order, key + VIEW_USERS_KEY,
				VIEW_ORDER_KEY);
	}
	if (rc == 0 && when && job->due_ms != 0) {
		view_order_key(key, job->due_ms, id);
		rc = fn(view, view->due, key, VIEW_ORDER_KEY);
	}
	return rc;
}

/* Brings the indexes from OLD (NULL if none) to JOB; most changes of a job
 * leave them as they are.
 */
static int update_indexes(struct lmdb_view *view, const char *id,
			  const struct view_job *old,
			  const struct view_job *job)
{
	bool where = old == NULL || old->created_ms != job->created_ms ||
		     !text_equal(old->user, job->user);
	bool when = old == NULL || old->due_ms != job->due_ms;
	int rc = 0;

	if (old != NULL)
		rc = each_index(view, id, old, where, when, del_index);
	if (rc == 0)
		rc = each_index(view, id, job, where, when, put_index);
	return rc;
}

static void put_value(char *at, const struct view_job *job)
{
	struct view_value value = {
		.version = job->version,
		.created_ms = job->created_ms,
		.due_ms = job->due_ms,
		.user_len = (uint32_t)job->user.len,
		.type_len = (uint32_t)job->type.len,
		.json_len = (uint32_t)job->json.len,
		.record_len = (uint32_t)job->record.len,
		.state = (uint8_t)job->state,
		.forgotten = job->forgotten,
	};
	const struct text parts[] = { { (const char *)&value, sizeof(value) },
				      job->user,
				      job->type,
				      job->json,
				      job->record };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].len > 0)
			memcpy(at, parts[i].at, parts[i].len);
		at += parts[i].len;
	}
}

static int op_put(struct view *base, const char *id, const struct view_job *job)
{
	struct lmdb_view *view = view_lmdb(base);
	struct view_value value;
	struct view_job old;
	MDB_val key = view_bytes(id, JOB_ID_LEN);
	MDB_val data = { sizeof(value) + job->user.len + job->type.len +
				 job->json.len + job->record.len,
			 NULL };
	int rc = get_value(view, id, &value, &old);

	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = update_indexes(view, id, rc == 0 ? &old : NULL, job);
	if (rc == 0)
		rc = mdb_put(view->txn, view->job, &key, &data, MDB_RESERVE);
	if (rc == 0)
		put_value(data.mv_data, job);
	return view_keep(view, rc);
}

static int op_remove(struct view *base, const char *id)
{
	struct lmdb_view *view = view_lmdb(base);
	struct view_value value;
	struct view_job old;
	MDB_val key = view_bytes(id, JOB_ID_LEN);
	int rc = get_value(view, id, &value, &old);

	if (rc == 0)
		rc = each_index(view, id, &old, true, true, del_index);
	if (rc == 0)
		rc = mdb_del(view->txn, view->job, &key, NULL);
	return view_keep(view, rc);
}

static int op_next(struct view *base, char id[JOB_ID_LEN + 1],
		   struct view_job *job)
{
	struct lmdb_view *view = view_lmdb(base);
	struct view_value value;
	MDB_cursor *cursor;
	MDB_val key = view_bytes(id, strlen(id));
	MDB_val data;
	int rc = mdb_cursor_open(view->txn, view->job, &cursor);

	if (rc != 0)
		return view_keep(view, rc);
	rc = mdb_cursor_get(cursor, &key, &data,
			    id[0] == '\0' ? MDB_FIRST : MDB_SET_RANGE);
	if (rc == 0 && id[0] != '\0' && key.mv_size == JOB_ID_LEN &&
	    memcmp(key.mv_data, id, JOB_ID_LEN) == 0)
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	if (rc == 0 && !view_value_decode(&data, &value, job))
		rc = MDB_CORRUPTED;
	if (rc == 0) {
		memcpy(id, key.mv_data, JOB_ID_LEN);
		id[JOB_ID_LEN] = '\0';
	}
	mdb_cursor_close(cursor);
	return view_keep(view, rc);
}

static int op_first_due(struct view *base, int64_t from_ms,
			char id[JOB_ID_LEN + 1], int64_t *due_ms)
{
	struct lmdb_view *view = view_lmdb(base);
	static const char below_all[JOB_ID_LEN];
	uint8_t from[VIEW_ORDER_KEY];
	MDB_val key = { sizeof(from), from };
	MDB_cursor *cursor;
	MDB_val data;
	int rc = mdb_cursor_open(view->txn, view->due, &cursor);

	if (rc != 0)
		return view_keep(view, rc);
	view_order_key(from, from_ms, below_all);
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	if (rc == 0) {
		const uint8_t *at = key.mv_data;
		uint64_t due = 0;

		for (int i = 0; i < 8; i++)
			due = due << 8 | at[i];
		*due_ms = (int64_t)due;
		memcpy(id, at + 8, JOB_ID_LEN);
		id[JOB_ID_LEN] = '\0';
	}
	mdb_cursor_close(cursor);
	return view_keep(view, rc);
}

static int op_count(struct view *base, uint64_t *count)
{
	struct lmdb_view *view = view_lmdb(base);
	MDB_stat stat;
	int rc = mdb_stat(view->txn, view->job, &stat);

	if (rc == 0)
		*count = stat.ms_entries;
	return view_keep(view, rc);
}

static void op_abort(struct view *base)
{
	mdb_txn_abort(view_lmdb(base)->txn);
	view_lmdb(base)->txn = NULL;
}

/* LMDB says EIO when a write came out short, which a full file system is the
 * usual reason for.
 */
static bool is_full(struct lmdb_view *view)
{
	struct statvfs fs;
	int fd;

	return mdb_env_get_fd(view->env, &fd) == 0 && fstatvfs(fd, &fs) == 0 &&
	       fs.f_bavail < FULL_BLOCKS;
}

static int op_commit(struct view *base)
{
	struct lmdb_view *view = view_lmdb(base);
	int rc = view->rc;

	if (rc != 0) {
		op_abort(base);
		return rc;
	}
	rc = mdb_txn_commit(view->txn);
	view->txn = NULL;
	if (rc == EIO && is_full(view))
		rc = ENOSPC;
	return view_errno(rc);
}

static const struct view_ops ops = {
	.begin = op_begin,
	.get = op_get,
	.put = op_put,
	.remove = op_remove,
	.next = op_next,
	.first_due = op_first_due,
	.get_register = view_get_register,
	.put_register = view_put_register,
	.remove_register = view_remove_register,
	.next_register = view_next_register,
	.count = op_count,
	.commit = op_commit,
	.abort = op_abort,
};

static int make_dir(const char *state, bool fresh)
{
	char path[PATH_MAX];
	static const char *const files[] = { "data.mdb", "lock.mdb" };

	for (size_t i = 0; fresh && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/" VIEW_DIR "/%s", state,
			 files[i]);
		if (unlink(path) == -1 && errno != ENOENT)
			return -errno;
	}
	snprintf(path, sizeof(path), "%s/" VIEW_DIR, state);
	return mkdir(path, 0700) == -1 && errno != EEXIST ? -errno : 0;
}

struct view *view_open_writer(const char *state, bool fresh, int *rc)
{
	struct lmdb_view *view = calloc(1, sizeof(*view));

	*rc = view == NULL ? -ENOMEM : make_dir(state, fresh);
	if (*rc == 0)
		*rc = view_open_env(view, state, true);
	if (*rc != 0) {
		log_err(*rc, "view: cannot be written in %s", state);
		free(view);
		return NULL;
	}
	view->view.ops = &ops;
	return &view->view;
}
