/* job - one job: what was asked, how far it is, how it ended.
 *
 * Pure.  A job is a register, key "job/ID".  job_encode/job_decode are its
 * value in the journal; job_json is the form in which it is served.
 */
#ifndef HOLDFAST_CORE_JOB_H
#define HOLDFAST_CORE_JOB_H

#include "core/record.h"

#define JOB_ID_LEN	    26	  /* 128 bits in base 32, see job_id_format */
#define JOB_PARAMS_MAX	    32	  /* parameters of one job */
#define JOB_NAME_MAX	    64	  /* bytes: type, parameter name, node */
#define JOB_USER_MAX	    128	  /* bytes */
#define JOB_KEY_MAX	    128	  /* bytes: idempotency key */
#define JOB_UNIQUE_MAX	    320	  /* bytes: what `unique` came to */
#define JOB_MESSAGE_MAX	    256	  /* bytes: the line beside the bar */
#define JOB_DETAIL_MAX	    1024  /* bytes: the last words of a failed job */
#define JOB_OUTPUT_NAME_MAX 255	  /* bytes: the file name users see */
#define JOB_JSON_MAX	    16384 /* bytes: the longest served form */
#define JOB_PERCENT_NONE    (-1)

/* Stored and sent: never renumber. */
enum job_state {
	JOB_PENDING = 1,
	JOB_PROCESSING = 2,
	JOB_READY = 3,
	JOB_ERROR = 4,
	JOB_CANCELLED = 5,
};

struct job_param {
	struct text name;
	struct text value;
};

/* All texts are borrowed from what the job was decoded from or built with. */
struct job {
	char id[JOB_ID_LEN + 1];
	struct version version;
	/* the request */
	struct text type;
	struct text user;
	struct text key;    /* idempotency key, empty if none */
	struct text unique; /* the value `unique` came to, empty if none */
	struct job_param params[JOB_PARAMS_MAX];
	size_t params_count;
	int64_t created_ms; /* since 1970, as all times here */
	uint32_t round;	    /* so many had this id before, as is known */
	/* the present */
	enum job_state state;
	bool cancelling; /* someone asked; it has not stopped yet */
	bool forgotten;	 /* deleted by its user; served no more */
	bool asked; /* by a node that does not lead; the leader has not taken it
		       yet */
	bool assigned;	     /* to a node that has not accepted it yet */
	uint32_t attempt;    /* 1 for the first; 0 before it */
	uint32_t failures;   /* attempts that ended by their own fault */
	uint32_t losses;     /* attempts that died with their node or role */
	uint64_t held;	     /* token of the latest attempt, 0 before it:
				the directory of its output */
	struct text node;    /* of the latest attempt */
	struct text origin;  /* the node it was asked of, in a cluster */
	uint32_t busy;	     /* enum job_when_busy, of one that is asked for */
	uint64_t generation; /* of that node's lease, 0 without a cluster */
	int32_t percent;     /* hundredths, or JOB_PERCENT_NONE */
	uint32_t resumed;    /* those an attempt after the first began with */
	struct text message;
	int64_t updated_ms;
	int64_t started_ms;    /* of the latest attempt, 0 before it */
	int64_t not_before_ms; /* a retry waits until then */
	int64_t expected_ms;   /* what such jobs took lately, 0 = unknown */
	/* the end */
	int64_t expires_ms;	 /* when the output goes, 0 while it runs */
	struct text output_name; /* empty: the job has no file */
	struct text output_type;
	uint64_t output_size; /* bytes */
	struct text error_title;
	struct text error_detail;
	struct text joined; /* it was not taken: this job has its place */
	int32_t exit;	    /* exit code, or 128 + signal; -1 when none */
};

static inline bool job_has_ended(const struct job *job)
{
	return job->state >= JOB_READY;
}

/* The attempt is at PERCENT, hundredths, unless it said more before. */
void job_advance(struct job *job, int32_t percent);

/* "pending", "processing", "ready", "error", "cancelled"; "" if none. */
const char *job_state_name(enum job_state state);
/* The state of that name, 0 if none. */
enum job_state job_state_of(struct text name);

/* 128 bits as 26 letters and digits of Crockford's base 32, lower case. */
void job_id_format(const uint8_t bits[16], char id[JOB_ID_LEN + 1]);
bool job_id_is_valid(struct text id);

/* Writes the value of the register (not key and version).  Bytes written or
 * -ENOSPC.
 */
int job_encode(const struct job *job, void *buf, size_t cap);

/* Reads a whole record of a job, key and version included.  0 or -EBADMSG. */
int job_decode(struct job *job, const struct record *record);

/* The register of the job: key "job/ID", into KEY of RECORD_KEY_MAX bytes. */
struct text job_key(const char *id, char *key);

/* Writes the served form as in INTERFACE section 4; bytes or -ENOSPC. */
int job_json(const struct job *job, char *buf, size_t cap);

#endif
