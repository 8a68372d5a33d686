/* view - the local, rebuildable picture of all jobs, ready to be served.
 *
 * One LMDB environment in the state directory.  The journal role writes it
 * through struct view_ops (the simulator has a version in memory); http and
 * control read it without locks through view_read_*.  Losing it loses
 * nothing: it is rebuilt from the journal.
 *
 * Rules that were measured to bite: never on a network file system; opened
 * after the fork, once per process; never by guardian, supervisor or worker;
 * MDB_NOTLS; close-on-exec on the data descriptor; processes leave by _exit
 * and never close it; read transactions last microseconds; readers that died
 * are cleared; map size and readers are set on purpose.
 */
#ifndef HOLDFAST_IO_VIEW_H
#define HOLDFAST_IO_VIEW_H

#include "core/job.h"

struct view;

/* A job as the view keeps it.  Texts from get and next are borrowed until the
 * next put, remove, commit or abort.
 */
struct view_job {
	struct version version;
	enum job_state state;
	bool forgotten;	    /* kept for its version, served no more */
	int64_t created_ms; /* since 1970 */
	int64_t due_ms;	    /* when journal must look at it again (expiry,
			       removal); 0 = never */
	struct text user;
	struct text type;
	struct text json;   /* what GET answers */
	struct text record; /* the whole record as the journal keeps it */
};

/* A register that is no job, as the view keeps it; borrowed likewise. */
struct view_register {
	struct version version;
	struct text served; /* what those who read it need */
	struct text record;
};

struct view_ops {
	/* One write transaction at a time. */
	int (*begin)(struct view *view);
	/* 0 or -ENOENT */
	int (*get)(struct view *view, const char *id, struct view_job *job);
	/* Replaces what was there, its index entries included. */
	int (*put)(struct view *view, const char *id,
		   const struct view_job *job);
	int (*remove)(struct view *view, const char *id);
	/* The first job whose id is above ID ("" to begin); copies its id
	 * there.  0 or -ENOENT at the end. */
	int (*next)(struct view *view, char id[JOB_ID_LEN + 1],
		    struct view_job *job);
	/* The id with the smallest due_ms from FROM_MS (> 0) up, and that
	 * time.  0 or -ENOENT. */
	int (*first_due)(struct view *view, int64_t from_ms,
			 char id[JOB_ID_LEN + 1], int64_t *due_ms);
	/* Registers that are no jobs, by their whole key (RECORD_KEY_MAX). */
	int (*get_register)(struct view *view, struct text key,
			    struct view_register *kept);
	int (*put_register)(struct view *view, struct text key,
			    const struct view_register *kept);
	/* 0 or -ENOENT */
	int (*remove_register)(struct view *view, struct text key);
	/* The first whose key is above KEY ("" to begin), RECORD_KEY_MAX + 1
	 * bytes; copies its key there.  0 or -ENOENT at the end. */
	int (*next_register)(struct view *view, char *key,
			     struct view_register *kept);
	/* How many jobs it holds. */
	int (*count)(struct view *view, uint64_t *count);
	/* 0, or the first error of the transaction, which is then undone. */
	int (*commit)(struct view *view);
	void (*abort)(struct view *view);
};

struct view {
	const struct view_ops *ops;
};

/* ---- the LMDB view ---- */

#define VIEW_USERS_KEY 16 /* bytes of a user's hash in the index */

/* Makes the environment in directory STATE for writing (the journal role), or
 * for reading.  FRESH removes leftovers first: only while nobody else can be
 * in, at the start of the node.  Refuses network file systems (-EREMOTEIO),
 * said in the log.  NULL with a negative errno in *RC.
 */
struct view *view_open_writer(const char *state, bool fresh, int *rc);
struct view *view_open_reader(const char *state, int *rc);

/* A reader is about to end, and leaves nothing behind: not to be used again. */
void view_leave(struct view *view);

/* Clears what readers that died left behind: after every death of a role. */
void view_clear_dead_readers(struct view *view);

/* Bytes the environment takes on its file system, and the limit of the map. */
int view_size(struct view *view, uint64_t *used, uint64_t *limit);

/* What a read takes beside the JSON. */
struct view_head {
	struct version version;
	enum job_state state;
	bool forgotten;
	int64_t created_ms;
	size_t json_len;   /* bytes of JSON copied to BUF, at its front */
	size_t record_len; /* bytes of the record, behind the JSON, when asked
			    */
	char user[JOB_USER_MAX + 1];
	char type[JOB_NAME_MAX + 1];
};

/* Copies job ID out: one look-up, one copy.  BUF of CAP bytes gets the JSON
 * and, WITH_RECORD, the record behind it.  0, -ENOENT, -ENOSPC (CAP too
 * small), or what LMDB said.
 */
int view_read_job(struct view *view, const char *id, struct view_head *head,
		  void *buf, size_t cap, bool with_record);

/* Copies what the register KEY serves to BUF, terminated.  Its length, -ENOENT,
 * -ENOSPC, or what LMDB said.
 */
int view_read_register(struct view *view, const char *key, char *buf,
		       size_t cap);

/* Asks for a list, newest first. */
struct view_query {
	struct text user;     /* empty: of everybody */
	struct text type;     /* empty: any */
	enum job_state state; /* 0: any */
	struct text after;    /* id of the last one seen; empty: from the top */
	unsigned limit;	      /* at most that many */
};

/* Called for each job, forgotten ones left out; a text lives as long as the
 * call.  False ends the list.
 */
typedef bool view_list_fn(void *arg, const char *id, struct text json);

/* 0, or -ENOENT when AFTER is no known job.  *MORE tells whether the limit cut
 * the list.
 */
int view_read_list(struct view *view, const struct view_query *query,
		   view_list_fn *fn, void *arg, bool *more);

#endif
