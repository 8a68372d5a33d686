/* peers - which nodes are known by UDP, and who hears whom.
 *
 * Pure; time is an argument.  All of it is for people and for haste: no
 * silence told here takes anything from anybody (LEASE U1).
 *
 * Who sends is authentic (io/seal.h), but may have been recorded earlier.
 * Within one life of a sender its sequence shows that (core/replay.h).  As for
 * lives: our own incarnation was drawn at random when we started, so whoever
 * tells that it hears us lives now, or did after that: it is *proven*.  The
 * place of a proven node goes to another life of that name only when that is
 * proven as well, or the old one has been silent; lives that lost their place
 * stay out.  One that hears us not, as where a direction is cut, is known all
 * the same, but unproven: shown, and its hints are left alone.
 *
 *   b restarts:   b1 ... b1 |           our next datagram reaches b2
 *                           b2 -> unproven; b2 "hears us" -> takes the place
 */
#ifndef HOLDFAST_CORE_PEERS_H
#define HOLDFAST_CORE_PEERS_H

#include "core/datagram.h"
#include "core/endpoint.h"
#include "core/replay.h"

#define PEERS_MAX	256 /* this node included */
#define PEERS_SELF	0
#define PEERS_NEVER	INT64_MIN
#define PEERS_FORGET_MS 600000 /* silence after which one makes room */

struct peer {
	char node[DATAGRAM_NODE_MAX + 1];
	struct replay replay; /* its incarnation, too */
	bool proven;
	struct endpoint from;
	int64_t since_ms;    /* heard without a break since */
	int64_t heard_ms;    /* latest */
	int64_t interval_ms; /* between its datagrams, as it says */
	uint64_t heard;	     /* datagrams of this life */
	uint64_t missed;     /* of this life, by their sequence */
	uint32_t flags; /* enum datagram_flag, as all below of its latest */
	char address[DATAGRAM_ADDRESS_MAX + 1];
	char version[DATAGRAM_VERSION_MAX + 1];
	char tags[DATAGRAM_TAGS_MAX]; /* each terminated */
	size_t tags_len;
	struct datagram_place place;
	struct datagram_load load;
	/* when it last heard each, by our clock, or PEERS_NEVER */
	int64_t told_ms[PEERS_MAX];
};

struct peers {
	/* the first is this node: NODE and its incarnation alone */
	struct peer at[PEERS_MAX];
	size_t count;
	int64_t interval_ms;
	size_t next; /* whom peers_tell begins with */
	/* who else has our name; told that it is heard, so that it can prove
	 * to be no recording of a former life of ours */
	uint64_t twin_life;
	int64_t twin_ms;
	struct endpoint twin_from;
	/* datagrams since the start */
	uint64_t replayed;
	uint64_t unproven;
	uint64_t twins;
	uint64_t refused; /* no room for their sender */
};

enum peers_verdict {
	PEERS_HEARD,	 /* from one we know, perhaps overtaken by others */
	PEERS_NEW,	 /* from one we did not, or that was silent */
	PEERS_RESTARTED, /* the first of another life of one we know */
	/* these changed nothing: */
	PEERS_OWN,	/* our own, come back */
	PEERS_TWIN,	/* another node has our name */
	PEERS_REPLAYED, /* heard before, or from a life that ended */
	PEERS_UNPROVEN, /* of another life than the one that has the place */
	PEERS_FULL,	/* there are too many nodes */
};

enum peers_hears { PEERS_HEARS_UNKNOWN, PEERS_HEARS_NO, PEERS_HEARS_YES };

static inline bool peers_is_counted(enum peers_verdict verdict)
{
	return verdict <= PEERS_RESTARTED;
}

/* NODE and INCARNATION are ours; INTERVAL_MS between our datagrams. */
void peers_init(struct peers *peers, const char *node, uint64_t incarnation,
		int64_t interval_ms);

/* Takes in a DATAGRAM that came FROM there; *INDEX is whose it is, when it is
 * counted.
 */
enum peers_verdict peers_hear(struct peers *peers,
			      const struct datagram *datagram,
			      const struct endpoint *from, int64_t now_ms,
			      size_t *index);

/* Fills in whom we hear, as many as there is room for, beginning after those
 * told last; after DATAGRAM was encoded, peers_told() says how many of them
 * went.
 */
void peers_tell(const struct peers *peers, struct datagram *datagram,
		int64_t now_ms);
void peers_told(struct peers *peers, size_t count, int64_t now_ms);

/* The index of NODE, or -1. */
int peers_find(const struct peers *peers, struct text node);

/* Did we hear of it lately?  Three of its intervals, at least a second. */
bool peers_is_heard(const struct peers *peers, size_t index, int64_t now_ms);

/* Does A hear B?  Unknown of one that we don't hear ourselves, or not long
 * enough to tell.
 */
enum peers_hears peers_hears(const struct peers *peers, size_t a, size_t b,
			     int64_t now_ms);

/* When the answers above may change without anyone being heard: the next
 * moment after NOW_MS at which one of us all turns silent, INT64_MAX if none.
 */
int64_t peers_deadline(const struct peers *peers, int64_t now_ms);

#endif
