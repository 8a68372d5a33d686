/* datagram - what a node tells the others about itself by UDP.
 *
 * Pure.  Fields of core/codec.h, sealed by io/seal.h before they are sent.
 * Nothing in a datagram decides who may run what, and none ever has to
 * arrive: it says where to look, and what is nice to know (LEASE U1, U3).
 *
 * One datagram fits the smallest packet of IPv6, so none is ever cut into
 * fragments.  What a node is and its looks always fit; of whom it hears and
 * of progress as much as there is room for, the caller sends the rest with the
 * next one.  To change the layout: see core/codec.h.  Nested in fields are
 * load, place, looks and progress (core/hint.h), fields again; hears is an
 * array of ten bytes each: incarnation, then age in units of 10 ms.
 */
#ifndef HOLDFAST_CORE_DATAGRAM_H
#define HOLDFAST_CORE_DATAGRAM_H

#include "core/hint.h"

#define DATAGRAM_MAX	      1180 /* bytes: 1232 less what sealing takes */
#define DATAGRAM_NODE_MAX     64   /* bytes of a text, as these: */
#define DATAGRAM_ADDRESS_MAX  63
#define DATAGRAM_VERSION_MAX  31
#define DATAGRAM_TAGS_MAX     192 /* all of them, each with a terminator */
#define DATAGRAM_HEARS_MAX    64
#define DATAGRAM_LOOKS_MAX    8
#define DATAGRAM_PROGRESS_MAX 24
#define DATAGRAM_AGE_MAX_MS   655350 /* an older age reads as this one */

enum datagram_flag {
	DATAGRAM_DRAINING = 1, /* takes nothing new */
	DATAGRAM_LEAVING = 2,  /* the last one before an orderly stop */
	DATAGRAM_LEADING = 4,
	DATAGRAM_HOLDS = 8, /* its lease is good, by its own clock */
};

/* What the sender's slot in the lease file shows, or is about to. */
struct datagram_place {
	bool present; /* it has a slot */
	uint32_t slot;
	uint64_t generation;
	uint32_t epoch;
	uint64_t segment; /* end of its journal */
	uint64_t offset;
};

struct datagram_load {
	uint32_t busy; /* load average, hundredths */
	uint32_t cores;
	uint32_t places; /* jobs it runs at most */
	uint32_t running;
	uint32_t pending;
	uint32_t singletons; /* it holds */
};

/* One that the sender hears. */
struct datagram_hears {
	uint64_t incarnation;
	int64_t age_ms; /* of the latest datagram it got */
};

/* What the receiver should look at now instead of at its next tick. */
enum datagram_look_kind {
	LOOK_SLOT = 1,	   /* the slot SLOT has changed */
	LOOK_RELEASED = 2, /* SLOT gave up what NUMBER (a token) names */
	LOOK_EPOCH = 3,	   /* SLOT shows the epoch NUMBER */
	LOOK_JOURNAL = 4,  /* the journal of SLOT has grown */
	LOOK_SILENT = 5,   /* SLOT seems to renew no more: poll faster */
};

struct datagram_look {
	uint32_t kind; /* enum datagram_look_kind, or one unknown here */
	uint32_t slot;
	uint64_t number;
};

struct datagram {
	struct text node;
	uint64_t incarnation; /* of the sender, never 0 */
	uint64_t sequence;    /* never 0 */
	int64_t sent_ms;      /* by a clock of the sender nobody slews */
	uint32_t interval_ms; /* until its next one, at most */
	uint32_t flags;	      /* enum datagram_flag */
	struct text address;  /* of its API, empty if none */
	struct text version;  /* of its program */
	struct text tags;     /* each terminated by a NUL */
	struct datagram_place place;
	struct datagram_load load;
	struct datagram_hears hears[DATAGRAM_HEARS_MAX];
	size_t hears_count;
	struct datagram_look looks[DATAGRAM_LOOKS_MAX];
	size_t looks_count;
	struct hint progress[DATAGRAM_PROGRESS_MAX];
	size_t progress_count;
};

/* Writes DATAGRAM into BUF of CAP bytes and lowers hears_count and
 * progress_count to what found room.  Bytes written, or -ENOSPC when not even
 * the rest fits, which never happens with DATAGRAM_MAX and texts within their
 * bounds; a text beyond its bound is -EINVAL.
 */
int datagram_encode(struct datagram *datagram, void *buf, size_t cap);

/* Reads the LEN bytes at BUF, which the texts borrow.  0, or -EBADMSG when a
 * field is damaged or beyond its bound, or it does not say who sent it.  Of
 * lists longer than ours the rest is left out.
 */
int datagram_decode(struct datagram *datagram, const void *buf, size_t len);

#endif
