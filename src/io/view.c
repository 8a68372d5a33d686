#define _GNU_SOURCE
#include "io/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>

#include "io/log.h"
#include "io/view_layout.h"

int view_errno(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return -ENOSPC;
	case MDB_READERS_FULL:
		return -EAGAIN;
	case MDB_MAP_RESIZED:
		return -ESTALE;
	default:
		return rc > 0 ? -rc : -EIO;
	}
}

MDB_val view_bytes(const void *at, size_t len)
{
	union {
		const void *in;
		void *out; /* LMDB's type, which it does not write through */
	} pointer = { .in = at };

	return (MDB_val){ .mv_size = len, .mv_data = pointer.out };
}

static void put_be64(uint8_t *at, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

void view_order_key(uint8_t key[VIEW_ORDER_KEY], int64_t ms, const char *id)
{
	put_be64(key, (uint64_t)ms);
	memcpy(key + 8, id, JOB_ID_LEN);
}

void view_user_key(uint8_t key[VIEW_USER_KEY], struct text user, int64_t ms,
		   const char *id)
{
	crypto_generichash(key, VIEW_USERS_KEY, (const uint8_t *)user.at,
			   user.len, NULL, 0);
	view_order_key(key + VIEW_USERS_KEY, ms, id);
}

bool view_value_decode(const MDB_val *data, struct view_value *value,
		       struct view_job *job)
{
	const char *at = data->mv_data;

	if (data->mv_size < sizeof(*value))
		return false;
	memcpy(value, at, sizeof(*value));
	at += sizeof(*value);
	if (data->mv_size - sizeof(*value) !=
	    (size_t)value->user_len + value->type_len + value->json_len +
		    value->record_len)
		return false;
	*job = (struct view_job){
		.version = value->version,
		.state = (enum job_state)value->state,
		.forgotten = value->forgotten != 0,
		.created_ms = value->created_ms,
		.due_ms = value->due_ms,
		.user = { at, value->user_len },
		.type = { at + value->user_len, value->type_len },
	};
	at += value->user_len + value->type_len;
	job->json = (struct text){ at, value->json_len };
	job->record = (struct text){ at + value->json_len, value->record_len };
	return true;
}

bool view_register_decode(const MDB_val *data, struct view_register *kept)
{
	const char *at = data->mv_data;
	struct view_register_value value;

	if (data->mv_size < sizeof(value))
		return false;
	memcpy(&value, at, sizeof(value));
	at += sizeof(value);
	if (data->mv_size - sizeof(value) !=
	    (size_t)value.served_len + value.record_len)
		return false;
	*kept = (struct view_register){
		.version = value.version,
		.served = { at, value.served_len },
		.record = { at + value.served_len, value.record_len },
	};
	return true;
}

static int open_databases(struct lmdb_view *view, bool writer)
{
	unsigned flags = writer ? MDB_CREATE : 0;
	MDB_txn *txn;
	int rc = mdb_txn_begin(view->env, NULL, writer ? 0 : MDB_RDONLY, &txn);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, "job", flags, &view->job);
	if (rc == 0)
		rc = mdb_dbi_open(txn, "order", flags, &view->order);
	if (rc == 0)
		rc = mdb_dbi_open(txn, "user", flags, &view->user);
	if (rc == 0)
		rc = mdb_dbi_open(txn, "due", flags, &view->due);
	if (rc == 0)
		rc = mdb_dbi_open(txn, "reg", flags, &view->reg);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

int view_open_env(struct lmdb_view *view, const char *state, bool writer)
{
	/* Rebuilt from the journal when lost: no sync at all. */
	unsigned flags = MDB_NOTLS | MDB_NOMEMINIT | MDB_NOSYNC |
			 MDB_NOMETASYNC | (writer ? 0 : MDB_RDONLY);
	char path[PATH_MAX];
	int fd;
	int rc = mdb_env_create(&view->env);

	snprintf(path, sizeof(path), "%s/" VIEW_DIR, state);
	if (rc == 0)
		rc = mdb_env_set_mapsize(view->env, VIEW_MAP_BYTES);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(view->env, VIEW_READERS);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(view->env, 5);
	if (rc == 0)
		rc = mdb_env_open(view->env, path, flags, 0600);
	if (rc == 0)
		rc = mdb_env_get_fd(view->env, &fd);
	if (rc == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		rc = errno;
	if (rc == 0)
		rc = open_databases(view, writer);
	if (rc != 0 && (writer || rc != ENOENT))
		log_err(0, "view: cannot open %s: %s", path, mdb_strerror(rc));
	if (rc != 0 && view->env != NULL)
		mdb_env_close(view->env);
	return view_errno(rc);
}

void view_clear_dead_readers(struct view *base)
{
	MDB_env *env = ((struct lmdb_view *)base)->env;
	int dead = 0;

	if (mdb_reader_check(env, &dead) == 0 && dead > 0)
		log_info("view: cleared dead readers count=%d", dead);
}

int view_size(struct view *base, uint64_t *used, uint64_t *limit)
{
	MDB_env *env = ((struct lmdb_view *)base)->env;
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_info(env, &info);

	if (rc == 0)
		rc = mdb_env_stat(env, &stat);
	if (rc != 0)
		return view_errno(rc);
	*used = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
	*limit = info.me_mapsize;
	return 0;
}
