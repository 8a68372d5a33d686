/* beat - the heartbeat of one node: says what is so, hears the others, and
 * hands on what makes this node look sooner.
 *
 * Decides nothing: take it away and all is as before, only slower (LEASE U1).
 * It never waits, reads no shared storage, and speaks to whom the list, the
 * group and the names say, and to whoever spoke to it.
 */
#ifndef HOLDFAST_ROLES_BEAT_H
#define HOLDFAST_ROLES_BEAT_H

#include "core/config.h"
#include "core/peers.h"
#include "core/skew.h"
#include "core/targets.h"
#include "io/resolve.h"
#include "io/seal.h"
#include "io/udp.h"

#define BEAT_HINTS_MAX	 1024 /* waiting to be told */
#define BEAT_LOOK_ROUNDS 3    /* in which a look is told, some get lost */
#define BEAT_RESOLVE_MS	 15000
#define BEAT_COMPLAIN_MS 60000 /* between two of one kind */
#define BEAT_ENTRIES_MAX 256   /* of the list */
#define BEAT_REASONS	 6     /* why a datagram is not opened */

/* A datagram of another node that counts was taken into PEER. */
typedef void beat_fn(void *arg, const struct datagram *datagram,
		     const struct peer *peer);

/* What people are told of, besides the log. */
enum beat_news {
	BEAT_HEARS,   /* a node, anew or again; words: from where */
	BEAT_LOST,    /* it is heard no more */
	BEAT_LEFT,    /* likewise, having said so */
	BEAT_DEAF,    /* it is heard, but does not hear us */
	BEAT_REFUSED, /* about an address; words: why */
	BEAT_TWIN,    /* another node has our name; words: where */
};

typedef void beat_news_fn(void *arg, enum beat_news news, const char *about,
			  const char *words);

struct beat_setup {
	const char *node;
	uint64_t incarnation; /* random, never 0 */
	struct endpoint listen;
	uint32_t
		drift_ppm; /* clocks further apart are told; 0 = any are fine */
	const struct config_cluster *cluster; /* must outlive the beat */
	beat_fn *heard;			      /* may be NULL, as this: */
	beat_news_fn *news; /* refused ones and twins not each time */
	void *arg;
};

/* A hint that waits to be told. */
struct beat_hint {
	struct hint hint; /* its texts are these: */
	char id[JOB_ID_LEN + 1];
	char text[JOB_MESSAGE_MAX + 1];
};

struct beat {
	/* for the caller to keep true: flags, address, version, tags, place
	 * and load; the rest is filled in when it is sent */
	struct datagram self;
	struct peers peers;
	struct targets targets;
	struct seal seal;
	struct udp udp;
	struct resolve resolve;
	struct beat_setup setup;
	uint64_t sequence;
	int64_t resolve_ms; /* when names are looked up next */
	struct datagram_look looks[DATAGRAM_LOOKS_MAX];
	unsigned looks_left[DATAGRAM_LOOKS_MAX]; /* rounds */
	size_t looks_count;
	uint64_t hint_tokens[BEAT_HINTS_MAX]; /* of those in HINTS */
	struct beat_hint hints[BEAT_HINTS_MAX];
	size_t hints_count;
	/* what was said in the log last */
	bool heard[PEERS_MAX];
	bool deaf[PEERS_MAX];
	bool lost[BEAT_ENTRIES_MAX];
	bool skewed[PEERS_MAX];
	struct skew skews[PEERS_MAX];	/* of those in PEERS */
	uint64_t refused[BEAT_REASONS]; /* datagrams */
	int64_t complained_ms[BEAT_REASONS];
};

/* BEAT is all zeros or was closed.  0 or a negative errno (logged). */
int beat_open(struct beat *beat, const struct beat_setup *setup,
	      int64_t now_ms);
void beat_close(struct beat *beat);

/* Reads the keys again; a bad file leaves them as they are. */
int beat_reload(struct beat *beat);

/* Hears all that has come, and speaks when it is time.  To be called when one
 * of the sockets is readable, and at beat_deadline().
 */
void beat_turn(struct beat *beat, int64_t now_ms);
int64_t beat_deadline(const struct beat *beat);

/* Tells the others to look, at once.  The latest NUMBER of a kind and slot is
 * told; when there are too many the others find out by themselves.
 */
void beat_look(struct beat *beat, const struct datagram_look *look,
	       int64_t now_ms);

/* Tells how far an attempt is, in the next round; the latest of each token.
 * When there are too many the others find out by themselves.
 */
void beat_hint(struct beat *beat, const struct hint *hint, int64_t now_ms);

/* The last words before an orderly stop. */
void beat_leave(struct beat *beat, int64_t now_ms);

#endif
