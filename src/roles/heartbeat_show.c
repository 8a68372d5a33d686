/* What is heard of the nodes, on the board for all to see. */
#define _GNU_SOURCE
#include <string.h>

#include "io/clock.h"
#include "roles/heartbeat.h"

/* Of the addresses 0.0.0.0 and ::. */
static bool is_any(const struct endpoint *endpoint)
{
	static const uint8_t zeros[16];

	return memcmp(endpoint->ip, zeros, sizeof(zeros)) == 0 ||
	       (endpoint_is_ip4(endpoint) &&
		memcmp(endpoint->ip + 12, zeros, 4) == 0);
}

/* A node that listens everywhere does so where its datagrams come from. */
static void fill_address(struct cluster_heard *heard, const char *address,
			 const struct endpoint *from)
{
	struct endpoint listens;
	char name[UDP_NAME_MAX];

	text_copy(text_of(address), heard->address, sizeof(heard->address));
	if (udp_endpoint(text_of(address), 0, &listens) != 0 ||
	    !is_any(&listens) || is_any(from))
		return;
	listens = (struct endpoint){ .port = listens.port };
	memcpy(listens.ip, from->ip, sizeof(listens.ip));
	udp_name(&listens, name);
	text_copy(text_of(name), heard->address, sizeof(heard->address));
}

static void fill_hears(const struct peers *peers, size_t index, int64_t now_ms,
		       struct cluster_heard *heard)
{
	for (size_t i = 0; i < peers->count; i++) {
		enum peers_hears hears = peers_hears(peers, index, i, now_ms);
		uint8_t bit = (uint8_t)(1u << i % 8);

		if (hears == PEERS_HEARS_YES)
			heard->hears[i / 8] |= bit;
		else if (hears == PEERS_HEARS_UNKNOWN)
			heard->unknown[i / 8] |= bit;
	}
}

/* Another one may have the slot by now, or this one lies. */
static bool is_its_place(const struct heartbeat *heartbeat,
			 const struct peer *peer)
{
	struct cluster_peer known;

	return !cluster_peer(heartbeat->cluster, peer->place.slot, &known) ||
	       known.name[0] == '\0' || strcmp(known.name, peer->node) == 0;
}

static void fill_peer(const struct heartbeat *heartbeat, size_t index,
		      int64_t now_ms, struct cluster_heard *heard)
{
	const struct beat *beat = &heartbeat->beat;
	const struct peer *peer = &beat->peers.at[index];

	heard->heard = peers_is_heard(&beat->peers, index, now_ms);
	heard->proven = peer->proven;
	heard->elsewhere = heard->heard && heartbeat->elsewhere[index].told;
	heard->draining = (peer->flags & DATAGRAM_DRAINING) != 0;
	heard->leaving = (peer->flags & DATAGRAM_LEAVING) != 0;
	heard->since_ms = peer->since_ms;
	heard->heard_ms = peer->heard_ms;
	heard->missed = peer->missed;
	heard->skew_ppm = skew_ppm(&beat->skews[index]);
	fill_address(heard, peer->address, &peer->from);
	udp_name(&peer->from, heard->from);
	memcpy(heard->version, peer->version, sizeof(heard->version));
	memcpy(heard->tags, peer->tags, peer->tags_len);
	heard->tags_len = (uint32_t)peer->tags_len;
	heard->load = peer->load;
	/* What may be a recording says nothing of a journal's end. */
	if (peer->proven && is_its_place(heartbeat, peer))
		heard->place = peer->place;
}

static void fill_self(const struct heartbeat *heartbeat, int64_t now_ms,
		      struct cluster_heard *heard)
{
	const struct datagram *self = &heartbeat->beat.self;
	struct endpoint none = { 0 };

	heard->heard = heard->proven = true;
	heard->draining = (self->flags & DATAGRAM_DRAINING) != 0;
	heard->heard_ms = now_ms;
	fill_address(heard, heartbeat->address,
		     heartbeat->is_open ? &heartbeat->beat.udp.bound : &none);
	if (heartbeat->is_open)
		udp_name(&heartbeat->beat.udp.bound, heard->from);
	text_copy(self->version, heard->version, sizeof(heard->version));
	if (self->tags.len > 0)
		memcpy(heard->tags, self->tags.at, self->tags.len);
	heard->tags_len = (uint32_t)self->tags.len;
	heard->load = self->load;
	heard->place = self->place;
}

void heartbeat_show(struct heartbeat *heartbeat, size_t index, int64_t now_ms)
{
	const struct peers *peers = &heartbeat->beat.peers;
	struct cluster_heard heard = { 0 };

	if (index == PEERS_SELF) {
		text_copy(text_of(heartbeat->heritage->config->node),
			  heard.name, sizeof(heard.name));
		fill_self(heartbeat, now_ms, &heard);
	} else {
		memcpy(heard.name, peers->at[index].node, sizeof(heard.name));
		fill_peer(heartbeat, index, now_ms, &heard);
	}
	if (heartbeat->is_open) {
		heard.incarnation = peers->at[index].replay.incarnation;
		fill_hears(peers, index, now_ms, &heard);
	}
	cluster_set_heard(heartbeat->cluster, (uint32_t)index, &heard);
	if (atomic_load(&heartbeat->cluster->nodes) == index)
		atomic_store(&heartbeat->cluster->nodes, (uint32_t)index + 1);
}

static void show_counts(const struct heartbeat *heartbeat)
{
	struct board_cluster *cluster = heartbeat->cluster;
	const struct beat *beat = &heartbeat->beat;
	const struct peers *peers = &beat->peers;
	uint64_t refused = heartbeat->refused + peers->replayed +
			   peers->unproven + peers->twins + peers->refused;

	/* The last are the twins, counted already. */
	for (size_t i = 0; i + 1 < BEAT_REASONS; i++)
		refused += beat->refused[i];
	atomic_store(&cluster->sent, heartbeat->sent + beat->udp.sent);
	atomic_store(&cluster->received,
		     heartbeat->received + beat->udp.received);
	atomic_store(&cluster->refused, refused);
}

void heartbeat_show_all(struct heartbeat *heartbeat, int64_t now_ms)
{
	size_t count = heartbeat->is_open ? heartbeat->beat.peers.count : 1;

	for (size_t i = 0; i < count; i++)
		heartbeat_show(heartbeat, i, now_ms);
	atomic_store(&heartbeat->cluster->nodes, (uint32_t)count);
	if (heartbeat->is_open)
		show_counts(heartbeat);
}
