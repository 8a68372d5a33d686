/* heartbeat - the role around roles/beat.h: what the board says goes out as
 * datagrams, what comes in goes to the board.
 *
 * It decides nothing, and all goes on without it, only slower (LEASE U1).  It
 * is rung when something was shown that others wait for, and tells them in the
 * same turn:
 *
 *	journal, here    heartbeat, here          heartbeat there    journal
 *	sync, promise -> bell -> compare -> ~~~~> heard, bell ----> reads on
 *
 * Only hints of proven senders count (core/peers.h); what a datagram says of
 * a journal's end is shown in HEARD before the journal role is rung.
 */
#ifndef HOLDFAST_ROLES_HEARTBEAT_H
#define HOLDFAST_ROLES_HEARTBEAT_H

#include "core/rate.h"
#include "io/loop.h"
#include "roles/beat.h"
#include "roles/heritage.h"

#define HEARTBEAT_LOOKS (LOOK_SILENT + 1) /* kinds, and none */

/* What the others were told of this node last. */
struct heartbeat_told {
	uint64_t number;
	uint64_t generation;
	uint64_t epoch;
	uint32_t flags;
	struct lease_end end;
};

/* The latest look of a kind that one told, which comes several times. */
struct heartbeat_look {
	uint64_t incarnation;
	uint64_t number;
	uint32_t slot;
};

/* One whose lease we do not see. */
struct heartbeat_elsewhere {
	int64_t since_ms; /* 0 = we do */
	bool told;
};

struct heartbeat {
	struct heritage *heritage;
	struct board_cluster *cluster; /* of the board */
	struct loop loop;
	struct beat beat;
	bool is_open;
	bool is_idle;	    /* no keys, so nobody to speak to */
	bool has_news;	    /* for those who wait for news */
	int64_t retry_ms;   /* when to open again what could not be */
	int64_t pause_ms;   /* before the one after that */
	int64_t refresh_ms; /* when all that is heard is shown again */
	uint32_t config_generation;
	struct rate events;
	struct heartbeat_told told;
	bool silent[LEASE_SLOTS_MAX]; /* told of it */
	/* hints of others, on their way to the journal role */
	struct enc hints;
	uint8_t hints_buf[HINTS_PACKET_MAX];
	int64_t hints_ms; /* when they went last */
	bool has_words;	  /* hints of ours came */
	struct heartbeat_look looks[PEERS_MAX][HEARTBEAT_LOOKS];
	struct heartbeat_elsewhere elsewhere[PEERS_MAX];
	/* what self borrows */
	char address[DATAGRAM_ADDRESS_MAX + 1];
	char tags[DATAGRAM_TAGS_MAX];
	/* datagrams of earlier starts of the role */
	uint64_t sent;
	uint64_t received;
	uint64_t refused;
};

/* heartbeat_tell.c: what does not change of this node. */
void heartbeat_introduce(struct heartbeat *heartbeat);
/* Compares the board with what was told; what is new goes out with the next
 * turn of the beat, at once.
 */
void heartbeat_tell(struct heartbeat *heartbeat, int64_t now_ms);
/* Tells of slots that turned silent. */
void heartbeat_tell_silent(struct heartbeat *heartbeat, int64_t now_ms);

/* heartbeat_hear.c: a datagram that counts; ARG is the heartbeat. */
void heartbeat_heard(void *arg, const struct datagram *datagram,
		     const struct peer *peer);
/* Something of the others is to be known; ARG likewise. */
void heartbeat_news(void *arg, enum beat_news news, const char *about,
		    const char *words);

/* heartbeat_hints.c: hints of ours are for the others, theirs are for the
 * journal role.
 */
int heartbeat_open_hints(struct heartbeat *heartbeat);
void heartbeat_take_hints(struct heartbeat *heartbeat, int64_t now_ms);
void heartbeat_keep_hints(struct heartbeat *heartbeat,
			  const struct datagram *datagram);
/* Passes on what was kept, if it is time; and when it will be. */
void heartbeat_pass_hints(struct heartbeat *heartbeat, int64_t now_ms);
int64_t heartbeat_hints_deadline(const struct heartbeat *heartbeat);

/* heartbeat_elsewhere.c: what the peer at INDEX says of its lease against what
 * our own looks tell.  Nothing follows from it but a word to people.
 */
void heartbeat_compare(struct heartbeat *heartbeat, size_t index,
		       int64_t now_ms);

/* heartbeat_show.c: shows the peer at INDEX on the board, or all. */
void heartbeat_show(struct heartbeat *heartbeat, size_t index, int64_t now_ms);
void heartbeat_show_all(struct heartbeat *heartbeat, int64_t now_ms);

#endif
