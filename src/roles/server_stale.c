#include "roles/server_stale.h"

#include <string.h>

#define SPARE_MS 1000

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* How long a node may be silent. */
static int64_t patience_ms(const struct board_cluster *cluster,
			   const struct config *config)
{
	int64_t renews_ms = cluster->terms.lease_ms / 6;

	return 2 * later(renews_ms, config->cluster.heartbeat_ms) + SPARE_MS;
}

/* When a datagram of it came last, 0 = never. */
static int64_t heard_ms(const struct board_cluster *cluster, const char *name)
{
	uint32_t nodes = atomic_load(&cluster->nodes);
	struct cluster_heard heard;

	for (uint32_t i = 1; i < nodes && i < PEERS_MAX; i++)
		if (cluster_heard(cluster, i, &heard) && heard.proven &&
		    strcmp(heard.name, name) == 0)
			return heard.heard_ms;
	return 0;
}

static void look_at(struct stale *stale, const struct board_cluster *cluster,
		    const struct cluster_peer *peer, int64_t before_ms)
{
	int64_t word_ms = peer->changed_ms;
	struct stale_node *into = &stale->at[stale->count];

	if (word_ms < before_ms)
		word_ms = later(word_ms, heard_ms(cluster, peer->name));
	if (word_ms >= before_ms)
		return;
	text_copy(text_of(peer->name), into->name, sizeof(into->name));
	into->word_ms = word_ms;
	stale->count++;
}

bool stale_look(struct stale *stale, const struct board *board,
		const struct config *config, int64_t now_ms)
{
	const struct board_cluster *cluster = &board->cluster;
	int64_t before_ms = now_ms - patience_ms(cluster, config);
	uint32_t in_use = atomic_load(&cluster->in_use);
	unsigned count = stale->count;
	uint64_t hash = 0;
	uint64_t was = 0;
	struct cluster_peer peer;

	if (!cluster->present || now_ms - stale->looked_ms < STALE_LOOK_MS)
		return false;
	stale->looked_ms = now_ms;
	for (unsigned i = 0; i < count; i++)
		was += board_hash(stale->at[i].name, strlen(stale->at[i].name));
	stale->count = 0;
	for (uint32_t i = 0; i < in_use && i < LEASE_SLOTS_MAX; i++)
		if (cluster_peer(cluster, i, &peer) && peer.name[0] != '\0' &&
		    strcmp(peer.name, config->node) != 0)
			look_at(stale, cluster, &peer, before_ms);
	for (unsigned i = 0; i < stale->count; i++)
		hash += board_hash(stale->at[i].name,
				   strlen(stale->at[i].name));
	return hash != was;
}

int64_t stale_s(const struct stale *stale, struct text node, int64_t now_ms)
{
	for (unsigned i = 0; i < stale->count; i++)
		if (text_is(node, stale->at[i].name))
			return (now_ms - stale->at[i].word_ms) / 1000;
	return 0;
}
