#define _GNU_SOURCE
#include "roles/beat.h"

#include <errno.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/beat_parts.h"

#define SEALED_MAX   (DATAGRAM_MAX + SEAL_OVERHEAD)
#define HEARS_BESIDE 16 /* hints; the rest of whom we hear comes next */
#define AT_ONCE_MAX  32 /* datagrams in a round: a socket holds as many */

/* Addresses stand for themselves, names are looked up later. */
static void add_peers(struct beat *beat)
{
	const struct strings *list = &beat->setup.cluster->peers;
	struct endpoint to;

	for (size_t i = 0; i < list->count; i++)
		if (udp_endpoint(text_of(list->at[i]),
				 beat->setup.listen.port != 0
					 ? beat->setup.listen.port
					 : beat->udp.bound.port,
				 &to) == 0)
			targets_set(&beat->targets, (uint32_t)i, &to, 1);
}

static int open_socket(struct beat *beat)
{
	const char *text = beat->setup.cluster->multicast;
	struct endpoint group;
	bool has_group = text != NULL;
	int rc;

	if (has_group &&
	    udp_endpoint(text_of(text), beat->setup.listen.port, &group) != 0) {
		log_err(0, "beat: \"%s\" is not an address", text);
		return -EINVAL;
	}
	rc = udp_open(&beat->udp, &beat->setup.listen,
		      has_group ? &group : NULL);
	if (rc == 0 && beat->udp.has_group)
		targets_add_group(&beat->targets, &group);
	return rc;
}

/* Not the tables, whose pages are touched as they fill. */
static void begin(struct beat *beat, const struct beat_setup *setup,
		  int64_t now_ms)
{
	beat->self = (struct datagram){ 0 };
	beat->setup = *setup;
	/* A heartbeat that is started again goes on above all it has sent. */
	beat->sequence = (uint64_t)now_ms * 1000;
	beat->resolve_ms = now_ms;
	beat->udp = (struct udp){ .fd = -1, .group_fd = -1 };
	beat->seal.count = 0;
	beat->looks_count = beat->hints_count = 0;
	memset(beat->heard, 0, sizeof(beat->heard));
	memset(beat->deaf, 0, sizeof(beat->deaf));
	memset(beat->lost, 0, sizeof(beat->lost));
	memset(beat->skewed, 0, sizeof(beat->skewed));
	memset(beat->refused, 0, sizeof(beat->refused));
	for (size_t i = 0; i < BEAT_REASONS; i++)
		beat->complained_ms[i] = now_ms - BEAT_COMPLAIN_MS;
}

int beat_open(struct beat *beat, const struct beat_setup *setup, int64_t now_ms)
{
	const struct config_cluster *cluster = setup->cluster;
	int rc = -EINVAL;

	begin(beat, setup, now_ms);
	peers_init(&beat->peers, setup->node, setup->incarnation,
		   cluster->heartbeat_ms);
	targets_init(&beat->targets, cluster->heartbeat_ms, setup->incarnation,
		     now_ms);
	resolve_init(&beat->resolve, &cluster->peers, setup->listen.port);
	if (cluster->key_file == NULL)
		log_err(0, "beat: without `key-file` nobody could be believed");
	else
		rc = beat_reload(beat);
	if (rc == 0)
		rc = open_socket(beat);
	if (rc != 0) {
		beat_close(beat);
		return rc;
	}
	add_peers(beat);
	return 0;
}

void beat_close(struct beat *beat)
{
	resolve_close(&beat->resolve);
	udp_close(&beat->udp);
	seal_fini(&beat->seal);
}

int beat_reload(struct beat *beat)
{
	return seal_load(&beat->seal, beat->setup.cluster->key_file,
			 beat->setup.cluster->name);
}

/* Looks are told in the first datagram of a round, hints from FIRST on. */
static void put_news(const struct beat *beat, struct datagram *datagram,
		     size_t first)
{
	size_t left = beat->hints_count - first;

	datagram->looks_count = first == 0 ? beat->looks_count : 0;
	memcpy(datagram->looks, beat->looks, sizeof(beat->looks));
	datagram->progress_count =
		left < DATAGRAM_PROGRESS_MAX ? left : DATAGRAM_PROGRESS_MAX;
	for (size_t i = 0; i < datagram->progress_count; i++)
		datagram->progress[i] = beat->hints[first + i].hint;
}

/* One datagram to all of TO: of the hints from FIRST on as many as it holds,
 * whom we hear in the first one alone.  How many hints went, or a negative
 * errno.
 */
static int speak(struct beat *beat, const struct endpoint *to, size_t count,
		 size_t first, int64_t now_ms)
{
	uint8_t plain[DATAGRAM_MAX];
	uint8_t sealed[SEALED_MAX];
	struct datagram datagram = beat->self;
	int len;

	datagram.node = text_of(beat->setup.node);
	datagram.incarnation = beat->setup.incarnation;
	datagram.sequence = ++beat->sequence;
	datagram.sent_ms = clock_raw_ms();
	datagram.interval_ms = (uint32_t)beat->targets.interval_ms;
	put_news(beat, &datagram, first);
	if (first == 0)
		peers_tell(&beat->peers, &datagram, now_ms);
	if (beat->hints_count > 0 && datagram.hears_count > HEARS_BESIDE)
		datagram.hears_count = HEARS_BESIDE;
	len = datagram_encode(&datagram, plain, sizeof(plain));
	if (len > 0)
		len = seal_close(&beat->seal, plain, (size_t)len, sealed,
				 sizeof(sealed));
	if (len < 0)
		return len;
	peers_told(&beat->peers, datagram.hears_count, now_ms);
	for (size_t i = 0; i < count; i++)
		(void)udp_send(&beat->udp, &to[i], sealed, (size_t)len);
	return (int)datagram.progress_count;
}

/* Looks that were told often enough are forgotten. */
static void count_looks(struct beat *beat, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < beat->looks_count; i++) {
		if (--beat->looks_left[i] == 0)
			continue;
		beat->looks[kept] = beat->looks[i];
		beat->looks_left[kept++] = beat->looks_left[i];
	}
	beat->looks_count = kept;
	if (kept > 0)
		targets_repeat(&beat->targets, now_ms);
}

/* Those that went are forgotten; the rest goes with the next round. */
static void count_hints(struct beat *beat, size_t told, int64_t now_ms)
{
	size_t left = beat->hints_count - told;

	for (size_t i = 0; i < left; i++) {
		struct beat_hint *into = &beat->hints[i];

		*into = beat->hints[told + i];
		into->hint.id.at = into->id;
		into->hint.text.at = into->text;
		beat->hint_tokens[i] = beat->hint_tokens[told + i];
	}
	beat->hints_count = left;
	if (left > 0)
		targets_repeat(&beat->targets, now_ms);
}

static void say(struct beat *beat, int64_t now_ms)
{
	struct endpoint to[TARGETS_MAX];
	uint64_t round = beat->targets.round;
	size_t count = targets_due(&beat->targets, now_ms, to);
	size_t told = 0;

	if (beat->targets.round == round)
		return; /* not yet */
	for (int i = 0; i < AT_ONCE_MAX && count > 0; i++) {
		int rc = speak(beat, to, count, told, now_ms);

		if (rc <= 0)
			break;
		told += (size_t)rc;
		if (told == beat->hints_count)
			break;
	}
	/* Of what nobody could be told nobody waits. */
	count_hints(beat, count > 0 && told > 0 ? told : beat->hints_count,
		    now_ms);
	count_looks(beat, now_ms);
}

static void take_name(struct beat *beat, const struct resolve_answer *answer)
{
	const char *entry = beat->setup.cluster->peers.at[answer->entry];
	bool lost = answer->error != 0 || answer->count == 0;
	bool *was_lost = &beat->lost[answer->entry % BEAT_ENTRIES_MAX];

	if (lost && !*was_lost)
		log_warn(0, "beat: cannot find entry=%s error=%s", entry,
			 gai_strerror(answer->error));
	else if (!lost && *was_lost)
		log_info("beat: found again entry=%s", entry);
	*was_lost = lost;
	if (!lost && targets_set(&beat->targets, answer->entry, answer->to,
				 answer->count) > 0)
		log_warn(0, "beat: too many addresses entry=%s", entry);
}

static void look_up(struct beat *beat, int64_t now_ms)
{
	const struct resolve_answer *answer;

	while ((answer = resolve_next(&beat->resolve)) != NULL)
		take_name(beat, answer);
	resolve_turn(&beat->resolve, now_ms);
	if (now_ms < beat->resolve_ms)
		return;
	beat->resolve_ms = now_ms + BEAT_RESOLVE_MS;
	(void)udp_join(&beat->udp);
	if (resolve_is_needed(&beat->resolve))
		(void)resolve_start(&beat->resolve, now_ms);
}

void beat_turn(struct beat *beat, int64_t now_ms)
{
	look_up(beat, now_ms);
	beat_hear(beat, now_ms);
	say(beat, now_ms);
	beat_watch(beat, now_ms);
}

int64_t beat_deadline(const struct beat *beat)
{
	return beat->targets.next_ms;
}

void beat_look(struct beat *beat, const struct datagram_look *look,
	       int64_t now_ms)
{
	size_t i;

	for (i = 0; i < beat->looks_count; i++)
		if (beat->looks[i].kind == look->kind &&
		    beat->looks[i].slot == look->slot)
			break;
	if (i == DATAGRAM_LOOKS_MAX)
		return;
	if (i == beat->looks_count)
		beat->looks_count++;
	beat->looks[i] = *look;
	beat->looks_left[i] = BEAT_LOOK_ROUNDS;
	targets_hurry(&beat->targets, now_ms);
}

void beat_hint(struct beat *beat, const struct hint *hint, int64_t now_ms)
{
	struct beat_hint *into;
	size_t i;

	for (i = 0; i < beat->hints_count; i++)
		if (beat->hint_tokens[i] == hint->token)
			break;
	if (i == BEAT_HINTS_MAX)
		return;
	if (i == beat->hints_count)
		beat->hints_count++;
	into = &beat->hints[i];
	beat->hint_tokens[i] = hint->token;
	into->hint = *hint;
	text_copy(hint->id, into->id, sizeof(into->id));
	text_copy(hint->text, into->text, sizeof(into->text));
	into->hint.id.at = into->id;
	into->hint.text.at = into->text;
	targets_hurry(&beat->targets, now_ms);
}

void beat_leave(struct beat *beat, int64_t now_ms)
{
	beat->self.flags |= DATAGRAM_LEAVING;
	beat->targets.next_ms = now_ms;
	say(beat, now_ms);
}
