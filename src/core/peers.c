#include "core/peers.h"

#define SILENT_INTERVALS 3
#define SILENT_MIN_MS	 1000
#define INTERVAL_MAX_MS	 60000
#define TOLD_AT_ONCE	 32 /* one datagram tells of at least as many */

static void name(struct peer *peer, struct text node)
{
	*peer = (struct peer){ .heard_ms = PEERS_NEVER };
	text_copy(node, peer->node, sizeof(peer->node));
	for (size_t i = 0; i < PEERS_MAX; i++)
		peer->told_ms[i] = PEERS_NEVER;
}

void peers_init(struct peers *peers, const char *node, uint64_t incarnation,
		int64_t interval_ms)
{
	struct peer *self = &peers->at[PEERS_SELF];

	name(self, text_of(node));
	self->replay.incarnation = incarnation;
	self->interval_ms = interval_ms;
	peers->count = 1;
	peers->interval_ms = interval_ms;
	peers->next = 1;
	peers->twin_life = 0;
	peers->twin_ms = PEERS_NEVER;
	peers->twin_from = (struct endpoint){ 0 };
	peers->replayed = peers->unproven = peers->twins = peers->refused = 0;
}

int peers_find(const struct peers *peers, struct text node)
{
	for (size_t i = 0; i < peers->count; i++)
		if (text_is(node, peers->at[i].node))
			return (int)i;
	return -1;
}

/* After so long without a word it is silent. */
static int64_t silence_ms(const struct peer *peer)
{
	int64_t ms = SILENT_INTERVALS * peer->interval_ms;

	return ms < SILENT_MIN_MS ? SILENT_MIN_MS : ms;
}

static bool is_heard(const struct peer *peer, int64_t now_ms)
{
	return peer->heard_ms != PEERS_NEVER &&
	       (peer->flags & DATAGRAM_LEAVING) == 0 &&
	       now_ms - peer->heard_ms <= silence_ms(peer);
}

bool peers_is_heard(const struct peers *peers, size_t index, int64_t now_ms)
{
	return index == PEERS_SELF || is_heard(&peers->at[index], now_ms);
}

/* The place of the one that was silent longest, if that was long; 0 if none
 * is to be had.
 */
static size_t make_room(struct peers *peers, int64_t now_ms)
{
	size_t oldest = PEERS_SELF;

	for (size_t i = 1; i < peers->count; i++)
		if (oldest == PEERS_SELF ||
		    peers->at[i].heard_ms < peers->at[oldest].heard_ms)
			oldest = i;
	if (oldest == PEERS_SELF ||
	    now_ms - peers->at[oldest].heard_ms < PEERS_FORGET_MS)
		return PEERS_SELF;
	for (size_t i = 0; i < peers->count; i++)
		peers->at[i].told_ms[oldest] = PEERS_NEVER;
	return oldest;
}

/* The place of NODE, a new one if need be; 0 if there is none. */
static size_t place_of(struct peers *peers, struct text node, int64_t now_ms)
{
	int found = peers_find(peers, node);
	size_t index;

	if (found > 0)
		return (size_t)found;
	index = peers->count < PEERS_MAX ? peers->count
					 : make_room(peers, now_ms);
	if (index == PEERS_SELF)
		return PEERS_SELF;
	if (index == peers->count)
		peers->count++;
	name(&peers->at[index], node);
	return index;
}

/* The one who lives this life, -1 if we know none. */
static int find_life(const struct peers *peers, uint64_t incarnation)
{
	for (size_t i = 0; i < peers->count; i++)
		if (peers->at[i].replay.incarnation == incarnation)
			return (int)i;
	return -1;
}

static bool tells_of_us(const struct peers *peers,
			const struct datagram *datagram)
{
	uint64_t us = peers->at[PEERS_SELF].replay.incarnation;

	for (size_t i = 0; i < datagram->hears_count; i++)
		if (datagram->hears[i].incarnation == us)
			return true;
	return false;
}

/* May this life take the place of the one that has it? */
static bool may_take_over(const struct peers *peers, const struct peer *peer,
			  const struct datagram *datagram,
			  enum replay_verdict verdict, int64_t now_ms)
{
	bool proven = tells_of_us(peers, datagram);

	/* It may have lost its place to a recording. */
	if (verdict == REPLAY_ENDED)
		return proven && !peer->proven;
	return proven || !peer->proven || !is_heard(peer, now_ms);
}

static void take_rows(struct peers *peers, struct peer *peer,
		      const struct datagram *datagram, int64_t now_ms)
{
	for (size_t i = 0; i < datagram->hears_count; i++) {
		const struct datagram_hears *hears = &datagram->hears[i];
		int who = find_life(peers, hears->incarnation);
		int64_t when_ms = now_ms - hears->age_ms;

		if (who >= 0 && when_ms > peer->told_ms[who])
			peer->told_ms[who] = when_ms;
	}
}

static void take_news(struct peer *peer, const struct datagram *datagram)
{
	int64_t interval_ms = datagram->interval_ms;

	if (interval_ms > INTERVAL_MAX_MS)
		interval_ms = INTERVAL_MAX_MS;
	if (interval_ms > 0)
		peer->interval_ms = interval_ms;
	peer->flags = datagram->flags;
	text_copy(datagram->address, peer->address, sizeof(peer->address));
	text_copy(datagram->version, peer->version, sizeof(peer->version));
	peer->tags_len = datagram->tags.len;
	if (peer->tags_len > 0)
		memcpy(peer->tags, datagram->tags.at, peer->tags_len);
	peer->place = datagram->place;
	peer->load = datagram->load;
}

static void begin_life(struct peers *peers, struct peer *peer)
{
	size_t index = (size_t)(peer - peers->at);

	peer->proven = false;
	peer->heard = peer->missed = 0;
	peer->interval_ms = peers->interval_ms;
	for (size_t i = 0; i < peers->count; i++) {
		peer->told_ms[i] = PEERS_NEVER;
		peers->at[i].told_ms[index] = PEERS_NEVER;
	}
}

/* One that was overtaken tells neither what is so, nor that anyone lives. */
static enum peers_verdict take_late(struct peer *peer)
{
	if (peer->missed > 0)
		peer->missed--;
	return PEERS_HEARD;
}

/* It counts: takes it in. */
static enum peers_verdict take(struct peers *peers, struct peer *peer,
			       const struct datagram *datagram,
			       const struct endpoint *from, int64_t now_ms)
{
	bool first = peer->replay.incarnation == 0;
	bool other = peer->replay.incarnation != datagram->incarnation;
	bool late = !other && datagram->sequence < peer->replay.top;
	bool back = !is_heard(peer, now_ms);

	if (other)
		begin_life(peers, peer);
	peer->missed += replay_accept(&peer->replay, datagram->incarnation,
				      datagram->sequence);
	peer->heard++;
	if (late)
		return take_late(peer);
	if (other || back)
		peer->since_ms = now_ms;
	peer->heard_ms = now_ms;
	peer->from = *from;
	take_news(peer, datagram);
	take_rows(peers, peer, datagram, now_ms);
	if (tells_of_us(peers, datagram))
		peer->proven = true;
	if (other && !first)
		return PEERS_RESTARTED;
	return back ? PEERS_NEW : PEERS_HEARD;
}

/* It is ours, or calls itself as we do. */
static enum peers_verdict hear_self(struct peers *peers,
				    const struct datagram *datagram,
				    const struct endpoint *from, int64_t now_ms)
{
	const struct peer *self = &peers->at[PEERS_SELF];

	if (datagram->incarnation == self->replay.incarnation)
		return PEERS_OWN;
	peers->twin_life = datagram->incarnation;
	peers->twin_ms = now_ms;
	peers->twin_from = *from;
	if (!tells_of_us(peers, datagram)) {
		peers->unproven++;
		return PEERS_UNPROVEN;
	}
	peers->twins++;
	return PEERS_TWIN;
}

enum peers_verdict peers_hear(struct peers *peers,
			      const struct datagram *datagram,
			      const struct endpoint *from, int64_t now_ms,
			      size_t *index)
{
	const struct peer *self = &peers->at[PEERS_SELF];
	enum replay_verdict verdict;
	struct peer *peer;

	if (datagram->incarnation == self->replay.incarnation ||
	    text_is(datagram->node, self->node))
		return hear_self(peers, datagram, from, now_ms);
	*index = place_of(peers, datagram->node, now_ms);
	if (*index == PEERS_SELF) {
		peers->refused++;
		return PEERS_FULL;
	}
	peer = &peers->at[*index];
	verdict = replay_judge(&peer->replay, datagram->incarnation,
			       datagram->sequence);
	if (verdict == REPLAY_SEEN || verdict == REPLAY_LATE) {
		peers->replayed++;
		return PEERS_REPLAYED;
	}
	if (verdict != REPLAY_FRESH &&
	    !may_take_over(peers, peer, datagram, verdict, now_ms)) {
		peers->unproven++;
		return verdict == REPLAY_ENDED ? PEERS_REPLAYED
					       : PEERS_UNPROVEN;
	}
	return take(peers, peer, datagram, from, now_ms);
}

/* The next one round the table, this node left out. */
static size_t after(const struct peers *peers, size_t index)
{
	return index + 1 < peers->count ? index + 1 : 1;
}

static bool tells_twin(const struct peers *peers, int64_t now_ms)
{
	return peers->twin_ms != PEERS_NEVER &&
	       now_ms - peers->twin_ms <= silence_ms(&peers->at[PEERS_SELF]);
}

static void tell_of(struct datagram *datagram, uint64_t incarnation,
		    int64_t age_ms)
{
	if (datagram->hears_count < DATAGRAM_HEARS_MAX)
		datagram->hears[datagram->hears_count++] =
			(struct datagram_hears){ incarnation, age_ms };
}

void peers_tell(const struct peers *peers, struct datagram *datagram,
		int64_t now_ms)
{
	size_t index = peers->next;

	datagram->hears_count = 0;
	if (tells_twin(peers, now_ms))
		tell_of(datagram, peers->twin_life, now_ms - peers->twin_ms);
	for (size_t i = 1; i < peers->count; i++) {
		const struct peer *peer = &peers->at[index];

		if (is_heard(peer, now_ms))
			tell_of(datagram, peer->replay.incarnation,
				now_ms - peer->heard_ms);
		index = after(peers, index);
	}
}

void peers_told(struct peers *peers, size_t count, int64_t now_ms)
{
	size_t heard = tells_twin(peers, now_ms) ? 1 : 0;

	for (size_t i = 1; i < peers->count && heard < count; i++) {
		if (is_heard(&peers->at[peers->next], now_ms))
			heard++;
		peers->next = after(peers, peers->next);
	}
}

enum peers_hears peers_hears(const struct peers *peers, size_t a, size_t b,
			     int64_t now_ms)
{
	const struct peer *teller = &peers->at[a];
	int64_t rounds = 2 + (int64_t)(peers->count / TOLD_AT_ONCE);
	int64_t window_ms;

	if (a == b)
		return PEERS_HEARS_YES;
	if (a == PEERS_SELF)
		return is_heard(&peers->at[b], now_ms) ? PEERS_HEARS_YES
						       : PEERS_HEARS_NO;
	if (!is_heard(teller, now_ms))
		return PEERS_HEARS_UNKNOWN;
	window_ms = silence_ms(&peers->at[b]) + rounds * teller->interval_ms;
	if (teller->told_ms[b] != PEERS_NEVER &&
	    now_ms - teller->told_ms[b] <= window_ms)
		return PEERS_HEARS_YES;
	return now_ms - teller->since_ms < window_ms ? PEERS_HEARS_UNKNOWN
						     : PEERS_HEARS_NO;
}

int64_t peers_deadline(const struct peers *peers, int64_t now_ms)
{
	int64_t first = INT64_MAX;

	for (size_t i = 1; i < peers->count; i++) {
		const struct peer *peer = &peers->at[i];
		int64_t silent_ms = peer->heard_ms + silence_ms(peer) + 1;

		if (is_heard(peer, now_ms) && silent_ms < first)
			first = silent_ms;
	}
	return first;
}
