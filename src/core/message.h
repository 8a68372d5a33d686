/* message - what processes of one node say to the journal role, and back.
 *
 * Pure.  One message is one packet of a SOCK_SEQPACKET pair (io/channel.h).
 * Both ends are the same program, but a role may outlive a reload, so unknown
 * tags are skipped as everywhere.
 */
#ifndef HOLDFAST_CORE_MESSAGE_H
#define HOLDFAST_CORE_MESSAGE_H

#include "core/job.h"

#define MESSAGE_MAX (128u * 1024) /* bytes of one packet */

enum message_kind {
	/* http, control -> journal; answered by MESSAGE_REPLY */
	MESSAGE_SUBMIT = 1, /* type user key unique params id busy */
	MESSAGE_CANCEL = 2, /* id which */
	MESSAGE_FORGET = 3, /* id which: an ended job is to be forgotten */
	/* http -> control (no reply), http, control -> journal: type (the
	 * unit's name) unit_kind action text (of a HANDOVER: the node it is to
	 * go to, empty for any other) */
	MESSAGE_UNIT = 8,
	/* journal -> http, control */
	MESSAGE_REPLY = 4, /* request status id joined */
	/* worker -> journal; an outcome is repeated until the board shows
	 * that it is kept (io/board.h, holding.settled) */
	MESSAGE_STARTED = 5,  /* token slot */
	MESSAGE_PROGRESS = 6, /* token slot percent text */
	MESSAGE_OUTCOME = 7,  /* token slot how exit text output_size */
};

/* What an operator wants of a unit. */
enum message_action {
	ACTION_START = 1,
	ACTION_STOP = 2, /* until told to start */
	ACTION_RESTART = 3,
	ACTION_ENABLE = 4, /* kept over restarts of the node, as is: */
	ACTION_DISABLE = 5,
	ACTION_HANDOVER = 6, /* of a singleton, to another node */
};

/* How an attempt ended. */
enum message_how {
	HOW_DONE = 1,	 /* exit 0 (or ok-exit), output in place and synced */
	HOW_FAILED = 2,	 /* any other end by its own doing */
	HOW_LATER = 3,	 /* exit 75: try again later */
	HOW_STOPPED = 4, /* we told it to stop: cancel, drain, shutdown */
	HOW_TIMEOUT = 5, /* ran longer than `timeout` */
	HOW_LOST = 6,	 /* its worker died; the supervisor proved it dead */
};

struct message {
	enum message_kind kind;
	uint64_t request; /* chosen by the asker, returned in the reply */
	char id[JOB_ID_LEN + 1];
	struct text type;
	struct text user;
	struct text key;
	struct text unique;
	struct job_param params[JOB_PARAMS_MAX];
	size_t params_count;
	uint32_t busy;	    /* enum job_when_busy */
	uint32_t which;	    /* 1 + round of the job that is meant: it may come
			       to be read when another has the id; 0 = any */
	uint32_t unit_kind; /* enum unit_kind */
	enum message_action action;
	/* reply: 0, or an errno: EEXIST busy, ENOENT no such job or type,
	 * EAGAIN too many pending, ENOSPC storage full, EIO storage failed,
	 * EINVAL state forbids it, EHOSTUNREACH nobody ever led, EINPROGRESS
	 * it is kept and will be done.  Of a HANDOVER: ENOENT no such
	 * singleton, or no such node, EINVAL there is no node it could go to,
	 * or not that one, EBUSY it runs nowhere or is being handed over
	 * already */
	int32_t status;
	bool joined; /* the id is an earlier job with the same key */
	/* worker */
	uint64_t token;
	uint32_t slot;	  /* index of the holding on the board */
	int32_t percent;  /* hundredths, or JOB_PERCENT_NONE */
	struct text text; /* progress message, last words, or a node */
	enum message_how how;
	int32_t exit;
	bool has_output;
	uint64_t output_size;
};

/* Bytes written or -ENOSPC. */
int message_encode(const struct message *message, void *buf, size_t cap);
/* 0 or -EBADMSG; texts are borrowed from BUF. */
int message_decode(struct message *message, const void *buf, size_t len);

#endif
