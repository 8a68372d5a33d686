/* What roles/beat.h hears, and what it says of that in the log. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/beat_parts.h"

#define SEALED_MAX   (DATAGRAM_MAX + SEAL_OVERHEAD)
#define AT_ONCE_MAX  512 /* datagrams in a turn of each socket */
#define REASON_TWIN  (BEAT_REASONS - 1)
#define REASON_OTHER 0

/* The place of the reason RC in the counts. */
static size_t reason_of(int rc)
{
	static const int reasons[] = { -EBADMSG, -EPROTONOSUPPORT, -EXDEV,
				       -ENOKEY, -EKEYREJECTED };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i] == rc)
			return i;
	return REASON_OTHER;
}

/* May it be said again?  Strangers could fill the log otherwise. */
static bool may_complain(struct beat *beat, size_t reason, int64_t now_ms)
{
	beat->refused[reason]++;
	if (now_ms - beat->complained_ms[reason] < BEAT_COMPLAIN_MS)
		return false;
	beat->complained_ms[reason] = now_ms;
	return true;
}

static void tell(const struct beat *beat, enum beat_news news,
		 const char *about, const char *words)
{
	if (beat->setup.news != NULL)
		beat->setup.news(beat->setup.arg, news, about, words);
}

static void refuse(struct beat *beat, int rc, const struct endpoint *from,
		   int64_t now_ms)
{
	char name[UDP_NAME_MAX];
	size_t reason = reason_of(rc);

	if (!may_complain(beat, reason, now_ms))
		return;
	udp_name(from, name);
	log_warn(0, "beat: ignored from=%s count=%" PRIu64 ": %s", name,
		 beat->refused[reason], seal_reason(rc));
	tell(beat, BEAT_REFUSED, name, seal_reason(rc));
}

static void tell_twin(struct beat *beat, const struct endpoint *from,
		      int64_t now_ms)
{
	char name[UDP_NAME_MAX];

	if (!may_complain(beat, REASON_TWIN, now_ms))
		return;
	udp_name(from, name);
	log_err(0,
		"beat: another node is named \"%s\", too; give each its own "
		"`node` from=%s",
		beat->setup.node, name);
	tell(beat, BEAT_TWIN, beat->setup.node, name);
}

static void tell_new(struct beat *beat, size_t index, bool restarted)
{
	const struct peer *peer = &beat->peers.at[index];
	char name[UDP_NAME_MAX];

	udp_name(&peer->from, name);
	log_info("beat: %s node=%s from=%s version=%s",
		 restarted ? "hears it restarted" : "hears", peer->node, name,
		 peer->version);
	tell(beat, BEAT_HEARS, peer->node, name);
	beat->heard[index] = true;
	beat->deaf[index] = false;
	beat->skewed[index] = false;
	beat->skews[index] = (struct skew){ 0 };
}

/* Its clock against ours.  A lease is safe up to a bound, see core/skew.h. */
static void compare_clocks(struct beat *beat, size_t index, int64_t sent_ms)
{
	struct skew *skew = &beat->skews[index];
	uint32_t bound = beat->setup.drift_ppm;
	bool skewed;

	skew_add(skew, sent_ms, clock_raw_ms());
	skewed = bound > 0 && skew_exceeds(skew, bound);
	if (skewed && !beat->skewed[index])
		log_err(0,
			"beat: the clocks run apart, or one stood still; one "
			"of the machines is not fit to hold a lease node=%s "
			"ms=%" PRId64 " of_ms=%" PRId64,
			beat->peers.at[index].node, skew->gained_ms,
			skew->span_ms);
	if (!skewed && beat->skewed[index])
		log_info("beat: the clocks run alike again node=%s",
			 beat->peers.at[index].node);
	beat->skewed[index] = skewed;
}

static void take(struct beat *beat, const struct datagram *datagram,
		 const struct endpoint *from, int64_t now_ms)
{
	size_t index = 0;
	enum peers_verdict verdict =
		peers_hear(&beat->peers, datagram, from, now_ms, &index);

	switch (verdict) {
	case PEERS_NEW:
	case PEERS_RESTARTED:
		/* Its last words come twice. */
		if ((datagram->flags & DATAGRAM_LEAVING) == 0)
			tell_new(beat, index, verdict == PEERS_RESTARTED);
		break;
	case PEERS_OWN:
		targets_own(&beat->targets, from);
		break;
	case PEERS_TWIN:
		tell_twin(beat, from, now_ms);
		break;
	default:
		break;
	}
	/* A life that is not proven yet must hear us to be. */
	if (peers_is_counted(verdict) || verdict == PEERS_UNPROVEN)
		targets_heard(&beat->targets, from, now_ms);
	if (peers_is_counted(verdict) &&
	    beat->peers.at[index].replay.top == datagram->sequence)
		compare_clocks(beat, index, datagram->sent_ms);
	if (peers_is_counted(verdict) && beat->setup.heard != NULL)
		beat->setup.heard(beat->setup.arg, datagram,
				  &beat->peers.at[index]);
}

static void hear_from(struct beat *beat, int fd, int64_t now_ms)
{
	uint8_t sealed[SEALED_MAX];
	uint8_t plain[DATAGRAM_MAX];
	struct datagram datagram;
	struct endpoint from;

	for (int i = 0; i < AT_ONCE_MAX; i++) {
		int len = udp_receive(&beat->udp, fd, sealed, sizeof(sealed),
				      &from);

		if (len == -EAGAIN)
			return;
		if (len < 0)
			continue;
		len = seal_open(&beat->seal, sealed, (size_t)len, plain,
				sizeof(plain));
		if (len >= 0 &&
		    datagram_decode(&datagram, plain, (size_t)len) == 0)
			take(beat, &datagram, &from, now_ms);
		else
			refuse(beat, len < 0 ? len : -EBADMSG, &from, now_ms);
	}
}

void beat_hear(struct beat *beat, int64_t now_ms)
{
	hear_from(beat, beat->udp.fd, now_ms);
	if (beat->udp.group_fd != -1)
		hear_from(beat, beat->udp.group_fd, now_ms);
}

/* What changed of one of them. */
static void watch(struct beat *beat, size_t index, int64_t now_ms)
{
	const struct peers *peers = &beat->peers;
	const struct peer *peer = &peers->at[index];
	bool heard = peers_is_heard(peers, index, now_ms);
	enum peers_hears hears = peers_hears(peers, index, PEERS_SELF, now_ms);

	if (beat->heard[index] && !heard) {
		bool left = (peer->flags & DATAGRAM_LEAVING) != 0;

		log_info("beat: %s node=%s", left ? "left" : "no longer hears",
			 peer->node);
		tell(beat, left ? BEAT_LEFT : BEAT_LOST, peer->node,
		     left ? "as it said" : "it is silent");
	}
	beat->heard[index] = heard;
	if (hears == PEERS_HEARS_NO && !beat->deaf[index]) {
		log_warn(0,
			 "beat: it does not hear us, though we hear it; see "
			 "firewalls and `peers` node=%s",
			 peer->node);
		tell(beat, BEAT_DEAF, peer->node,
		     "we hear it, it does not hear us");
	}
	if (hears == PEERS_HEARS_YES && beat->deaf[index])
		log_info("beat: it hears us again node=%s", peer->node);
	if (hears != PEERS_HEARS_UNKNOWN)
		beat->deaf[index] = hears == PEERS_HEARS_NO;
}

void beat_watch(struct beat *beat, int64_t now_ms)
{
	for (size_t i = 1; i < beat->peers.count; i++)
		watch(beat, i, now_ms);
}
